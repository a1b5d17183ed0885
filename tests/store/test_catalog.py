"""What is stored in the index leaves nothing behind in memory."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
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
            await index.put(
                [RecordChange(RecordRef("freed", str(key)), named, str(number)) for key in range(records)], READ_AT
            )
        for _ in range(100):
            if not _left():
                break
            await asyncio.sleep(0.01)  # a thread may have the last ones still

        assert not _left()
    finally:
        gc.enable()
