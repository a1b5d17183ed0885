"""What reads tell of records comes into the index, in small batches."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from customer_gateway.catalog.questions import Question, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.updates import BATCH, MOST_COMPARED, MOST_MISSING, MOST_WAITING, IndexUpdates
from customer_gateway.model.catalog import PageOfRows, RecordChange, RecordState, SyncStateName
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

pytestmark = pytest.mark.anyio

SYSTEM = "alpha"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, CATALOG)
    yield opened
    await opened.aclose()


@pytest.fixture
def index(database: Database) -> CatalogIndex:
    return CatalogIndex(database, row_of, encode_values, decode_values)


def named(key: str, name: str, *, whole: bool = True) -> RecordChange:
    return RecordChange(RecordRef(SYSTEM, key), {"name": name}, whole)


def changes_of(*changes: RecordChange) -> Callable[[], Sequence[RecordChange]]:
    return lambda: changes


async def found(index: CatalogIndex, search: str) -> list[str]:
    page = await index.find(search_of(Question(search=search), [SYSTEM]), PageOfRows(100))
    return [row.ref.key for row in page.rows]


async def until(happened: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not happened():  # noqa: ASYNC110 - what happens is a counter's doing
            await asyncio.sleep(0.01)


async def test_records_that_a_read_brought_are_found_soon(index: CatalogIndex, database: Database) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit(2, NOW, changes_of(named("1", "Anna"), named("2", "Bernd")))
        await until(lambda: updates.rows_changed == 2)

    assert await found(index, "anna") == ["1"]
    assert updates.waiting == 0


async def test_a_read_of_some_fields_leaves_the_others_as_they_are(index: CatalogIndex, database: Database) -> None:
    await index.put([RecordChange(RecordRef(SYSTEM, "1"), {"name": "Anna", "city": "Oslo"})], NOW)
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit(1, NOW, changes_of(named("1", "Berta", whole=False)))
        await until(lambda: updates.rows_changed == 1)

    assert (await found(index, "berta oslo"), await found(index, "anna")) == (["1"], [])


async def test_what_does_not_fit_in_memory_is_dropped_and_counted(index: CatalogIndex, database: Database) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))

    updates.submit(MOST_WAITING, NOW, changes_of())
    updates.submit(3, NOW, changes_of(named("1", "Anna")))

    assert (updates.waiting, updates.dropped) == (MOST_WAITING, 3)


async def test_reads_that_did_not_find_records_are_counted_where_they_do_not_fit(
    index: CatalogIndex, database: Database
) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))
    for _ in range(MOST_MISSING):
        updates.submit_missing(SYSTEM, ["1"], 1, NOW)
    before = updates.dropped

    with capture_logs() as lines:
        updates.submit_missing(SYSTEM, ["1", "2"], 9, NOW)
        updates.submit(MOST_WAITING + 1, NOW, changes_of())

    assert (before, updates.dropped) == (0, MOST_WAITING + 3)
    assert [(line["event"], line["dropped"]) for line in lines] == [("index_updates_dropped", 2)]


async def test_all_that_was_dropped_is_logged_when_the_process_ends(index: CatalogIndex, database: Database) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))
    with capture_logs() as lines:
        async with updates.running():
            updates.submit(MOST_WAITING + 1, NOW, changes_of())
            updates.submit(MOST_WAITING + 2, NOW, changes_of())

    assert [line["dropped"] for line in lines] == [MOST_WAITING + 1, 2 * MOST_WAITING + 3]


async def test_records_that_are_only_compared_are_taken_until_there_are_too_many(
    index: CatalogIndex, database: Database
) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))
    updates.submit(MOST_COMPARED - 1, NOW, changes_of(), is_change=False)
    before = updates.has_room

    updates.submit(100, NOW, changes_of(), is_change=False)
    updates.submit(100, NOW, changes_of(named("1", "Anna")))

    assert (before, updates.has_room, updates.dropped) == (True, False, 0)


async def test_a_first_read_of_many_records_is_compared_within_seconds(index: CatalogIndex, database: Database) -> None:
    pages = [[named(f"{page}-{place}", f"Name {place}") for place in range(BATCH)] for page in range(60)]
    for page in pages:
        await index.put(page, NOW)
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        for page in pages:
            changed = page[0]._replace(values={"name": "Anna"})
            updates.submit(BATCH, NOW, changes_of(changed, *page[1:]), is_change=False)
        await until(lambda: updates.rows_changed == len(pages), 15)

    assert len(await found(index, "anna")) == len(pages)


async def test_many_records_are_written_a_batch_at_a_time(index: CatalogIndex, database: Database) -> None:
    updates = IndexUpdates(index, CatalogPasses(database, index))
    many = [named(str(number), f"Name {number}") for number in range(2 * BATCH + 1)]
    async with updates.running():
        updates.submit(len(many), NOW, changes_of(*many))
        await until(lambda: updates.rows_changed == len(many))

    assert await found(index, f"name {2 * BATCH}") == [str(2 * BATCH)]


async def test_a_record_that_a_read_did_not_find_is_missing_and_still_found(
    index: CatalogIndex, database: Database
) -> None:
    await index.put([named("1", "Anna")], NOW)
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit_missing(SYSTEM, ["1", "2"], 2, LATER)
        updates.submit(1, NOW, changes_of(named("3", "Cora")))
        await until(lambda: updates.rows_changed == 1)

    assert await found(index, "anna") == ["1"]
    assert await index.set_state(SYSTEM, ["1"], RecordState.MISSING, NOW) == 0  # it is already


async def test_a_record_that_a_later_read_has_found_is_not_missing(index: CatalogIndex, database: Database) -> None:
    await index.put([named("1", "Anna")], LATER)
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit_missing(SYSTEM, ["1"], 1, NOW)
        updates.submit(1, NOW, changes_of(named("3", "Cora")))
        await until(lambda: updates.rows_changed == 1)

    assert await index.set_state(SYSTEM, ["1"], RecordState.MISSING, LATER) == 1  # it was PRESENT


async def test_a_read_that_ends_after_another_has_left_the_record_out_brings_it_back_if_it_began_later(
    index: CatalogIndex, database: Database
) -> None:
    await index.put([named("1", "Anna")], NOW)
    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit_missing(SYSTEM, ["1"], 1, LATER)
        updates.submit(1, LATER + timedelta(milliseconds=1), changes_of(named("1", "Berta")))
        await until(lambda: updates.rows_changed == 1)

    assert await found(index, "berta") == ["1"]


async def test_a_read_that_finds_half_of_its_keys_at_most_makes_the_system_suspect_and_marks_nothing(
    index: CatalogIndex, database: Database
) -> None:
    await index.put([named(str(number), "Anna") for number in range(6)], NOW)
    passes = CatalogPasses(database, index)
    updates = IndexUpdates(index, passes)
    async with updates.running():
        updates.submit_missing(SYSTEM, ["1", "2", "3"], 6, LATER)
        updates.submit(1, NOW, changes_of(named("9", "Cora")))
        await until(lambda: updates.rows_changed == 1)

    state = (await passes.sync_states())[SYSTEM]
    assert (state.state, state.reason) == (SyncStateName.SUSPECT, "a read of 6 customers by their keys left out 3")
    assert (await passes.rows())[SYSTEM].is_doubted
    assert await index.set_state(SYSTEM, ["1", "2", "3"], RecordState.MISSING, NOW) == 3  # they were PRESENT


async def test_a_record_that_cannot_be_made_a_row_costs_its_batch_alone(
    index: CatalogIndex, database: Database
) -> None:
    def failing() -> Sequence[RecordChange]:
        raise ZeroDivisionError

    updates = IndexUpdates(index, CatalogPasses(database, index))
    async with updates.running():
        updates.submit(1, NOW, failing)
        updates.submit(1, NOW, changes_of(named("1", "Anna")))
        await until(lambda: updates.rows_changed == 1)

    assert await found(index, "anna") == ["1"]
