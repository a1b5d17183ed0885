"""What is stored in the index leaves nothing behind: in memory, and in segments of its full-text indexes."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import RecordChange, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_systems import remove_some
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def index(database_url: str) -> AsyncGenerator[CatalogIndex]:
    database = Database(database_url, CATALOG)
    yield CatalogIndex(database, row_of, encode_values, decode_values)
    await database.aclose()


def _left() -> list[RecordChange]:
    return [each for each in gc.get_objects() if isinstance(each, RecordChange) and each.ref.system == "freed"]


@pytest.mark.parametrize("records", [1, 50])
async def test_records_that_were_stored_are_freed_without_the_garbage_collector(
    index: CatalogIndex, records: int
) -> None:
    """It runs seldom here (`server.collector`): what waits for it scatters the memory that requests use."""
    gc.collect()
    gc.disable()
    try:
        for number in range(3):
            named = {"name": f"Name {number}"}
            await index.put([RecordChange(RecordRef("freed", str(key)), named) for key in range(records)], READ_AT)
        for _ in range(100):
            if not _left():
                break
            await asyncio.sleep(0.01)  # a thread may have the last ones still

        assert not _left()
    finally:
        gc.enable()


_INDEXED = (
    "SELECT rowid FROM catalog_tokens WHERE catalog_tokens MATCH '\"salpha\"'",
    "SELECT rowid FROM catalog_pieces WHERE catalog_pieces MATCH '\"ann\"'",
)


async def _segments(database: Database) -> int:
    count = text("SELECT count(DISTINCT segid) FROM catalog_tokens_idx")
    return await database.read(lambda connection: int(connection.execute(count).scalar_one()))


async def test_a_record_that_is_stored_again_leaves_one_segment(database_url: str) -> None:
    """SQLite merges 16 inside the transaction that adds the next, and its writer waits for that."""
    database = Database(database_url, CATALOG)
    if not database.is_file:
        pytest.skip("PostgreSQL has no segments")
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    counted: list[int] = []
    for number in range(5):
        named = {"name": f"Name {number}", "phone": f"0221 {number:06}"}
        await index.put([RecordChange(RecordRef("alpha", "1"), named)], READ_AT + timedelta(seconds=number))
        counted.append(await _segments(database))
    await database.aclose()

    assert counted == [1, 2, 3, 4, 5]


async def test_records_that_are_stored_again_together_leave_one_segment_whatever_their_order(database_url: str) -> None:
    database = Database(database_url, CATALOG)
    if not database.is_file:
        pytest.skip("PostgreSQL has no segments")
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    for number, keys in enumerate(["abcdefgh", "hgfedcba", "dbhcgafe"]):
        changes = [RecordChange(RecordRef("alpha", key), {"name": f"Name {key}{number}"}) for key in keys]
        await index.put(changes, READ_AT + timedelta(seconds=number))
    segments = await _segments(database)
    await database.aclose()

    assert segments == 3


async def test_a_record_whose_texts_stay_leaves_the_full_text_indexes_alone(database_url: str) -> None:
    database = Database(database_url, CATALOG)
    if not database.is_file:
        pytest.skip("PostgreSQL has no segments")
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    for number in range(5):
        changed = {"name": "Anna", "updated_at": READ_AT + timedelta(days=number)}
        await index.put([RecordChange(RecordRef("alpha", "1"), changed)], READ_AT + timedelta(seconds=number))
    segments = await _segments(database)
    await database.aclose()

    assert segments == 1


async def test_records_that_are_removed_or_gone_are_in_no_full_text_index(database_url: str) -> None:
    database = Database(database_url, CATALOG)
    if not database.is_file:
        pytest.skip("PostgreSQL keeps its index by itself")
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    changes = [RecordChange(RecordRef("alpha", key), {"name": "Anna"}) for key in "abc"]
    await index.put(changes, READ_AT)
    await index.set_state("alpha", ["a"], RecordState.GONE, READ_AT)
    removed = await database.write(lambda connection: remove_some(connection, "alpha", 10))
    found = [await database.read(lambda connection, sql=sql: connection.execute(text(sql)).all()) for sql in _INDEXED]
    await database.aclose()

    assert (removed, found) == (3, [[], []])
