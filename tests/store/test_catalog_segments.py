"""Segments of SQLite's full-text indexes are merged behind the transactions that add them, a few pages at a time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from customer_gateway.catalog.questions import Question, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import PageOfRows, RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_segments import FTS_TABLES, merge_some
from customer_gateway.store.catalog_upkeep import check_index
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Opened:
    database: Database
    index: CatalogIndex

    async def store(self, number: int, keys: Sequence[str]) -> None:
        changes = [RecordChange(RecordRef("alpha", key), {"name": f"Name {key} of {number}"}, "") for key in keys]
        await self.index.put(changes, READ_AT + timedelta(seconds=number))

    async def segments(self) -> int:
        count = text("SELECT count(DISTINCT segid) FROM catalog_tokens_idx")
        return await self.database.read(lambda connection: int(connection.execute(count).scalar_one()))

    async def found(self, words: str) -> list[str]:
        page = await self.index.find(search_of(Question(search=words), ["alpha"]), PageOfRows(100))
        return [each.ref.key for each in page.rows]

    async def problems(self) -> list[str]:
        problems: list[str] = []
        for table in FTS_TABLES:
            problems += await self.database.write(lambda connection, table=table: check_index(connection, table))
        return problems


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncGenerator[Opened]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}", CATALOG)
    yield Opened(database, CatalogIndex(database, row_of, encode_values, decode_values))
    await database.aclose()


async def test_what_writes_have_added_is_merged_behind_them(opened: Opened) -> None:
    async with opened.index.segments.running():
        for number in range(40):
            await opened.store(number, [str(number % 4)])
        for _ in range(100):
            if await opened.segments() < 10:
                break
            await asyncio.sleep(0.05)

    assert await opened.segments() < 10
    assert await opened.found("name 0 of 36") == ["0"]
    assert await opened.found("name 0 of 32") == []
    assert await opened.problems() == []


async def test_a_write_merges_nothing_by_itself(opened: Opened) -> None:
    for number in range(40):
        await opened.store(number, [str(number % 4)])

    assert await opened.segments() == 40
    assert await opened.found("name 3 of 39") == ["3"]


async def test_a_pass_waits_until_what_it_has_added_is_merged(opened: Opened) -> None:
    counted: list[int] = []
    for number in range(40):
        await opened.store(number, [f"{number}-{each}" for each in range(20)])
        counted.append(await opened.segments())

    assert max(counted) < 16
    assert len(await opened.found("name 7")) == 59  # one of each pass, and all 20 of pass 7
    assert await opened.problems() == []


async def test_a_merge_of_many_pages_is_many_transactions(opened: Opened) -> None:
    """Others write in between."""
    steps: list[bool] = []

    def step(connection: Connection) -> bool:
        steps.append(merge_some(connection))
        return steps[-1]

    for part in range(7):
        changes = [
            RecordChange(RecordRef("alpha", f"{part}-{each}"), _long(part * 500 + each), "") for each in range(500)
        ]
        await opened.index.put(changes, READ_AT)
    for number in range(3):  # writes: with nothing running behind them, all is left
        await opened.store(number, [str(number)])
    before = await opened.segments()
    while await opened.database.write(step):
        pass

    assert before == 10
    assert await opened.segments() == 1
    assert len(steps) > 10
    assert await opened.problems() == []


async def test_merging_goes_on_after_it_has_failed(opened: Opened) -> None:
    async with opened.index.segments.running():
        for number in range(7):
            await opened.store(number, ["a"])
        await opened.database.write(_renaming("catalog_pieces", "hidden"))
        with capture_logs() as logs:
            opened.index.segments.merge_later()
            await asyncio.sleep(0.2)
        await opened.database.write(_renaming("hidden", "catalog_pieces"))
        for number in range(7, 20):
            await opened.store(number, ["a"])
        for _ in range(100):
            if await opened.segments() < 10:
                break
            await asyncio.sleep(0.05)

    assert [each["event"] for each in logs] == ["segments_not_merged"]
    assert await opened.segments() < 10


def _renaming(before: str, after: str) -> Callable[[Connection], object]:
    return lambda connection: connection.exec_driver_sql(f"ALTER TABLE {before} RENAME TO {after}")


def _long(number: int) -> dict[str, Any]:
    return {"name": " ".join(f"{number * 7919 + each * 104_729:x}" for each in range(20))}
