"""The tables, as the newest migration leaves them. A change here is a migration there: a test compares the two.

Whatever makes statements imports this, in some thread, while another may be importing `engines`, and SQLAlchemy's ORM
with it. Until that is imported whole, values of statements are inspected by half of it, which fails: so it is waited
for here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Final

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, MetaData, String, Table, TypeDecorator, text

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

import_module("sqlalchemy.orm")

REVISION: Final = "0002"
"""The newest migration: the tables below are those of this one."""
VERSION_TABLE: Final = "alembic_version"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def moment_of(value: int) -> datetime:
    """Return the moment of milliseconds since 1970."""
    return _EPOCH + value * _MILLISECOND


class Moment(TypeDecorator[datetime]):
    """An aware moment as milliseconds since 1970, which both databases keep and compare alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else moment_of(value)


METADATA: Final = MetaData()

# One row for each of what others follow: its `stamp` is another after every change. Random, not counted, so that a
# backup which is played back is a change, too.
CHANGE_STAMPS: Final = Table(
    "change_stamps",
    METADATA,
    Column("name", String, primary_key=True),
    Column("stamp", String, nullable=False),
)

# A key that was rotated has a row for each of its secrets; `replaced_at` is when the next one was given out.
API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),
    Column("systems", JSON(none_as_null=True)),
    Column("rate_class", String),
    Column("addresses", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("replaced_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used_at", Moment),
)

Index(
    "one_current_key_of_a_name",
    API_KEYS.c.name,
    unique=True,
    sqlite_where=text("replaced_at IS NULL AND revoked_at IS NULL"),
    postgresql_where=text("replaced_at IS NULL AND revoked_at IS NULL"),
)

# `private` holds the personal values of a write, sealed; NULL when they are purged. No other column has any: `path` of
# `writes` names a record by its key. `owner` and `lease_until` are NULL where no worker is at it.
OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("system", String, nullable=False),
    Column("record_key", String),
    Column("actor", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("settled_at", Moment),
    Column("idempotency", String, unique=True),  # NULLs are all different, on both databases
    Column("input_digest", String, nullable=False),
    Column("writes", JSON, nullable=False),
    Column("errors", JSON, nullable=False),
    Column("foreign_places", JSON, nullable=False),
    Column("private", LargeBinary),
    Column("owner", String),
    Column("lease_until", Moment),
)

Index("operations_by_time", OPERATIONS.c.started_at, OPERATIONS.c.id)
Index("operations_of_an_actor", OPERATIONS.c.actor, OPERATIONS.c.started_at)
Index("operations_on_a_record", OPERATIONS.c.system, OPERATIONS.c.record_key, OPERATIONS.c.started_at)
Index("operations_by_lease", OPERATIONS.c.state, OPERATIONS.c.lease_until)
Index("operations_by_end", OPERATIONS.c.settled_at)

# Who may write to a record now; `until` is past where its owner ended without giving it up.
RECORD_LEASES: Final = Table(
    "record_leases",
    METADATA,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("until", Moment, nullable=False),
)
