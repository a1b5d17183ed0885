"""Bring the tables up to date by Alembic, one process at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from customer_gateway.errors import DatabaseNewer
from customer_gateway.store.revision import revision_of
from customer_gateway.store.tables import REVISION

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK: Final = 7_163_920_415_287_116
"""The advisory lock on PostgreSQL; any number that no other program uses in the same database."""


def upgrade(connection: Connection, location: str) -> str | None:
    """Run what is missing in the transaction of `connection`, and return the revision before. Raises `DatabaseNewer`.

    On SQLite the transaction has the lock of writers from its beginning (BEGIN IMMEDIATE); on PostgreSQL it takes an
    advisory lock, which ends with it. Who waited finds the tables up to date.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    before = revision_of(connection)
    if before == REVISION:
        return before
    if before is not None and (refusal := refusal_of(before, location)) is not None:
        raise refusal
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before


def refusal_of(revision: str, location: str) -> DatabaseNewer | None:
    """Return the refusal of a database whose revision no migration of this program leads to, None for others."""
    if revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}:
        return None
    return DatabaseNewer(
        f"{location}: the database is of version {revision}, which this program does not know: it knows those up to "
        f"{REVISION}. Run the newer program, or name another database in [database] url."
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "customer_gateway.store:migrations")
    return config
