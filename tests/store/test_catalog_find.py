"""Rows are found whatever stands before them in the order, and rows that are GONE by no question."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import Effort, Order, PageOfRows, RecordChange, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_statements import DIALECTS, Segment, Statement, moment_conditions, walk_query
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EFFORTS = [Effort(), Effort(few=0, steps=1_000)]


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, CATALOG)
    yield opened
    await opened.aclose()


async def filled(database: Database, values: Sequence[dict[str, Any]], effort: Effort = EFFORTS[0]) -> CatalogIndex:
    index = CatalogIndex(database, row_of, encode_values, decode_values, effort)
    await index.put([RecordChange(RecordRef("alpha", f"{key:04}"), each) for key, each in enumerate(values)], NOW)
    return index


@pytest.mark.parametrize("effort", EFFORTS, ids=["few", "many"])
async def test_what_contains_a_text_is_found_behind_many_that_only_contain_its_pieces(
    database: Database, effort: Effort
) -> None:
    names = ["a anabana", *(f"a{number:03} anab aban" for number in range(400)), "z1 anabana", "z2 anabana"]
    index = await filled(database, [{"name": each} for each in names], effort)
    search = search_of(Question(filter=Filter(texts={"name": TextFilter(contains="anabana")})), ["alpha"])

    first = await index.find(search, PageOfRows(2), count=True)
    rest = await index.find(search, PageOfRows(2, first.rows[-1].position))
    last = await index.find(search, PageOfRows(2, is_backward=True))

    assert [[row.values["name"] for row in page.rows] for page in (first, rest, last)] == [
        ["a anabana", "z1 anabana"],
        ["z2 anabana"],
        ["z1 anabana", "z2 anabana"],
    ]
    assert (first.total, first.has_more, rest.has_more, last.has_more) == (3, True, False, True)


async def test_rows_walked_in_an_order_are_read_by_its_index_whatever_moment_is_asked_for(
    tmp_path: Path,
) -> None:
    """SQLite takes the moment's index else, and sorts all rows that fit."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}", CATALOG)
    await filled(database, [{"name": f"a{number:03}", "created_at": NOW} for number in range(200)])
    after = Filter(created_at=MomentFilter(after=datetime(2013, 1, 1, tzinfo=UTC)))
    (conditions,) = search_of(Question(filter=after), ["alpha"]).ranks
    sqlite = DIALECTS["sqlite"]

    def plan(connection: Connection, order: Order) -> list[str]:
        statement = Statement()
        segment = Segment(conditions, order, is_descending=False, is_valued=True, is_backward=False)
        every = moment_conditions(conditions, statement, order, sqlite.unindexed)
        sql = walk_query(sqlite, segment, ["alpha"], every, 51, statement)
        return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", statement.parameters)]

    for order in Order:
        steps = await database.read(partial(plan, order=order))
        assert [each for each in steps if "TEMP B-TREE" in each] == [], order
    await database.aclose()


_DIGITS = (
    {"name": "A", "number": "12"},
    {"name": "B", "number": "0012"},
    {"name": "C", "number": "12345"},
    {"name": "Club 1299"},
    {"name": "D", "phone": "0341 1234", "country_code": "DE"},
    {"name": "E", "phone": "+49 341 99"},
    {"name": "F", "phone": "12 99"},
)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("0012", ["B", "F"]),
        ("1 2", ["A", "F"]),
        ("00 1", ["F"]),
        ("12", ["A", "C", "Club 1299", "F"]),
        ("0341", ["D", "E"]),
        ("03 41-1", ["D"]),
        ("+49 341", ["D", "E"]),
        ("0049 341", ["D", "E"]),
        ("0049341", ["D", "E"]),
        ("00493411234", ["D"]),
    ],
)
async def test_zeros_that_dial_abroad_and_blanks_between_digits_are_of_phones_alone(
    database: Database, search: str, names: Sequence[str]
) -> None:
    index = await filled(database, _DIGITS)

    page = await index.find(search_of(Question(search), ["alpha"]), PageOfRows(10), count=True)

    assert ([row.values["name"] for row in page.rows], page.total) == (names, len(names))


_PHONES = ("0049 40 36", "+49 40 36", "040/36", "(0)40 36", "4940 36", "00 49")


@pytest.mark.parametrize(
    ("asked", "phones"),
    [
        (TextFilter(contains="0049 40 36"), _PHONES[:1]),
        (TextFilter(contains="0049"), ["0049 40 36", "00 49"]),
        (TextFilter(contains="+49 (40) 36"), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(contains="040-36"), ["040/36", "(0)40 36"]),
        (TextFilter(contains="9 40"), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(starts_with="00"), ["0049 40 36", "00 49"]),
        (TextFilter(starts_with="0"), ["0049 40 36", "040/36", "(0)40 36", "00 49"]),
        (TextFilter(starts_with="00 494"), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(starts_with="+49 4"), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(starts_with="(0)4"), ["040/36", "(0)40 36"]),
        (TextFilter(eq="0049-40-36"), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(any_of=["+494036", "00"]), ["0049 40 36", "+49 40 36", "4940 36"]),
        (TextFilter(eq="040 36"), ["040/36", "(0)40 36"]),
        (TextFilter(contains="+"), []),
    ],
)
async def test_a_phone_is_filtered_by_its_digits_with_and_without_the_zeros_that_dial_abroad(
    database: Database, asked: TextFilter, phones: Sequence[str]
) -> None:
    index = await filled(database, [{"phone": each} for each in _PHONES])

    page = await index.find(search_of(Question(filter=Filter(texts={"phone": asked})), ["alpha"]), PageOfRows(10))

    assert [row.values["phone"] for row in page.rows] == list(phones)


async def test_a_number_that_begins_with_zeros_is_the_first_that_a_search_of_it_finds(database: Database) -> None:
    index = await filled(database, _DIGITS)

    page = await index.find(search_of(Question("0012"), ["alpha"]), PageOfRows(10))

    assert [(row.values["name"], row.position.rank) for row in page.rows] == [("B", 0), ("F", 1)]


@pytest.mark.parametrize("effort", EFFORTS, ids=["few", "many"])
@pytest.mark.parametrize(
    "question",
    [
        Question(),
        Question(order=Order.CREATED_AT),
        Question("anna"),
        Question(filter=Filter(texts={"name": TextFilter(eq="Anna Berg")})),
        Question(filter=Filter(texts={"name": TextFilter(contains="nna")})),
        Question(filter=Filter(texts={"name": TextFilter(contains="nn")})),
        Question(filter=Filter(created_at=MomentFilter(after=datetime(2020, 1, 1, tzinfo=UTC)))),
    ],
    ids=["all", "ordered", "search", "equal", "pieces", "two letters", "moment"],
)
async def test_a_record_that_is_gone_is_found_and_counted_by_no_question(
    database: Database, question: Question, effort: Effort
) -> None:
    anna = {"name": "Anna Berg", "created_at": datetime(2021, 1, 1, tzinfo=UTC)}
    index = await filled(database, [anna, anna], effort)
    await index.set_state("alpha", ["0000"], RecordState.GONE, NOW)

    page = await index.find(search_of(question, ["alpha"]), PageOfRows(5), count=True)

    assert ([row.ref.key for row in page.rows], page.total) == (["0001"], 1)
