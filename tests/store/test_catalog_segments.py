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
from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.catalog import PageOfRows, RecordChange, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.catalog_segments import FTS_TABLES, SegmentMerging, merge_some
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
        changes = [RecordChange(RecordRef("alpha", key), {"name": f"Name {key} of {number}"}) for key in keys]
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
        changes = [RecordChange(RecordRef("alpha", f"{part}-{each}"), _long(part * 500 + each)) for each in range(500)]
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


async def test_a_pass_and_what_it_removes_leave_few_segments(opened: Opened) -> None:
    passes = CatalogPasses(opened.database, opened.index)
    until = READ_AT + timedelta(days=1)
    await passes.acquire(["alpha"], "worker", READ_AT, until)
    number = await passes.begin("alpha", "worker", {}, READ_AT)
    counted: list[int] = []
    for page in range(20):
        changes = [RecordChange(RecordRef("alpha", f"{page}-{each}"), _long(page * 9 + each)) for each in range(9)]
        await passes.advance("alpha", "worker", number, changes, {}, READ_AT)
        counted.append(await opened.segments())
    keys = [f"{page}-{each}" for page in range(20) for each in range(9)]
    for start in range(0, len(keys), 9):
        await passes.set_state("alpha", "worker", keys[start : start + 9], RecordState.GONE, until)
        counted.append(await opened.segments())

    assert max(counted) < 16
    assert await opened.problems() == []


async def test_a_pass_waits_no_longer_than_its_lease_lets_it_and_goes_on_after_its_next_rows(opened: Opened) -> None:
    for number in range(20):  # writes: with nothing running behind them, all is left
        await opened.store(number, [str(number)])
    merging = SegmentMerging(opened.database, most_seconds=0)

    for _ in range(7):
        await merging.merge()
    before = await opened.segments()
    await merging.merge()
    begun = await opened.segments()
    for _ in range(3):
        await merging.merge()

    assert (before, begun < 20, await opened.segments() < 10) == (20, True, True)


async def test_what_was_stored_stays_stored_where_merging_fails(tmp_path: Path) -> None:
    database = Refusing(f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}", CATALOG)
    opened = Opened(database, CatalogIndex(database, row_of, encode_values, decode_values))
    with capture_logs() as logs:
        for number in range(8):
            await opened.store(number, ["a", "b"])
    found = await opened.found("name b of 7")
    await database.aclose()

    assert [each["event"] for each in logs] == ["segments_not_merged"]
    assert found == ["b"]


class Refusing(Database):
    """A database that does not answer when segments are to be merged."""

    async def write(self, work: Callable[[Connection], Any], *, durable: bool = True) -> Any:
        if work is merge_some:
            raise DatabaseUnavailable("it does not answer", "it does not answer")
        return await super().write(work, durable=durable)


async def test_merging_goes_on_after_it_has_failed(opened: Opened) -> None:
    async with opened.index.segments.running():
        for number in range(7):
            await opened.store(number, ["a"])
        await opened.database.write(_renaming("catalog_pieces", "hidden"))
        with capture_logs() as logs:
            opened.index.segments.merge_later()
            await asyncio.sleep(0.6)  # two steps, if it went on in vain
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
