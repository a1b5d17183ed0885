from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from configured import table_at
from picked import FIRST

from customer_gateway.app import load_settings
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from pathlib import Path

    from customer_gateway.config import Settings

SQLITE = "sqlite+aiosqlite:///"
POSTGRESQL = "postgresql+asyncpg://gateway:not-to-be-shown@db.example:5432/gateway"


def loaded(folder: Path, tables: str) -> Settings:
    file = folder / "gateway.toml"
    file.write_text(f"{tables}\n{table_at('http://127.0.0.1:9301/v2', FIRST)}", encoding="utf-8")
    return load_settings(file)


@pytest.mark.parametrize(
    ("tables", "key"),
    [
        (f'[database]\nurl = "{SQLITE}catalog.db"', "[database] url"),
        (f'[database]\nurl = "{SQLITE}one.db"\n[catalog]\nurl = "{SQLITE}one.db"', "[catalog] url"),
        (f'[database]\nurl = "{SQLITE}one.db"\n[catalog]\nurl = "{SQLITE}sub/../one.db"', "[catalog] url"),
        (f'[database]\nurl = "{SQLITE}one.db"\n[catalog]\nurl = "{SQLITE}link.db"', "[catalog] url"),
        (f'[catalog]\nurl = "{SQLITE}customer-gateway/gateway.db"', "[catalog] url"),
    ],
)
def test_the_index_and_the_database_are_refused_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tables: str, key: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "link.db").symlink_to(tmp_path / "one.db")

    with pytest.raises(ConfigInvalid) as refused:
        loaded(tmp_path, tables)

    assert str(refused.value) == (
        f"{tmp_path / 'gateway.toml'}: {key}: expected two files: the index of customers may be deleted at any time, "
        "API keys and the journal of writes may not"
    )


def test_a_user_without_a_home_may_have_an_index_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "~")  # what `Path.home` cannot make a path of

    assert loaded(tmp_path, f'[catalog]\nurl = "{POSTGRESQL}"').catalog.url is not None


@pytest.mark.parametrize(
    "tables",
    [
        "",
        f'[database]\nurl = "{SQLITE}one.db"\n[catalog]\nurl = "{SQLITE}two.db"',
        f'[database]\nurl = "{SQLITE}catalog.db"\n[catalog]\nenabled = false',
        f'[database]\nurl = "{POSTGRESQL}"\n[catalog]\nurl = "{POSTGRESQL}"',
        f'[database]\nurl = "{POSTGRESQL}"\n[catalog]\nurl = "{SQLITE}one.db"',
        f'[database]\nurl = "{POSTGRESQL}"',
    ],
)
def test_two_files_or_a_postgresql_are_taken(tmp_path: Path, tables: str) -> None:
    assert loaded(tmp_path, tables).database is not None
