"""What a soak holds its index against: a row that is wrong in any column shows."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from picked import FIRST
from sqlalchemy import update
from vendors import sandbox

from bench.soak.running import Soak
from bench.soak.truth import look_at_rows
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.model.catalog import RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_tables import RECORDS
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 29, tzinfo=UTC)
REF = RecordRef(FIRST, "1")
VALUES = {"name": "Anna", "number": "7", "phone": "0341 12", "created_at": NOW, "updated_at": NOW}
TRUTH = {REF.key: row_of(REF, VALUES)}


@pytest.fixture
def soak(tmp_path: Path) -> Soak:
    return Soak(sandbox(customers=9), tmp_path, random.Random(1))


@pytest.fixture
async def database(soak: Soak) -> AsyncGenerator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{soak.database}", CATALOG)
    yield opened
    await opened.aclose()


@pytest.fixture
def index(database: Database) -> CatalogIndex:
    return CatalogIndex(database, row_of, encode_values, decode_values)


async def test_a_row_that_is_what_the_vendor_has_is_no_problem(soak: Soak, index: CatalogIndex) -> None:
    await index.put([RecordChange(REF, VALUES)], NOW)

    assert (look_at_rows(soak, FIRST, TRUTH), soak.problems) == (1, [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("customer", ""), ("name_key", "b"), ("number_key", None), ("created_at", 1), ("updated_at", None)),
        *(("tokens", " w "), ("phone_text", None), ("shown", "{}"), ("stamp", "a hash")),
    ],
)
async def test_a_row_that_is_wrong_in_one_column_is_told(
    column: str, value: Any, soak: Soak, index: CatalogIndex, database: Database
) -> None:
    await index.put([RecordChange(REF, VALUES)], NOW)
    await database.write(lambda connection: connection.execute(update(RECORDS).values({column: value})))

    assert look_at_rows(soak, FIRST, TRUTH) == 1
    assert soak.problems == [f"{FIRST}: the row of 1 is not what the vendor has: {column}"]


async def test_a_row_that_is_too_many_or_lacks_is_told(soak: Soak, index: CatalogIndex) -> None:
    await index.put([RecordChange(RecordRef(FIRST, "2"), VALUES)], NOW)

    assert look_at_rows(soak, FIRST, TRUTH) == 0
    assert [problem.split(", ")[1] for problem in soak.problems] == ["such as 2", "such as 1"]
