"""The statements on the table of operations; each function is a part of a transaction, in its thread."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, false, literal, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.model.operations import OperationState
from customer_gateway.store.compiled_statement import CompiledStatement
from customer_gateway.store.tables import OPERATIONS, Moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select

KEY_KEPT: Final = timedelta(hours=24)
"""An idempotency key is held at least so long after its operation is settled."""
VALUES_KEPT: Final = timedelta(hours=24)
"""Personal values stay so long after their operation is settled."""
GIVEN_UP: Final = timedelta(days=30)
"""An operation that is not settled so long after it began is given up: it is settled as UNKNOWN, without its values.

No vendor reviews a change for longer, and whoever could say what became of a call has been asked for a month.
"""
OPERATIONS_KEPT: Final = timedelta(days=90)
"""Operations stay so long after they are settled."""
_OPEN: Final = (OperationState.PENDING.value, OperationState.UNKNOWN.value)
_IT: Final = OPERATIONS.c

_ITS_OWN: Final = (_IT.id == bindparam("its_id"), _IT.owner == bindparam("its_owner"))
_INSERT: Final = CompiledStatement(
    *(
        dialect.insert(OPERATIONS).on_conflict_do_nothing(index_elements=[_IT.idempotency]).returning(_IT.id)
        for dialect in (sqlite, postgresql)
    )
)
_HOLDER: Final = select(OPERATIONS).where(_IT.idempotency == bindparam("held"))
_CHANGE: Final = CompiledStatement(update(OPERATIONS).where(*_ITS_OWN))
_REMOVE: Final = CompiledStatement(delete(OPERATIONS).where(*_ITS_OWN))
_ONE: Final = select(OPERATIONS).where(_IT.id == bindparam("its_id"))
_OPEN_ROWS: Final = CompiledStatement(
    select(OPERATIONS)
    .where(
        _IT.system == bindparam("its_system"),
        _IT.record_key == bindparam("its_key"),
        or_(*(_IT.state == each for each in _OPEN)),
        _IT.settled_at.is_(None),
    )
    .order_by(_IT.started_at.desc(), _IT.id.desc())
)


def insert(connection: Connection, values: Mapping[str, Any], now: datetime) -> RowMapping | None:
    """Insert an operation; return the row of the one that holds its idempotency key instead.

    Who inserts the same key at the same time waits for the other's transaction, and then finds its row.
    """
    while not _INSERT.rows(connection, values):
        row = connection.execute(_HOLDER, {"held": values["idempotency"]}).mappings().one_or_none()
        if row is not None:  # else it was deleted, or gave the key up, just now
            settled_at: datetime | None = row["settled_at"]
            if settled_at is None or settled_at > now - KEY_KEPT:
                return row
            connection.execute(
                update(OPERATIONS)
                .where(_IT.id == row["id"], _IT.idempotency == row["idempotency"])
                .values(idempotency=None)
            )
    return None


def change(connection: Connection, id: str, owner: str | None, values: Mapping[str, Any]) -> bool:  # noqa: A002 - as everywhere in the model
    """Update an operation; return False where another owner has its lease."""
    return _CHANGE.execute(connection, {**values, "its_id": id, "its_owner": owner}) > 0


def remove(connection: Connection, id: str, owner: str | None) -> bool:  # noqa: A002 - see `change`
    """Delete an operation; return False where another owner has its lease."""
    return _REMOVE.execute(connection, {"its_id": id, "its_owner": owner}) > 0


def take_over(
    connection: Connection,
    id: str,  # noqa: A002 - see `change`
    owner: str,
    now: datetime,
    until: datetime,
) -> RowMapping | None:
    """Give the lease of an operation to another owner and return its row; None where it is settled, or has a lease."""
    taken = connection.execute(
        update(OPERATIONS)
        .where(_is(_IT.id, id), _IT.settled_at.is_(None), _is_unleased(now))
        .values(owner=owner, lease_until=until)
        .returning(OPERATIONS)
    )
    return taken.mappings().one_or_none()


def stranded_ids(connection: Connection, now: datetime, most: int, systems: Sequence[str]) -> Sequence[str]:
    """Return the ids of running operations of these systems without a lease, the oldest first."""
    statement = select(_IT.id).where(
        _IT.state == OperationState.RUNNING.value, _IT.system.in_(systems), _is_unleased(now)
    )
    return connection.execute(statement.order_by(_IT.started_at, _IT.id).limit(most)).scalars().all()


def one(connection: Connection, id: str) -> RowMapping | None:  # noqa: A002 - see `change`
    """Return the row of an operation."""
    if "\0" in id:
        return None  # PostgreSQL takes none
    return connection.execute(_ONE, {"its_id": id}).mappings().one_or_none()


def open_rows(connection: Connection, system: str, key: str) -> Sequence[Mapping[str, Any]]:
    """Return the rows of operations on a record whose outcome is open, the newest first."""
    if "\0" in key:
        return []  # PostgreSQL takes none
    found = _OPEN_ROWS.rows(connection, {"its_system": system, "its_key": key})
    return [dict(zip(OPERATIONS.columns.keys(), row, strict=True)) for row in found]


def newest(
    connection: Connection,
    first: int,
    after: tuple[datetime, str] | None,
    *,
    actor: str | None,
    states: Sequence[str],
    record: tuple[str, str] | None,
    systems: Sequence[str] | None,
    unsettled_at: datetime | None,
) -> Sequence[RowMapping]:
    """Return rows, the newest first, those after a moment and an id, that fulfil every condition that is given."""
    conditions: list[ColumnElement[bool]] = []
    if after is not None:
        moment, id_ = after
        conditions.append(tuple_(_IT.started_at, _IT.id) < tuple_(literal(moment, Moment), literal(id_)))
    if actor is not None:
        conditions.append(_is(_IT.actor, actor))
    if states:
        conditions.append(_IT.state.in_(states))
    if record is not None:
        conditions += [_is(_IT.system, record[0]), _is(_IT.record_key, record[1])]
    if systems is not None:
        conditions.append(_IT.system.in_(systems))
    if unsettled_at is not None:
        conditions.append(or_(_IT.settled_at.is_(None), _IT.settled_at >= unsettled_at))
    statement = _newest_first(select(OPERATIONS).where(*conditions)).limit(first)
    return connection.execute(statement).mappings().all()


def purge(connection: Connection, now: datetime) -> int:
    """Delete personal values and whole operations whose time is over; return of how many the values went.

    Operations that nobody has settled for long are given up, and their values go with that.
    """
    connection.execute(delete(OPERATIONS).where(_IT.settled_at <= now - OPERATIONS_KEPT))
    over: dict[str, Any] = {"private": None, "owner": None, "lease_until": None}
    given_up = connection.execute(
        update(OPERATIONS).where(_is_to_give_up(now)).values(state=OperationState.UNKNOWN.value, settled_at=now, **over)
    )
    purged = connection.execute(update(OPERATIONS).where(_is_to_purge(now)).values(private=None))
    return given_up.rowcount + purged.rowcount


def is_anything_to_purge(connection: Connection, now: datetime) -> bool:
    """Return whether `purge` would change anything: asked first, so that a write happens only where it does."""
    over = or_(_is_to_purge(now), _is_to_give_up(now), _IT.settled_at <= now - OPERATIONS_KEPT)
    return connection.execute(select(_IT.id).where(over).limit(1)).first() is not None


def _is(column: Column[Any], text: str) -> ColumnElement[bool]:
    """Compare a column with a text that a client may have sent: one with U+0000 is none that PostgreSQL takes."""
    return false() if "\0" in text else column == text


def _is_to_purge(now: datetime) -> ColumnElement[bool]:
    return (_IT.settled_at <= now - VALUES_KEPT) & _IT.private.is_not(None)


def _is_to_give_up(now: datetime) -> ColumnElement[bool]:
    return _IT.settled_at.is_(None) & (_IT.started_at <= now - GIVEN_UP) & _is_unleased(now)


def _is_unleased(now: datetime) -> ColumnElement[bool]:
    return or_(_IT.lease_until.is_(None), _IT.lease_until <= now)


def _newest_first(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(_IT.started_at.desc(), _IT.id.desc())
