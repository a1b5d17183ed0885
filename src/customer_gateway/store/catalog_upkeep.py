"""Look the index over, and make it anew: both for an operator, while a gateway may be using it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from customer_gateway.model.catalog import RecordState
from customer_gateway.store import catalog_schema
from customer_gateway.store.catalog_systems import records_by_state, request
from customer_gateway.store.catalog_tables import RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class CatalogReport:
    """What was found: `problems` in words, how many records each system has in each state, and how large it is."""

    problems: tuple[str, ...]
    records: Mapping[str, Mapping[RecordState, int]]
    bytes: int


def look_over(connection: Connection) -> CatalogReport:
    """Check the tables and count what is in them, in a transaction that reads: others write meanwhile."""
    sqlite = connection.dialect.name == "sqlite"
    problems = _problems_of_sqlite(connection) if sqlite else _problems_of_postgresql(connection)
    return CatalogReport(tuple(problems), records_by_state(connection), _size(connection, sqlite=sqlite))


def check_index(connection: Connection, table: str) -> list[str]:
    """Return what is wrong in one of SQLite's indexes, `FTS_TABLES`, in a transaction that writes: it is a command."""
    try:
        connection.exec_driver_sql(f"INSERT INTO {table}({table}) VALUES('integrity-check')")
    except Exception as error:  # noqa: BLE001 - whatever the check raises is what it found
        return [f"{table}: {getattr(error, 'orig', error)}"]
    return []


def make_anew(connection: Connection, systems: Sequence[str], now: datetime) -> None:
    """Drop all tables, make empty ones and ask for passes, in one transaction: others find nothing at worst."""
    catalog_schema.drop(connection)
    catalog_schema.create(connection)
    request(connection, systems, now, accept=False)


def _problems_of_sqlite(connection: Connection) -> list[str]:
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    problems = [each for each in found if each != "ok"]
    return problems or _rows_without_tokens(connection)


def _rows_without_tokens(connection: Connection) -> list[str]:
    """Return the systems of which the index of tokens has more or fewer records than there are."""
    problems: list[str] = []
    query = text("SELECT count(*) FROM catalog_tokens WHERE catalog_tokens MATCH :token")
    for system, states in records_by_state(connection).items():
        there = sum(count for state, count in states.items() if state is not RecordState.GONE)
        try:
            indexed = connection.execute(query, {"token": f'"s{system}"'}).scalar_one()
        except DBAPIError as error:
            return [f"catalog_tokens: {error.orig}"]
        if indexed != there:
            problems.append(f"catalog_tokens: {indexed} records of {system}, where {there} are stored")
    return problems


def _problems_of_postgresql(connection: Connection) -> list[str]:
    """Return the indexes that PostgreSQL itself holds to be unfit."""
    query = text(
        "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_class t ON t.oid = i.indrelid "
        "WHERE t.relname = :records AND NOT i.indisvalid"
    )
    found = connection.execute(query, {"records": RECORDS.name})
    return [f"the index {row.relname} is not valid" for row in found]


def _size(connection: Connection, *, sqlite: bool) -> int:
    if sqlite:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    query = text("SELECT pg_total_relation_size(to_regclass(:records))")
    return int(connection.execute(query, {"records": RECORDS.name}).scalar_one())
