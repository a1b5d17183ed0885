"""The index made anew while others use it."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from catalog_index import SQLITE, FoundWorld, empty_index
from postgres_server import NEEDS_POSTGRES
from sqlalchemy import func, select, text

from customer_gateway.errors import DatabaseDamaged, DatabaseUnavailable
from customer_gateway.model.catalog import PageOfRows, Search
from customer_gateway.store import catalog_schema
from customer_gateway.store.catalog import read
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.catalog_tables import RECORDS, SYSTEMS
from customer_gateway.store.catalog_upkeep import look_over, make_anew
from customer_gateway.store.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from postgres_server import PostgresServer
    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

SYSTEM = "pland"


@asynccontextmanager
async def in_use(world: FoundWorld) -> AsyncGenerator[None]:
    """Find, store, and look how far the passes are, over and over; none of it may fail."""
    passes, numbers = CatalogPasses(world.database, world.index), iter(range(1_000_000))
    uses: list[Callable[[], Awaitable[object]]] = [
        lambda: world.index.find(Search([SYSTEM]), PageOfRows(20), count=True),
        lambda: world.put(SYSTEM, {"key": "1", "name": f"Name {next(numbers)}"}),
        passes.sync_states,
        lambda: read(world.database, look_over),
    ]
    is_over = asyncio.Event()

    async def repeat(use: Callable[[], Awaitable[object]]) -> None:
        while not is_over.is_set():
            await use()

    async with asyncio.TaskGroup() as group:
        for use in uses:
            group.create_task(repeat(use))
        yield
        is_over.set()


def rebuilt(connection: Connection) -> None:
    make_anew(connection, [SYSTEM], datetime.now(UTC))


def upgraded(connection: Connection) -> None:
    assert catalog_schema.make(connection, "") == "1"


async def test_an_index_is_made_anew_while_others_find_and_store(database_url: str) -> None:
    async with empty_index(database_url) as world, empty_index(database_url) as operator:
        await world.put(SYSTEM, *[{"key": str(number), "name": f"Name {number}"} for number in range(200)])
        async with in_use(world):
            for _ in range(8):
                await operator.database.write(rebuilt)
                await asyncio.sleep(0.1)

        await world.put(SYSTEM, {"key": "2", "name": "Berta"})
        assert (await world.index.find(Search([SYSTEM]), PageOfRows(1), count=True)).total in {1, 2}


@NEEDS_POSTGRES
@pytest.mark.parametrize("make", [rebuilt, upgraded])
async def test_the_tables_are_dropped_when_a_transaction_that_has_read_their_version_has_ended(
    make: Callable[[Connection], None], postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    async with empty_index(url) as world, empty_index(url) as operator:
        await world.put(SYSTEM, {"key": "1", "name": "Anna"})
        await operator.database.write(lambda each: each.execute(text("UPDATE catalog_version SET version = 1")))

        async with world.database.read_transaction() as connection:
            await connection.execute(text("SELECT version FROM catalog_version"))
            making = asyncio.create_task(operator.database.write(make))
            await wait_until_one_waits(world.database)
            counted = [await connection.scalar(select(func.count()).select_from(each)) for each in (SYSTEMS, RECORDS)]
        await making

        assert counted == [1, 1]
        assert (await world.index.find(Search([SYSTEM]), PageOfRows(1), count=True)).total == 0


async def wait_until_one_waits(database: Database) -> None:
    """Wait until a transaction waits for a table."""
    waiting = "SELECT count(*) FROM pg_locks WHERE relation IS NOT NULL AND NOT granted"
    while not await database.read(lambda connection: connection.scalar(text(waiting))):  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)


async def test_a_process_that_runs_goes_on_with_the_file_that_takes_the_place_of_a_damaged_one(tmp_path: Path) -> None:
    file = tmp_path / "catalog.db"
    async with empty_index(url := f"{SQLITE}{file}") as world:
        await world.put(SYSTEM, {"key": "1", "name": "Anna"})
        for each in (file, tmp_path / "catalog.db-wal"):
            each.write_bytes(b"x" * each.stat().st_size)
        async with empty_index(url) as operator:
            with pytest.raises(DatabaseDamaged):
                await operator.database.write(rebuilt)
            await operator.database.remove_file()
            await operator.database.write(rebuilt)

        await world.put(SYSTEM, {"key": "2", "name": "Berta"})
        found = await world.index.find(Search([SYSTEM]), PageOfRows(10))

    assert [row.ref.key for row in found.rows] == ["2"]


async def test_the_file_of_keys_and_journal_is_never_removed(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.write_bytes(b"x" * 4096)
    database = Database(f"{SQLITE}{file}")

    await database.remove_file()

    with pytest.raises(DatabaseDamaged, match=r"check \[database\] url"):
        await database.upgrade()
    await database.aclose()


async def test_a_process_that_runs_makes_tables_again_that_somebody_has_dropped(database_url: str) -> None:
    async with empty_index(database_url) as world, empty_index(database_url) as operator:
        await world.put(SYSTEM, {"key": "1", "name": "Anna"})
        await operator.database.write(catalog_schema.drop)

        await expect_made_again(world)


async def test_a_process_that_runs_makes_tables_again_in_a_file_that_somebody_has_emptied(tmp_path: Path) -> None:
    file = tmp_path / "catalog.db"
    async with empty_index(url := f"{SQLITE}{file}") as world:
        await world.put(SYSTEM, {"key": "1", "name": "Anna"})
    async with empty_index(url) as world:
        assert (await world.index.find(Search([SYSTEM]), PageOfRows(1), count=True)).total == 1
        for each in (tmp_path / "catalog.db-wal", file):
            os.truncate(each, 0)

        await expect_made_again(world)


async def expect_made_again(world: FoundWorld) -> None:
    """Expect that the first use fails, and that after it nothing is found until it is stored."""
    with pytest.raises(DatabaseUnavailable):
        await world.index.find(Search([SYSTEM]), PageOfRows(1))
    assert (await world.index.find(Search([SYSTEM]), PageOfRows(1), count=True)).total == 0
    await world.put(SYSTEM, {"key": "2", "name": "Berta"})
    assert (await world.index.find(Search([SYSTEM]), PageOfRows(1), count=True)).total == 1
