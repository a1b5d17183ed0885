"""Threads of SQLite have one transaction at a time, and end what nobody waits for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from customer_gateway.store.engines import make_sqlite_file
from customer_gateway.store.sqlite_threads import SqliteReaders, SqliteThread

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


async def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    make_sqlite_file(file)
    thread = SqliteThread(file, (), "BEGIN IMMEDIATE")

    def fail(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (made INTEGER)"))
        raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        await thread.run(fail)
    found = await thread.run(reading("SELECT count(*) FROM sqlite_master"))
    await thread.aclose()

    assert found == 0


async def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    """It would refuse every later one, and hold the file's lock."""
    file = tmp_path / "index.db"
    make_sqlite_file(file)
    thread, other = (SqliteThread(file, (), "BEGIN IMMEDIATE") for _ in range(2))
    one, another = (
        "CREATE TABLE one (id INTEGER PRIMARY KEY)",
        "one INTEGER REFERENCES one DEFERRABLE INITIALLY DEFERRED",
    )

    def make(connection: Connection) -> None:
        connection.execute(text(one))
        connection.execute(text(f"CREATE TABLE another ({another})"))

    def refer_to_none(connection: Connection) -> None:
        connection.execute(text("INSERT INTO another VALUES (7)"))

    await thread.run(make)
    for _ in range(2):
        with pytest.raises(IntegrityError):
            await thread.run(refer_to_none)
    found = [await each.run(reading("SELECT count(*) FROM another")) for each in (thread, other)]
    await thread.aclose()
    await other.aclose()

    assert found == [0, 0]
