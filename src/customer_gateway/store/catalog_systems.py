"""How far the passes of each system are: its row in the index, its lease, and what a pass has seen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, func, or_, select, update

from customer_gateway.errors import LeaseLost
from customer_gateway.model.catalog import RecordState, SyncStateName
from customer_gateway.model.passes import DOUBTED_IN, ENDED, SUSPECT, Absent, PassRow
from customer_gateway.store.catalog_fts import indexing
from customer_gateway.store.catalog_rows import lock, register
from customer_gateway.store.catalog_tables import RECORDS, SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from customer_gateway.model.passes import Ended

_OF: Final = SYSTEMS.c
_RECORD: Final = RECORDS.c


def rows(connection: Connection) -> Mapping[str, PassRow]:
    """Return what is stored of every system, by name."""
    return {row.system: _row(row) for row in connection.execute(select(SYSTEMS))}


def _row(row: Row[Any]) -> PassRow:
    return PassRow(
        row.system,
        SyncStateName(row.state),
        row.reason,
        row.pass_number,
        None if row.position is None else json.loads(row.position),
        row.began_at,
        row.completed_at,
        row.requested_at,
        row.accepted_at,
        json.loads(row.details),
        row.owner,
        row.lease_until,
    )


def acquire(
    connection: Connection, systems: Sequence[str], owner: str, now: datetime, until: datetime
) -> Sequence[str]:
    """Acquire the leases that are free or expired, renew the owner's own; return which systems it holds then."""
    there = set(connection.execute(select(_OF.system)).scalars())
    for name in sorted(set(systems) - there):
        register(connection, name)
    free = or_(_OF.owner.is_(None), _OF.owner == owner, _OF.lease_until <= now)
    held = _locked_names(connection, and_(_OF.system.in_(systems), free))
    connection.execute(update(SYSTEMS).where(_OF.system.in_(held)).values(owner=owner, lease_until=until))
    return held


def release(connection: Connection, owner: str) -> None:
    held = _locked_names(connection, _OF.owner == owner)
    connection.execute(update(SYSTEMS).where(_OF.system.in_(held)).values(owner=None))


def request(connection: Connection, systems: Sequence[str], now: datetime, *, accept: bool) -> None:
    """Ask for a pass of each system; what it then finds is believed where `accept` says so."""
    for name in sorted(systems):
        register(connection, name)
    asked = {"requested_at": now, **({"accepted_at": now} if accept else {})}
    names = _locked_names(connection, _OF.system.in_(systems))
    connection.execute(update(SYSTEMS).where(_OF.system.in_(names)).values(**asked))


def begin(connection: Connection, system: str, owner: str, position: Mapping[str, Any], now: datetime) -> int:
    """Begin a pass and return its number."""
    values = {"state": SyncStateName.RUNNING.value, "began_at": now, "requested_at": None}
    _change(connection, system, owner, **values, pass_number=_OF.pass_number + 1, position=json.dumps(position))
    return connection.execute(select(_OF.pass_number).where(_OF.system == system)).scalar_one()


def advance(connection: Connection, system: str, owner: str, position: Mapping[str, Any]) -> None:
    """Store how far a pass is."""
    _change(connection, system, owner, position=json.dumps(position))


def end(connection: Connection, system: str, owner: str, ended: Ended, now: datetime) -> None:
    """End a pass: nothing of it is left to go on with. What others have stored meanwhile stays."""
    row = _locked_row(connection, system)
    if row is None:
        raise _lost(system)
    values: dict[str, Any] = {"state": ended.state.value, "reason": ended.reason, "position": None}
    if ended.is_complete:
        values["completed_at"] = now
        values["accepted_at"] = None if row.accepted_at == ended.accepted_at else row.accepted_at
    details = {**ended.merged(row.details), ENDED: now.isoformat()}
    _change(connection, system, owner, **values, details=json.dumps(details))


def doubt(connection: Connection, system: str, suspicion: Mapping[str, Any], reason: str) -> None:
    """Store that a live read doubts what a system says, and in which pass: it asks for the next one.

    A suspicion that stands stays; the pass that runs does not lift it.
    """
    row = _locked_row(connection, system)
    if row is None:
        return
    stands = row.details.get(SUSPECT) or {**suspicion, "reason": reason}
    details = {**row.details, SUSPECT: {**stands, DOUBTED_IN: row.number}}
    connection.execute(update(SYSTEMS).where(_OF.system == system).values(details=json.dumps(details)))


def _locked_names(connection: Connection, condition: ColumnElement[bool]) -> Sequence[str]:
    """Return the systems of which the condition holds, whose rows nobody else changes before the transaction ends.

    They are locked in the order of their names: an update of several rows locks them in an order of its own, so that
    two of them may wait for each other.
    """
    query = select(_OF.system).where(condition).order_by(_OF.system).with_for_update()
    return connection.execute(query).scalars().all()


def _locked_row(connection: Connection, system: str) -> PassRow | None:
    """Return what is stored of a system, which nobody else changes before the transaction ends; None of an unknown."""
    query = select(SYSTEMS).where(_OF.system == system).with_for_update()  # SQLite has the lock of writers anyway
    found = connection.execute(query).first()
    return None if found is None else _row(found)


def _change(connection: Connection, system: str, owner: str, **values: Any) -> None:
    found = connection.execute(update(SYSTEMS).where(_OF.system == system, _OF.owner == owner).values(**values))
    if not found.rowcount:
        raise _lost(system)


def _lost(system: str) -> LeaseLost:
    return LeaseLost(f"{system}: another worker makes the passes of it by now.")


def demand_owner(connection: Connection, system: str, owner: str) -> None:
    """Raise `LeaseLost` where another worker makes the passes of the system by now."""
    held = select(_OF.owner).where(_OF.system == system).with_for_update()  # SQLite has the lock of writers anyway
    if connection.execute(held).scalar() != owner:
        raise _lost(system)


def count_seen(connection: Connection, system: str, number: int, keys: Sequence[str] | None = None) -> int:
    """Return how many records of the system the pass has seen, of these `keys` where some are given.

    A live read may have found them GONE since.
    """
    mine = and_(_RECORD.system == system, _RECORD.state.in_([int(each) for each in RecordState]))
    if keys is not None:
        mine = and_(_RECORD.system == system, _RECORD.key.in_(keys))
    return connection.execute(
        select(func.count()).select_from(RECORDS).where(mine, _RECORD.seen_pass == number)
    ).scalar_one()


def count_present(connection: Connection, system: str) -> int:
    """Return how many records of the system are PRESENT."""
    mine = and_(_RECORD.system == system, _RECORD.state == int(RecordState.PRESENT))
    return connection.execute(select(func.count()).select_from(RECORDS).where(mine)).scalar_one()


def find_absent(connection: Connection, system: str, number: int, before: datetime) -> Sequence[Absent]:
    """Return records that are not GONE, which the pass has not seen and of which nothing was stored since then."""
    states = [int(RecordState.PRESENT), int(RecordState.MISSING)]
    mine = and_(_RECORD.system == system, _RECORD.state.in_(states), _RECORD.seen_pass < number)
    columns = _RECORD.key, _RECORD.state, _RECORD.state_since, _RECORD.seen_pass, _RECORD.known_since
    found = connection.execute(select(*columns).where(mine, _RECORD.seen_at < before).order_by(_RECORD.key))
    return [Absent(each.key, RecordState(each.state), *each[2:]) for each in found]


def remove_some(connection: Connection, system: str, most: int) -> int:
    """Delete some records of a system, and its row after the last of them; return how many."""
    lock(connection, system)
    some = connection.scalars(select(_RECORD.key).where(_RECORD.system == system).limit(most)).all()
    with indexing(connection, system, some):
        removed = connection.execute(delete(RECORDS).where(_RECORD.system == system, _RECORD.key.in_(some))).rowcount
    if removed < most:
        connection.execute(delete(SYSTEMS).where(_OF.system == system))
    return removed


def records_by_state(connection: Connection) -> Mapping[str, Mapping[RecordState, int]]:
    """Return how many records each system has in each state."""
    query = select(_RECORD.system, _RECORD.state, func.count().label("records"))
    found: dict[str, dict[RecordState, int]] = {}
    for row in connection.execute(query.group_by(_RECORD.system, _RECORD.state)):
        found.setdefault(row.system, {})[RecordState(row.state)] = row.records
    return found
