"""Take and give up the leases of records, so that one worker writes to a record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.store.tables import RECORD_LEASES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


_LEASE: Final = RECORD_LEASES.c


def take(connection: Connection, name: str, owner: str, now: datetime, until: datetime) -> bool:
    """Take a lease that is free, out, or the owner's own; return False where another has it. It is one statement."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    taken = connection.execute(
        dialect.insert(RECORD_LEASES)
        .values(name=name, owner=owner, until=until)
        .on_conflict_do_update(
            index_elements=[_LEASE.name],
            set_={"owner": owner, "until": until},
            where=or_(_LEASE.owner == owner, _LEASE.until <= now),
        )
        .returning(_LEASE.name)
    )
    return taken.first() is not None


def keep(connection: Connection, name: str, owner: str | None, until: datetime | None) -> bool:
    """Prolong a lease that this owner has; return False where it has none: one that was lost is never taken back."""
    kept = connection.execute(
        update(RECORD_LEASES).where(_LEASE.name == name, _LEASE.owner == owner).values(until=until)
    )
    return kept.rowcount > 0


def give_up(connection: Connection, name: str, owner: str) -> None:
    """Delete a lease of this owner."""
    connection.execute(delete(RECORD_LEASES).where(_LEASE.name == name, _LEASE.owner == owner))


def is_any_out(connection: Connection, now: datetime) -> bool:
    """Return whether there is a lease that its owner did not give up in time."""
    return connection.execute(select(_LEASE.name).where(_LEASE.until <= now).limit(1)).first() is not None


def delete_out(connection: Connection, now: datetime) -> None:
    """Delete the leases that are out: anybody may take them as they are, too."""
    connection.execute(delete(RECORD_LEASES).where(_LEASE.until <= now))
