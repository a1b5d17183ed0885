"""The tables of the index: made by the first that writes, made anew where they are of an older version."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.errors import DatabaseNewer
from customer_gateway.model.catalog import PageOfRows, RecordChange, RecordState, Search
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.catalog_tables import CATALOG_VERSION
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CHANGE = RecordChange(RecordRef("alpha", "1"), {"name": "Anna"})
SEARCH = Search(["alpha"])


def index_of(database: Database) -> CatalogIndex:
    return CatalogIndex(database, row_of, encode_values, decode_values)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, CATALOG)
    yield opened
    await opened.aclose()


def set_version(connection: Connection, version: int) -> None:
    connection.execute(text("UPDATE catalog_version SET version = :version"), {"version": version})


async def test_without_an_index_nothing_is_found_and_no_file_is_made(tmp_path: Path) -> None:
    file = tmp_path / "catalog.db"
    found = await index_of(Database(f"sqlite+aiosqlite:///{file}", CATALOG)).find(SEARCH, PageOfRows(10), count=True)

    assert (list(found.rows), found.total, file.exists()) == ([], 0, False)


async def test_the_file_of_an_index_is_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "catalog.db"
    database = Database(f"sqlite+aiosqlite:///{file}", CATALOG)
    await index_of(database).put([CHANGE], NOW)
    await database.aclose()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_tables_of_an_older_version_are_made_anew(database: Database, database_url: str) -> None:
    await index_of(database).put([CHANGE], NOW)
    await database.write(lambda connection: set_version(connection, 0))

    later = Database(database_url, CATALOG)
    found = await index_of(later).find(SEARCH, PageOfRows(10), count=True)
    await later.aclose()

    assert found.total == 0


async def test_tables_of_a_newer_version_are_refused_and_stay(database: Database, database_url: str) -> None:
    await index_of(database).put([CHANGE], NOW)
    await database.write(lambda connection: set_version(connection, 99))

    later = Database(database_url, CATALOG)
    with pytest.raises(DatabaseNewer, match="version 99"):
        await index_of(later).find(SEARCH, PageOfRows(10))
    await later.aclose()

    await database.write(lambda connection: set_version(connection, CATALOG_VERSION))
    assert (await index_of(database).find(SEARCH, PageOfRows(10), count=True)).total == 1


async def test_a_program_that_runs_stops_where_a_newer_one_has_made_the_tables_anew(database: Database) -> None:
    index = index_of(database)
    await index.put([CHANGE], NOW)
    await database.write(lambda connection: set_version(connection, 99))

    with pytest.raises(DatabaseNewer, match="version 99"):
        await index.put([CHANGE._replace(values={"name": "Berta"})], NOW)
    with pytest.raises(DatabaseNewer):
        await index.set_state("alpha", ["1"], RecordState.GONE, NOW)
    with pytest.raises(DatabaseNewer):
        await index.find(SEARCH, PageOfRows(10))
    with pytest.raises(DatabaseNewer):
        await CatalogPasses(database, index).request(["alpha"], NOW)

    await database.write(lambda connection: set_version(connection, CATALOG_VERSION))
    assert (await index.find(SEARCH, PageOfRows(10), count=True)).total == 1


async def test_the_index_stands_beside_the_other_tables_of_a_database(database_url: str) -> None:
    store, catalog = Database(database_url), Database(database_url, CATALOG)
    assert await store.upgrade() is None
    await index_of(catalog).put([CHANGE], NOW)

    assert await store.revision() is not None
    assert (await index_of(catalog).find(SEARCH, PageOfRows(10), count=True)).total == 1
    await store.aclose()
    await catalog.aclose()
