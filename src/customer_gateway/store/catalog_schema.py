"""Make the tables of the index, anew where they are of an older version: that costs a rebuild and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, select, text

from customer_gateway.errors import DatabaseNewer
from customer_gateway.store.catalog_tables import (
    CATALOG,
    CATALOG_VERSION,
    POSTGRESQL_INDEXES,
    SQLITE_DROPS,
    SQLITE_INDEXES,
    VERSION_TABLE,
)
from customer_gateway.store.compiled_statement import CompiledStatement

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK: Final = 7_163_920_415_287_117
"""The advisory lock on PostgreSQL, beside that of the migrations."""
_VERSION: Final = CompiledStatement(select(VERSION_TABLE.c.version))


def version_of(connection: Connection) -> str | None:
    """Return the version of the tables, None where there are none."""
    if not inspect(connection).has_table(VERSION_TABLE.name):
        return None
    found = connection.execute(select(VERSION_TABLE.c.version)).scalar()
    return None if found is None else str(found)


def make(connection: Connection, location: str) -> str | None:
    """Make the tables in the transaction of `connection`, and return the version before. Raises `DatabaseNewer`."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    before = version_of(connection)
    if before == str(CATALOG_VERSION):
        return before
    if before is not None and int(before) > CATALOG_VERSION:
        raise _newer(before, f"{location}: ")
    drop(connection)
    create(connection)
    return before


def demand_same(connection: Connection) -> None:
    """Raise `DatabaseNewer` where another version of the program has made the tables since this one has looked at them.

    Its rows have other tokens: those of both would be found by neither. A transaction begins with it: from then on the
    tables are dropped only after it has ended (`drop`).
    """
    for (found,) in _VERSION.rows(connection, {}):
        if found != CATALOG_VERSION:
            raise _newer(found)


def _newer(version: int | str, location: str = "") -> DatabaseNewer:
    return DatabaseNewer(
        f"{location}the index of customers is of version {version}, which this program does not know: it knows those "
        f"up to {CATALOG_VERSION}. Run the newer program, or delete the index: it is built again."
    )


def drop(connection: Connection) -> None:
    """Drop the index whole; the next that writes makes an empty one.

    On PostgreSQL that waits for all who use it: each has read the version first. Tables locked one by one, in another
    order than theirs, would be a deadlock.
    """
    if connection.dialect.name == "sqlite":
        for statement in SQLITE_DROPS:
            connection.exec_driver_sql(statement)
    elif inspect(connection).has_table(VERSION_TABLE.name):
        connection.exec_driver_sql(f"LOCK TABLE {VERSION_TABLE.name} IN ACCESS EXCLUSIVE MODE")
    CATALOG.drop_all(connection)


def create(connection: Connection) -> None:
    CATALOG.create_all(connection)
    indexes = SQLITE_INDEXES if connection.dialect.name == "sqlite" else POSTGRESQL_INDEXES
    for statement in indexes:
        connection.exec_driver_sql(statement)
    connection.execute(VERSION_TABLE.insert().values(version=CATALOG_VERSION))
