"""Read which migration the tables of a database are of; without Alembic, which takes long to import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from customer_gateway.store.tables import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection


def revision_of(connection: Connection) -> str | None:
    """Return the revision, None where no migration has run yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own name
