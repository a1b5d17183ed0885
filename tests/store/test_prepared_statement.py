"""A prepared statement stores and returns what SQLAlchemy does, on both databases, and fails as it does."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, bindparam, create_engine, delete, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from store.journal_rows import NOW, SECOND

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.store.database import Database
from customer_gateway.store.operation_table import open_rows
from customer_gateway.store.prepared_statement import PreparedStatement
from customer_gateway.store.tables import METADATA, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.anyio

INSERT = PreparedStatement(OPERATIONS.insert())
CHANGE = PreparedStatement(update(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
REMOVE = PreparedStatement(delete(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
ONE = PreparedStatement(select(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
ROW: Mapping[str, Any] = {
    "id": "op-1",
    "kind": "UPDATE",
    "system": "pland",
    "record_key": "17",
    "actor": "key:front",
    "state": "UNKNOWN",
    "started_at": NOW,
    "settled_at": None,
    "idempotency": None,
    "input_digest": "",
    "writes": [{"path": "/customers/17", "verified": None}],
    "errors": [],
    "foreign_places": ["name"],
    "private": b"\0\xff",
    "owner": None,
    "lease_until": NOW + SECOND,
}


async def test_a_row_is_stored_changed_and_removed_by_columns_and_parameters(database: Database) -> None:
    stored = await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)
    changed = await database.write(
        lambda connection: [
            CHANGE.execute(connection, {"writes": [], "lease_until": None, "its_id": id_}).rowcount
            for id_ in ("op-1", "op-2")
        ]
    )
    (row,) = await database.read(lambda connection: ONE.rows(connection, {"its_id": "op-1"}))
    removed = await database.write(lambda connection: REMOVE.execute(connection, {"its_id": "op-1"}).rowcount)

    assert (stored, changed, removed) == (1, [1, 0], 1)
    assert dict(zip(ROW, row, strict=True)) == {**ROW, "writes": [], "lease_until": None}


async def test_other_columns_make_another_statement(database: Database) -> None:
    await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)

    for values in ({"owner": "a"}, {"state": "APPLIED", "owner": "b"}, {"owner": "c", "state": "UNKNOWN"}):
        given_values = {**values, "its_id": "op-1"}
        await database.write(lambda connection, given=given_values: CHANGE.execute(connection, given).rowcount)
        (row,) = await database.read(lambda connection: ONE.rows(connection, {"its_id": "op-1"}))
        found = dict(zip(ROW, row, strict=True))
        assert {name: found[name] for name in values} == values


async def test_each_of_some_rows_is_stored(database: Database) -> None:
    rows = [{**ROW, "id": f"op-{number}", "record_key": "18"} for number in range(3)]

    await database.write(lambda connection: INSERT.execute_each(connection, rows))

    found = await database.read(lambda connection: open_rows(connection, "pland", "18"))
    assert list(found) == rows[::-1]  # the newest first, of one moment the greatest id


async def test_a_row_that_is_there_already_is_no_failure_of_the_database(database: Database) -> None:
    await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)

    with pytest.raises((sqlite3.IntegrityError, IntegrityError)):
        await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)


async def test_a_table_that_somebody_dropped_is_told_and_made_anew_by_the_next(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)
    (tmp_path / "gateway.db").unlink()
    sqlite3.connect(tmp_path / "gateway.db").close()

    await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)
    await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE operations"))
    with pytest.raises(DatabaseUnavailable, match="no such table: operations"):
        await database.write(lambda connection: INSERT.execute(connection, ROW).rowcount)
    await database.aclose()


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
_VALUES = st.fixed_dictionaries(
    {
        "state": st.text(max_size=5),
        "writes": st.lists(_JSON, max_size=3),
        "private": st.none() | st.binary(max_size=5),
        "started_at": st.integers(0, 10**12).map(lambda number: NOW + number * SECOND / 1_000_000),
        "record_key": st.none() | st.text(max_size=5),
    }
)


@given(values=_VALUES)
@settings(suppress_health_check=[HealthCheck.differing_executors])
def test_what_the_driver_stores_and_reads_is_what_sqlalchemy_stores_and_reads(values: dict[str, Any]) -> None:
    engine = create_engine("sqlite://")
    METADATA.create_all(engine, [OPERATIONS])
    row = {**ROW, **values}
    with engine.begin() as connection:
        INSERT.execute(connection, row)
        connection.execute(OPERATIONS.insert(), {**row, "id": "op-2"})
        pairs = [_read_both(connection, id_) for id_ in ("op-1", "op-2")]
    engine.dispose()

    assert all(prepared == executed for prepared, executed in pairs)
    assert pairs[0][0][1:] == pairs[1][0][1:]


def _read_both(connection: Connection, id_: str) -> tuple[list[Any], list[Any]]:
    (prepared,) = ONE.rows(connection, {"its_id": id_})
    executed = connection.execute(select(OPERATIONS).where(OPERATIONS.c.id == id_)).one()
    return list(prepared), list(executed)


def test_a_statement_in_the_words_of_each_database_is_run_in_those_of_its_own() -> None:
    words = sqlite.insert(OPERATIONS).on_conflict_do_nothing().returning(OPERATIONS.c.id)
    statement = PreparedStatement(words, select(bindparam("of_another_database")))
    engine = create_engine("sqlite://")
    METADATA.create_all(engine, [OPERATIONS])

    with engine.begin() as connection:
        found = [statement.execute(connection, ROW).fetchone() for _ in range(2)]
    engine.dispose()

    assert found == [("op-1",), None]
