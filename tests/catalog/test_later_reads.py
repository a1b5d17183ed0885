"""Reads of a record may end in any order: what the one that began last has brought stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from customer_gateway.catalog.questions import Question, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.errors import LeaseLost
from customer_gateway.model.catalog import PageOfRows, RecordChange, RecordState, later_moments
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.catalog_tables import RECORDS
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio

SYSTEM, KEY = "alpha", "1"
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
LATER = EARLY + timedelta(seconds=1)
LAST = EARLY + timedelta(seconds=2)


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, CATALOG)
    yield opened
    await opened.aclose()


@pytest.fixture
def index(database: Database) -> CatalogIndex:
    return CatalogIndex(database, row_of, encode_values, decode_values)


@pytest.fixture
def passes(database: Database, index: CatalogIndex) -> CatalogPasses:
    return CatalogPasses(database, index)


def named(name: str) -> list[RecordChange]:
    return [RecordChange(RecordRef(SYSTEM, KEY), {"name": name})]


async def stamp(database: Database) -> str:
    """What the index has as the stamp of the record."""
    return await database.read(lambda connection: connection.execute(select(RECORDS.c.stamp)).scalar_one())


async def names(index: CatalogIndex) -> list[str]:
    """What a search for everybody finds, by the tokens and by the values."""
    found: list[str] = []
    for word in ("anna", "berta", "cora"):
        page = await index.find(search_of(Question(search=word), [SYSTEM]), PageOfRows(10), count=True)
        assert page.total == len(page.rows)
        found += [row.values["name"] for row in page.rows]
    return found


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_whatever_the_order_in_which_reads_end_the_last_begun_stays(
    index: CatalogIndex, order: tuple[int, ...]
) -> None:
    reads = [("Anna", EARLY), ("Berta", LATER), ("Cora", LAST)]

    for place in order:
        name, began = reads[place]
        await index.put(named(name), began)

    assert await names(index) == ["Cora"]


async def test_a_pass_counts_a_record_of_which_a_later_read_has_told(
    index: CatalogIndex, passes: CatalogPasses
) -> None:
    await index.put(named("Berta"), LATER)
    await index.put(named("Anna"), EARLY, seen_pass=7)

    assert (await names(index), await passes.count_seen(SYSTEM, 7)) == (["Berta"], 1)


async def test_a_read_beside_a_pass_takes_no_record_out_of_it(index: CatalogIndex, passes: CatalogPasses) -> None:
    await index.put(named("Anna"), EARLY, seen_pass=7)
    await index.put(named("Berta"), LATER)

    assert (await names(index), await passes.count_seen(SYSTEM, 7)) == (["Berta"], 1)


async def test_a_record_that_was_seen_since_a_pass_began_does_not_become_gone_by_it(
    index: CatalogIndex, passes: CatalogPasses
) -> None:
    await passes.acquire([SYSTEM], "me", EARLY, LAST)
    await index.put(named("Anna"), LATER)

    assert await passes.set_state(SYSTEM, "me", [KEY], RecordState.GONE, LAST, LATER) == 0
    assert await names(index) == ["Anna"]
    assert await passes.set_state(SYSTEM, "me", [KEY], RecordState.GONE, LAST, LAST) == 1
    assert await names(index) == []


async def test_a_record_that_is_gone_comes_back_by_a_read_that_began_after_that_alone(index: CatalogIndex) -> None:
    await index.put(named("Anna"), EARLY)
    await index.set_state(SYSTEM, [KEY], RecordState.GONE, LATER)

    await index.put(named("Berta"), EARLY)
    assert await names(index) == []

    await index.put(named("Cora"), LAST)
    assert await names(index) == ["Cora"]


async def test_who_has_lost_the_lease_of_a_system_sets_no_state(index: CatalogIndex, passes: CatalogPasses) -> None:
    await index.put(named("Anna"), EARLY)
    await passes.acquire([SYSTEM], "another", EARLY, LAST)

    with pytest.raises(LeaseLost):
        await passes.set_state(SYSTEM, "me", [KEY], RecordState.GONE, LAST)
    assert await names(index) == ["Anna"]


PARTS = [
    ({"name": "Anna", "city": "Bonn"}, EARLY, True),
    ({"name": "Berta"}, LATER, False),
    ({"name": "Cora"}, LAST, False),
    ({"name": "Berta", "city": "Oslo"}, LATER, True),
]
"""What four reads bring of one record that changes meanwhile, when they began, and whether that is all of it."""


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_whatever_the_order_in_which_reads_end_of_each_field_the_last_read_stays(
    index: CatalogIndex, order: tuple[int, ...]
) -> None:
    for place in order:
        values, began, whole = PARTS[place]
        await index.put([RecordChange(RecordRef(SYSTEM, KEY), values, whole)], began)

    (row,) = (await index.find(search_of(Question(), [SYSTEM]), PageOfRows(10))).rows
    assert row.values == {"name": "Cora", "city": "Oslo"}
    assert await names(index) == ["Cora"]


async def test_a_row_tells_of_each_field_when_it_was_seen(index: CatalogIndex) -> None:
    ref = RecordRef(SYSTEM, KEY)
    await index.put([RecordChange(ref, {"name": "Anna", "email": "a@x.example", "city": "Bonn"})], EARLY)
    await index.put([RecordChange(ref, {"name": "Berta"}, whole=False)], LAST)

    (row,) = (await index.find(search_of(Question(), [SYSTEM]), PageOfRows(10))).rows
    assert row.values["email"] == "a@x.example"
    assert (row.whole_at, later_moments(row.later)) == (EARLY, {"name": LAST})


async def test_the_stamp_is_the_systems_own_also_after_a_read_of_other_fields(
    index: CatalogIndex, database: Database
) -> None:
    changed = {"name": "Anna", "updated_at": datetime(2026, 5, 1, tzinfo=UTC)}
    await index.put([RecordChange(RecordRef(SYSTEM, KEY), changed)], EARLY)
    await index.put([RecordChange(RecordRef(SYSTEM, KEY), {"name": "Anna"}, whole=False)], LATER)
    same = await stamp(database)
    await index.put([RecordChange(RecordRef(SYSTEM, KEY), {"name": "Berta"}, whole=False)], LAST, note_seen=False)
    renamed = await stamp(database)

    assert same == renamed == "1777593600000000"  # the moment in microseconds


async def test_without_a_stamp_of_the_system_it_is_that_of_all_values_that_are_known(
    index: CatalogIndex, database: Database
) -> None:
    found: list[str] = []
    parts = ({"name": "Anna", "city": "Oslo"}, True), ({"name": "Berta"}, False), ({"name": "Anna"}, False)
    for number, (values, whole) in enumerate(parts):
        change = RecordChange(RecordRef(SYSTEM, KEY), values, whole)
        await index.put([change], EARLY + timedelta(seconds=number))
        found.append(await stamp(database))

    assert found[0] == found[2] != found[1]


@pytest.mark.parametrize("records", [1, 2])
async def test_reads_that_end_at_once_lose_no_field_of_each_other(index: CatalogIndex, records: int) -> None:
    refs = [RecordRef(SYSTEM, str(number)) for number in range(40)]
    await index.put([RecordChange(each, {"name": "Anna", "email": "a@x.example"}) for each in refs], EARLY)

    def whole(ref: RecordRef) -> RecordChange:
        return RecordChange(ref, {"name": "Berta", "email": "b@x.example"})

    for start in range(0, len(refs), records):
        some = refs[start : start + records]
        partial = [RecordChange(each, {"email": "b@x.example"}, whole=False) for each in some]
        await asyncio.gather(index.put(list(map(whole, some)), LATER), index.put(partial, LAST))

    found = await index.find(search_of(Question(), [SYSTEM]), PageOfRows(100))
    assert {(row.values["name"], row.values["email"]) for row in found.rows} == {("Berta", "b@x.example")}


async def test_records_that_are_new_are_stored_by_several_at_once(index: CatalogIndex) -> None:
    refs = [RecordRef(SYSTEM, str(number)) for number in range(60)]
    changes = [RecordChange(each, {"name": "Anna"}) for each in refs]
    later = [RecordChange(each, {"name": "Berta"}) for each in refs]

    for _ in range(5):
        reads = ((changes, EARLY), (later[::-1], LATER), (changes[::-1], EARLY))
        await asyncio.gather(*(index.put(some, began) for some, began in reads))

    assert (await index.find(search_of(Question(search="berta"), [SYSTEM]), PageOfRows(1), count=True)).total == 60
