"""The index of a gateway over the stub: its configuration, its file, and when a pass has filled it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from bench.pland_rows import CUSTOMERS

if TYPE_CHECKING:
    from pathlib import Path

WITH_INDEX: Final = """[auth]
anonymous = ["customers:read", "billing:read", "schema:read"]
[database]
url = "sqlite+aiosqlite:///{directory}/gateway.db"
"""
_FILLED_SECONDS: Final = 120.0


def wait_until_filled(directory: Path) -> None:
    """Wait until the index has as many records as the stub has customers."""
    until = time.monotonic() + _FILLED_SECONDS
    while time.monotonic() < until:
        time.sleep(0.5)
        try:
            (found,) = index_rows(directory, "SELECT count(*) FROM catalog_records")
        except sqlite3.OperationalError:
            continue
        if found[0] == CUSTOMERS:
            return
    raise RuntimeError("the pass of the stub does not end")


def index_rows(directory: Path, query: str, *values: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query to the index's file."""
    with closing(sqlite3.connect(f"file:{directory / 'catalog.db'}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()
