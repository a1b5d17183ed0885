"""Write rows of the index: what reads have brought, what is missing, what is gone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, case, null, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.model.catalog import RecordState
from customer_gateway.store.catalog_fts import put_in, take_out
from customer_gateway.store.catalog_tables import RECORDS, SYSTEMS, TEXT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Executable

    from customer_gateway.model.catalog import IndexRow

_RECORD: Final = RECORDS.c
_CHANGED: Final = (
    "customer",
    "state",
    "name_key",
    "number_key",
    "created_at",
    "updated_at",
    "tokens",
    *TEXT_COLUMNS,
    "shown",
    "stamp",
    "seen_at",
    "state_since",
)
"""The columns of a row that a newer read changes."""


class Stored(NamedTuple):
    """What the index has of a record."""

    values: str
    state: RecordState
    seen_pass: int


class PreparedRows(NamedTuple):
    """What is to be written of records of one system: rows that are new or another, and what was seen as known.

    `seen` are keys with their stamps; `seen_pass` is the number of the pass that saw all of them, if one did.
    """

    system: str
    rows: Sequence[IndexRow]
    seen: Sequence[tuple[str, str]]
    seen_pass: int | None


def put(connection: Connection, prepared: PreparedRows, read_at: datetime) -> None:
    """Store what a read has brought that began at a moment: every record is PRESENT, and was seen then.

    A row that was seen later, or whose state is of later, stays as it is, but for the pass in which it was seen.
    """
    system = prepared.system
    register(connection, system)
    changed = sorted(row.key for row in prepared.rows)
    keys = [*changed, *(key for key, _ in prepared.seen)]
    _lock(connection, system, keys)
    take_out(connection, system, changed)
    _upsert(connection, [_columns(row, read_at, prepared.seen_pass or 0) for row in prepared.rows])
    put_in(connection, system, changed)
    if prepared.seen:
        same = [{"of": system, "record": key, "is": stamp, "at": read_at} for key, stamp in prepared.seen]
        connection.execute(_SEEN, same)
    if prepared.seen_pass is not None:
        _note_pass(connection, system, keys, prepared.seen_pass)


def _lock(connection: Connection, system: str, keys: Sequence[str]) -> None:
    """Lock rows in the order of their keys, as every writer does: two of them never wait for each other."""
    if connection.dialect.name != "sqlite":  # whose writers come one after the other
        mine = select(_RECORD.id).where(_RECORD.system == system, _RECORD.key.in_(keys))
        connection.execute(mine.order_by(_RECORD.key).with_for_update()).all()


def stored(connection: Connection, system: str, keys: Sequence[str]) -> Mapping[str, Stored]:
    """Return what the index has of some records of a system, by key."""
    query = select(_RECORD.key, _RECORD.shown, _RECORD.state, _RECORD.seen_pass)
    found = connection.execute(query.where(_RECORD.system == system, _RECORD.key.in_(keys)))
    return {row.key: Stored(row.shown, RecordState(row.state), row.seen_pass) for row in found}


def seen_at(connection: Connection, system: str, keys: Sequence[str]) -> Mapping[str, datetime]:
    """Return when records of a system were last seen, by key."""
    query = select(_RECORD.key, _RECORD.seen_at).where(_RECORD.system == system, _RECORD.key.in_(keys))
    return {row.key: row.seen_at for row in connection.execute(query)}


def set_state(
    connection: Connection,
    system: str,
    keys: Sequence[str],
    state: RecordState,
    now: datetime,
    unseen_since: datetime | None = None,
) -> int:
    """Set the state of records that are in the index; those that are GONE are found no more. Return how many changed.

    Only a record that is PRESENT can become MISSING. What was seen at `unseen_since`, or later, stays as it is.
    """
    if unseen_since is not None:
        unseen = select(_RECORD.key).where(
            _RECORD.system == system, _RECORD.key.in_(keys), _RECORD.seen_at < unseen_since
        )
        keys = connection.scalars(unseen if connection.dialect.name == "sqlite" else unseen.with_for_update()).all()
    before = [RecordState.PRESENT] if state is RecordState.MISSING else list(set(RecordState) - {state})
    values: dict[str, Any] = {"state": int(state), "state_since": now}
    if state is RecordState.GONE:
        values |= dict.fromkeys(("name_key", "number_key", "created_at", "updated_at", *TEXT_COLUMNS), null())
        values["tokens"] = ""
        take_out(connection, system, keys)
    found = connection.execute(
        update(RECORDS)
        .where(_RECORD.system == system, _RECORD.key.in_(keys), _RECORD.state.in_([int(each) for each in before]))
        .values(**values)
    )
    return found.rowcount


def forget_gone(connection: Connection, system: str, before: datetime, most: int) -> int:
    """Blank what is known of a system's records that are GONE since before a moment, at most so many; return how
    many.
    """
    mine = and_(_RECORD.system == system, _RECORD.state == int(RecordState.GONE))
    old = select(_RECORD.id).where(mine, _RECORD.state_since < before, _RECORD.shown != "{}").limit(most)
    return connection.execute(update(RECORDS).where(_RECORD.id.in_(old)).values(shown="{}", stamp="")).rowcount


def register(connection: Connection, system: str) -> None:
    """Make the row of a system in the index unless it is there."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(SYSTEMS).values(system=system, state="NEVER", pass_number=0, details="{}")
    connection.execute(new.on_conflict_do_nothing(index_elements=[SYSTEMS.c.system]))


_SEEN: Final = (
    update(RECORDS)
    .where(_RECORD.system == bindparam("of"), _RECORD.key == bindparam("record"), _RECORD.seen_at <= bindparam("at"))
    .values(seen_at=bindparam("at"), stamp=bindparam("is"))
)


def _note_pass(connection: Connection, system: str, keys: Sequence[str], number: int) -> None:
    """Store that a pass has seen records; a later one may have already."""
    mine = update(RECORDS).where(_RECORD.system == system, _RECORD.key.in_(keys), _RECORD.seen_pass < number)
    connection.execute(mine.values(seen_pass=number))


def _columns(row: IndexRow, now: datetime, seen_pass: int) -> dict[str, Any]:
    return {
        "system": row.system,
        "key": row.key,
        "customer": row.customer,
        "state": int(RecordState.PRESENT),
        "name_key": row.name_key,
        "number_key": row.number_key,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "tokens": row.tokens,
        **dict(zip(TEXT_COLUMNS, row.texts, strict=True)),
        "shown": row.values,
        "stamp": row.stamp,
        "seen_at": now,
        "seen_pass": seen_pass,
        "state_since": now,
    }


def _upsert(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_upserting(connection.dialect.name), rows)


@cache
def _upserting(dialect: str) -> Executable:
    """Return the statement that stores a row: it is made once, since that takes as long as storing twenty."""
    new = sqlite.insert(RECORDS) if dialect == "sqlite" else postgresql.insert(RECORDS)
    changed: dict[str, Any] = {name: new.excluded[name] for name in _CHANGED}
    # One that was PRESENT already is so since then.
    since = case((_RECORD.state == new.excluded.state, _RECORD.state_since), else_=new.excluded.state_since)
    changed["state_since"] = since
    is_newer = and_(
        _RECORD.seen_at <= new.excluded.seen_at,
        or_(_RECORD.state == int(RecordState.PRESENT), _RECORD.state_since <= new.excluded.seen_at),
    )
    return new.on_conflict_do_update(index_elements=[_RECORD.system, _RECORD.key], set_=changed, where=is_newer)
