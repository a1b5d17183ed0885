"""A compiled statement stores and returns what SQLAlchemy does, on both databases, and fails as it does."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, MetaData, String, Table, bindparam, create_engine, delete, select, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from store.journal_rows import NOW, SECOND

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.store.compiled_statement import CompiledStatement
from customer_gateway.store.database import Database
from customer_gateway.store.operation_table import open_rows
from customer_gateway.store.tables import METADATA, OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.anyio

INSERT = CompiledStatement(OPERATIONS.insert())
CHANGE = CompiledStatement(update(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
REMOVE = CompiledStatement(delete(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
ONE = CompiledStatement(select(OPERATIONS).where(OPERATIONS.c.id == bindparam("its_id")))
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
    stored = await database.write(lambda connection: INSERT.execute(connection, ROW))
    changed = await database.write(
        lambda connection: [
            CHANGE.execute(connection, {"writes": [], "lease_until": None, "its_id": id_}) for id_ in ("op-1", "op-2")
        ]
    )
    (row,) = await database.read(lambda connection: ONE.rows(connection, {"its_id": "op-1"}))
    removed = await database.write(lambda connection: REMOVE.execute(connection, {"its_id": "op-1"}))

    assert (stored, changed, removed) == (1, [1, 0], 1)
    assert dict(zip(ROW, row, strict=True)) == {**ROW, "writes": [], "lease_until": None}


async def test_other_columns_make_another_statement(database: Database) -> None:
    await database.write(lambda connection: INSERT.execute(connection, ROW))

    for values in ({"owner": "a"}, {"state": "APPLIED", "owner": "b"}, {"owner": "c", "state": "UNKNOWN"}):
        given_values = {**values, "its_id": "op-1"}
        await database.write(lambda connection, given=given_values: CHANGE.execute(connection, given))
        (row,) = await database.read(lambda connection: ONE.rows(connection, {"its_id": "op-1"}))
        found = dict(zip(ROW, row, strict=True))
        assert {name: found[name] for name in values} == values


async def test_each_of_some_rows_is_stored(database: Database) -> None:
    rows = [{**ROW, "id": f"op-{number}", "record_key": "18"} for number in range(3)]

    await database.write(lambda connection: INSERT.execute_each(connection, rows))

    found = await database.read(lambda connection: open_rows(connection, "pland", "18"))
    assert list(found) == rows[::-1]  # the newest first, of one moment the greatest id


async def test_a_row_that_is_there_already_is_no_failure_of_the_database(database: Database) -> None:
    await database.write(lambda connection: INSERT.execute(connection, ROW))

    with pytest.raises((sqlite3.IntegrityError, IntegrityError)):
        await database.write(lambda connection: INSERT.execute(connection, ROW))


async def test_a_table_that_somebody_dropped_is_told_and_made_anew_by_the_next(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    await database.write(lambda connection: INSERT.execute(connection, ROW))
    (tmp_path / "gateway.db").unlink()
    sqlite3.connect(tmp_path / "gateway.db").close()

    await database.write(lambda connection: INSERT.execute(connection, ROW))
    await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE operations"))
    with pytest.raises(DatabaseUnavailable, match="no such table: operations"):
        await database.write(lambda connection: INSERT.execute(connection, ROW))
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
    statement = CompiledStatement(words, select(bindparam("of_another_database")))
    engine = create_engine("sqlite://")
    METADATA.create_all(engine, [OPERATIONS])

    with engine.begin() as connection:
        found = [statement.rows(connection, ROW) for _ in range(2)]
    engine.dispose()

    assert [list(map(list, rows)) for rows in found] == [[["op-1"]], []]


async def test_a_value_that_is_missing_is_no_null(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    await database.write(lambda connection: INSERT.execute(connection, ROW))

    for statement, values in ((REMOVE, {}), (CHANGE, {"owner": "a", "its_name": "op-1"})):
        with pytest.raises(KeyError, match="its_id"):
            await database.write(lambda connection, it=statement, given=values: it.execute(connection, given))
    rows = [{**ROW, "id": "op-2"}, {"id": "op-3"}]
    with pytest.raises(KeyError, match="kind"):
        await database.write(lambda connection: INSERT.execute_each(connection, rows))

    assert await database.read(lambda connection: len(ONE.rows(connection, {"its_id": "op-2"}))) == 0
    await database.aclose()


def test_what_only_sqlalchemy_fills_in_is_refused() -> None:
    with_default = Table("t", MetaData(), Column("a", String, default="x"), Column("b", String))
    any_of = select(OPERATIONS).where(OPERATIONS.c.id.in_(bindparam("ids", expanding=True)))
    engine = create_engine("sqlite://")

    with engine.begin() as connection:
        for statement, values in ((with_default.insert(), {"b": "1"}), (any_of, {"ids": ["op-1"]})):
            with pytest.raises(NotImplementedError, match="SQLAlchemy alone"):
                CompiledStatement(statement).execute(connection, values)
    engine.dispose()


async def test_rows_that_nobody_takes_keep_no_transaction_from_its_end(database: Database) -> None:
    changing = CompiledStatement(update(OPERATIONS).returning(OPERATIONS.c.started_at))
    await database.write(
        lambda connection: INSERT.execute_each(connection, [{**ROW, "id": f"op-{number}"} for number in range(3)])
    )

    kept = await database.write(lambda connection: changing.rows(connection, {"owner": "b"}))

    assert [list(row) for row in kept] == [[NOW]] * 3
