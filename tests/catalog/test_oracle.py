"""What the index finds is what reading every record finds: generated questions, walked to both ends."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

import pytest
from catalog.brute_force import Records, answer
from catalog.generated import SYSTEMS, drawn_changes, drawn_question

from customer_gateway.catalog.questions import search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import Effort, PageOfRows
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.model.catalog import RecordChange, Search

pytestmark = pytest.mark.anyio

SEED = int(os.environ.get("ORACLE", "18"))
RECORDS, QUESTIONS = (10_000, 2_000) if "ORACLE" in os.environ else (800, 100)
"""`make oracle` draws many; a run of all tests has the same few at every run."""
MOST_IN_SHORT_PAGES = 1_000
"""A longer answer is walked in the longest pages: in the shortest, thousands of them, it would take a night."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)


EFFORTS = {"rows by their ids": Effort(), "walks": Effort(few=0), "walks that are given up": Effort(0, steps=1_000)}
"""Ways to find rows; which one is taken depends on how many there are."""


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    opened = Database(database_url, CATALOG)
    yield opened
    await opened.aclose()


async def stored(index: CatalogIndex, changes: list[RecordChange]) -> None:
    for system in SYSTEMS:
        mine = [each for each in changes if each.ref.system == system]
        for start in range(0, len(mine), 500):
            await index.put(mine[start : start + 500], NOW)


async def walked(index: CatalogIndex, search: Search, size: int, *, is_backward: bool) -> list[tuple[str, str]]:
    """Return every row, page by page from one end to the other, in the order of the list."""
    found: list[tuple[str, str]] = []
    start = None
    while True:
        page = await index.find(search, PageOfRows(size, start, is_backward), count=not found)
        keys = [(row.ref.system, row.ref.key) for row in page.rows]
        found = [*keys, *found] if is_backward else [*found, *keys]
        if not page.has_more:
            return found
        start = page.rows[0 if is_backward else -1].position


@pytest.mark.table
@pytest.mark.parametrize("effort", EFFORTS)
async def test_every_question_gives_the_rows_that_reading_all_records_gives(database: Database, effort: str) -> None:
    random = Random(f"{SEED} {effort}")
    changes = drawn_changes(random, RECORDS)
    await stored(CatalogIndex(database, row_of, encode_values, decode_values), changes)
    index = CatalogIndex(database, row_of, encode_values, decode_values, EFFORTS[effort])
    records = Records(changes)
    asked = {"found": 0, "none": 0}

    for number in range(QUESTIONS):
        question = drawn_question(random, changes)
        systems = random.sample(SYSTEMS, random.randint(1, len(SYSTEMS)))
        search, expected = search_of(question, systems), answer(question, records, systems)
        asked["found" if expected else "none"] += 1

        size = random.choice((7, 50, 100))
        if len(expected) > MOST_IN_SHORT_PAGES:
            size = 100
        assert await walked(index, search, size, is_backward=False) == expected, (number, question, systems)
        assert await walked(index, search, size, is_backward=True) == expected, (number, question, systems)
        counted = await index.find(search, PageOfRows(1), count=True)
        assert counted.total == len(expected), (number, question, systems)

    assert min(asked.values()) > QUESTIONS // 20  # neither all of them found something, nor none
