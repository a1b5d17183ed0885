"""API keys of a gateway that is served by several processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import pytest
from processes import command
from supervised import served

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 12
"""On connections of their own, which the kernel spreads over the workers."""


def keys(config: Path, *words: str) -> str:
    with command("keys", *words, "--config", str(config)) as process:
        out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return out.strip()


def statuses(urls: list[str], key: str) -> list[int]:
    headers = {"authorization": f"Bearer {key}", "connection": "close"}
    with httpx.Client(headers=headers, timeout=30) as client:
        asked = [client.post(url, json={"query": "{ __typename }"}) for url in urls for _ in range(REQUESTS)]
    return [answer.status_code for answer in asked]


@pytest.mark.alone
def test_a_key_is_taken_and_refused_by_all_workers_of_two_replicas(tmp_path: Path, database_url: str) -> None:
    first, second, config = tmp_path / "first", tmp_path / "second", tmp_path / "keys.toml"
    first.mkdir()
    second.mkdir()
    config.write_text(database := f'[database]\nurl = "{database_url}"\n', encoding="utf-8")
    key = keys(config, "create", "--name", "shop")
    with served(first, database) as one, served(second, database) as two:
        urls = [one.url, two.url]
        assert statuses(urls, key) == [200] * REQUESTS * 2

        new = keys(config, "rotate", "shop", "--overlap", "1h")
        time.sleep(2)
        assert statuses(urls, key) == [200] * REQUESTS * 2
        assert statuses(urls, new) == [200] * REQUESTS * 2

        keys(config, "revoke", "shop")
        time.sleep(2)
        assert statuses(urls, key) == [401] * REQUESTS * 2
        assert statuses(urls, new) == [401] * REQUESTS * 2
        said = "".join(one.lines + two.lines)

    assert '"key shop"' in said
    assert key[3:] not in said
    assert new[3:] not in said
