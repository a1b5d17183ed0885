"""Threads of SQLite that read have one transaction at a time, and end what nobody waits for; PostgreSQL's settings."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from customer_gateway.store.engines import SqliteReaders, make_sqlite_file, postgresql_engines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n"


def reading(sql: str) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(text(sql)).scalar_one()


async def test_a_read_that_is_given_up_when_it_has_ended_disturbs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    make_sqlite_file(file)
    readers = SqliteReaders(file, (), 1)
    assert await readers.run(reading("SELECT 1")) == 1

    first = asyncio.create_task(readers.run(reading("SELECT 1")))
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - the loop is busy: the first has ended, and its thread is released next
    other = asyncio.create_task(readers.run(reading(SLOW)))
    asyncio.get_running_loop().call_soon(time.sleep, 0.05)  # the other runs when the first wakes up
    first.cancel()

    assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], asyncio.CancelledError)
    assert await other == 2_000_000
    await readers.aclose()


async def test_postgresql_compiles_no_query_which_may_take_seconds(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite compiles none")
    engines = postgresql_engines(database_url)
    found = await engines.read(reading("SHOW jit"))
    await engines.aclose()

    assert found == "off"
