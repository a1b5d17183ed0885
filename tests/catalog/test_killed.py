"""A process that is killed in the middle of a pass: another one goes on, and nothing is read twice or lost."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from catalog.passing import working
from processes import python
from vendors import sandbox

from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Generator, Mapping

    from catalog.passing import Worker

    from customer_gateway.model.passes import PassRow

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next")]

TESTS = Path(__file__).parent.parent


@contextmanager
def worker_process(database: str, urls: Mapping[str, str], **facts: Any) -> Generator[subprocess.Popen[str]]:
    told = {"database": database, "urls": dict(urls), "names": ["next"], "lease": 1.0, "every": 3600.0, **facts}
    with python(str(TESTS / "catalog" / "killed.py"), json.dumps(told)) as process:
        yield process


async def until(worker: Worker, holds: Callable[[PassRow], bool], most: float = 60) -> PassRow:
    """Wait until the stored row of NEXT is such a one."""
    async with asyncio.timeout(most):
        while True:
            row = (await worker.kit.store.rows()).get("next")
            if row is not None and holds(row):
                return row
            await asyncio.sleep(0.02)


def is_at(rows: int) -> Callable[[PassRow], bool]:
    """Whether a pass has seen so many rows of the list."""
    return lambda row: row.position is not None and row.position["start"] >= rows


def is_over(row: PassRow) -> bool:
    return row.state is not SyncStateName.RUNNING


async def test_a_pass_goes_on_where_a_killed_process_left_it(database_url: str) -> None:
    box = sandbox(customers=1_200)
    async with box.serving() as urls, working(box, urls, database_url) as reader:
        box.next.faults.set("latency", latency=0.3)
        with worker_process(database_url, urls) as process:
            await until(reader, is_at(400))
            process.kill()
            process.communicate()
        row = await reader.row("next")
        left_at = (row.position or {})["start"]
        assert row.state is SyncStateName.RUNNING
        assert await reader.kit.store.count_seen("next", row.number) == left_at < 1_200
        box.next.faults.clear()
        box.next.log.clear()
        with worker_process(database_url, urls):
            row = await until(reader, is_over)

        assert row.state is SyncStateName.IDLE
        assert row.number == 1
        assert await reader.keys("next") == set(reader.keys_at("next"))
        pages = [call for call in reader.calls("next") if "size=1&" not in f"{call}&"]
        assert len(pages) == (1_200 - left_at // 100 * 100) // 100


async def test_a_process_that_is_killed_again_and_again_ends_with_every_customer(database_url: str) -> None:
    box = sandbox(customers=1_200)
    async with box.serving() as urls, working(box, urls, database_url) as reader:
        box.next.faults.set("latency", latency=0.1)
        for least in (200, 500, 800):
            with worker_process(database_url, urls) as process:
                await until(reader, is_at(least))
                process.kill()
                process.communicate()
        box.next.faults.clear()
        with worker_process(database_url, urls):
            row = await until(reader, is_over)

        assert row.state is SyncStateName.IDLE
        assert await reader.keys("next") == set(reader.keys_at("next"))
        assert await reader.values("next") == await reader.truth("next")
