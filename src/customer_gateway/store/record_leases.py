"""Acquire, renew and release the leases of records, so that one worker writes to a record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.store.compiled_statement import CompiledStatement
from customer_gateway.store.tables import RECORD_LEASES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.sql.expression import UpdateBase

_LEASE: Final = RECORD_LEASES.c


def _acquire_statement(dialect: Any) -> UpdateBase:
    """Return the statement that acquires a lease, in a dialect."""
    new = dialect.insert(RECORD_LEASES)
    return new.on_conflict_do_update(
        index_elements=[_LEASE.name],
        set_={"owner": new.excluded.owner, "until": new.excluded.until},
        where=or_(_LEASE.owner == new.excluded.owner, _LEASE.until <= bindparam("now")),
    ).returning(_LEASE.name)


_ITS_OWN: Final = (_LEASE.name == bindparam("its_name"), _LEASE.owner == bindparam("its_owner"))
_ACQUIRE: Final = CompiledStatement(_acquire_statement(sqlite), _acquire_statement(postgresql))
_RENEW: Final = CompiledStatement(update(RECORD_LEASES).where(*_ITS_OWN))
_RELEASE: Final = CompiledStatement(delete(RECORD_LEASES).where(*_ITS_OWN))


def acquire(connection: Connection, name: str, owner: str, now: datetime, until: datetime) -> bool:
    """Acquire a lease that is free, expired, or the owner's own; return False where another has it. One statement."""
    values = {"name": name, "owner": owner, "until": until, "now": now}
    return bool(_ACQUIRE.rows(connection, values))


def renew(connection: Connection, name: str, owner: str | None, until: datetime | None) -> bool:
    """Renew a lease that this owner has; return False where it has none: one that was lost is never acquired again."""
    return _RENEW.execute(connection, {"until": until, "its_name": name, "its_owner": owner}) > 0


def release(connection: Connection, name: str, owner: str | None) -> None:
    """Delete a lease of this owner."""
    _RELEASE.execute(connection, {"its_name": name, "its_owner": owner})


def is_any_expired(connection: Connection, now: datetime) -> bool:
    """Return whether there is a lease that its owner did not release in time."""
    return connection.execute(select(_LEASE.name).where(_LEASE.until <= now).limit(1)).first() is not None


def delete_expired(connection: Connection, now: datetime) -> None:
    """Delete the leases that are expired: anybody may acquire them as they are, too."""
    connection.execute(delete(RECORD_LEASES).where(_LEASE.until <= now))
