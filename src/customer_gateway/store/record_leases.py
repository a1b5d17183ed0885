"""Take and give up the leases of records, so that one worker writes to a record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.store.tables import RECORD_LEASES

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Executable


_LEASE: Final = RECORD_LEASES.c


def _take(dialect: Any) -> Executable:
    """Return the statement that takes a lease, in the words of a dialect."""
    new = dialect.insert(RECORD_LEASES)
    return new.on_conflict_do_update(
        index_elements=[_LEASE.name],
        set_={"owner": new.excluded.owner, "until": new.excluded.until},
        where=or_(_LEASE.owner == new.excluded.owner, _LEASE.until <= bindparam("now")),
    ).returning(_LEASE.name)


# Made once: to make a statement takes longer than to run it.
_ITS_OWN: Final = (_LEASE.name == bindparam("its_name"), _LEASE.owner == bindparam("its_owner"))
_TAKE: Final = {"sqlite": _take(sqlite), "postgresql": _take(postgresql)}
_KEEP: Final = update(RECORD_LEASES).where(*_ITS_OWN)
_GIVE_UP: Final = delete(RECORD_LEASES).where(*_ITS_OWN)


def take(connection: Connection, name: str, owner: str, now: datetime, until: datetime) -> bool:
    """Take a lease that is free, out, or the owner's own; return False where another has it. It is one statement."""
    values = {"name": name, "owner": owner, "until": until, "now": now}
    return connection.execute(_TAKE[connection.dialect.name], values).first() is not None


def keep(connection: Connection, name: str, owner: str | None, until: datetime | None) -> bool:
    """Prolong a lease that this owner has; return False where it has none: one that was lost is never taken back."""
    return connection.execute(_KEEP, {"until": until, "its_name": name, "its_owner": owner}).rowcount > 0


def give_up(connection: Connection, name: str, owner: str | None) -> None:
    """Delete a lease of this owner."""
    connection.execute(_GIVE_UP, {"its_name": name, "its_owner": owner})


def is_any_out(connection: Connection, now: datetime) -> bool:
    """Return whether there is a lease that its owner did not give up in time."""
    return connection.execute(select(_LEASE.name).where(_LEASE.until <= now).limit(1)).first() is not None


def delete_out(connection: Connection, now: datetime) -> None:
    """Delete the leases that are out: anybody may take them as they are, too."""
    connection.execute(delete(RECORD_LEASES).where(_LEASE.until <= now))
