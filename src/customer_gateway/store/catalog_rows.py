"""Write rows of the index: what reads have brought, what is missing, what is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, case, null, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from customer_gateway.model.catalog import RecordState
from customer_gateway.store.catalog_fts import indexing
from customer_gateway.store.catalog_merging import StoredRecord
from customer_gateway.store.catalog_tables import RECORDS, SYSTEMS, TEXT_COLUMNS
from customer_gateway.store.compiled_statement import CompiledStatement
from customer_gateway.store.tables import Moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.sql.expression import UpdateBase

    from customer_gateway.model.catalog import IndexRow, RecordChange
    from customer_gateway.model.ids import RecordRef
    from customer_gateway.store.catalog_merging import Merged

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
    "whole_at",
    "later",
    "state_since",
)
"""The columns of a row that a read changes."""
_STORED: Final = select(
    _RECORD.key, _RECORD.shown, _RECORD.state, _RECORD.state_since, _RECORD.whole_at, _RECORD.later
).where(_RECORD.system == bindparam("of"))
_STORED_RECORDS: Final = _STORED.where(_RECORD.key.in_(bindparam("records", expanding=True)))
_STORED_RECORD: Final = CompiledStatement(_STORED.where(_RECORD.key == bindparam("record")))
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:system, 7163920415287118))")


class PreparedRows(NamedTuple):
    """What is to be written after a read of records of one system that began at `read_at`.

    `rows` are new or another, `unchanged` are as they were; those that a later read brought are in neither. It was made
    from what was `there`; `again` makes it from what is there then. `seen_pass` is the number of the pass that read, if
    any.
    """

    system: str
    keys: Sequence[str]
    read_at: datetime
    rows: Sequence[tuple[IndexRow, Merged]]
    unchanged: Sequence[tuple[RecordChange, Merged]]
    seen_pass: int | None
    there: Mapping[str, StoredRecord]
    again: Callable[[Mapping[str, StoredRecord]], PreparedRows]


def put(connection: Connection, prepared: PreparedRows, *, note_seen: bool = True) -> int:
    """Store what a read has brought; return how many rows are another now.

    Every record that is stored is PRESENT, and was seen then. What a later read has brought stays. Without `note_seen`
    nothing is written of a record that is as it was.
    """
    lock(connection, prepared.system)
    if (there := stored_records(connection, prepared.system, prepared.keys)) != prepared.there:
        prepared = prepared.again(there)
    return _put(connection, prepared if note_seen else prepared._replace(unchanged=()))


def put_one(
    connection: Connection, ref: RecordRef, prepare: Callable[[Mapping[str, StoredRecord]], PreparedRows]
) -> int:
    """Store what a read has brought of a record, as `put` does; its row is made while others may not write."""
    lock(connection, ref.system)
    found = _STORED_RECORD.rows(connection, {"of": ref.system, "record": ref.key})
    return _put(connection, prepare(_by_key(found)))


def _put(connection: Connection, prepared: PreparedRows) -> int:
    system, keys = prepared.system, prepared.keys
    if len(prepared.there) < len(keys):  # of a record that is there the system is, too
        register(connection, system)
    with indexing(connection, system, [row.key for row, _ in prepared.rows]):
        if prepared.rows:
            _UPSERT.execute_each(connection, [_columns(row, found, prepared) for row, found in prepared.rows])
    if prepared.unchanged:
        seen = [_seen_values(change, found, prepared.read_at) for change, found in prepared.unchanged]
        connection.execute(_NOTE_SEEN, seen)
    if prepared.seen_pass is not None:
        _note_pass(connection, system, keys, prepared.seen_pass)
    return len(prepared.rows)


def lock(connection: Connection, system: str) -> None:
    """Let others write rows of the system only after this transaction; SQLite does so anyway.

    Rows alone could not be locked: those that are new are not there yet.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_LOCK, {"system": system})


def stored_records(connection: Connection, system: str, keys: Sequence[str]) -> Mapping[str, StoredRecord]:
    """Return what the index has of some records of a system, by key."""
    return _by_key(connection.execute(_STORED_RECORDS, {"of": system, "records": keys}).all())


def _by_key(rows: Sequence[Sequence[Any]]) -> Mapping[str, StoredRecord]:
    return {
        key: StoredRecord(shown, RecordState(state), state_since, whole_at, later)
        for key, shown, state, state_since, whole_at, later in rows
    }


def whole_at(connection: Connection, system: str, keys: Sequence[str]) -> Mapping[str, datetime]:
    """Return when the last read of all fields of records began, by key."""
    mine = _RECORD.system == system, _RECORD.key.in_(keys), _RECORD.whole_at.is_not(None)
    return {row.key: row.whole_at for row in connection.execute(select(_RECORD.key, _RECORD.whole_at).where(*mine))}


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
    lock(connection, system)
    if unseen_since is not None:
        mine = _RECORD.system == system, _RECORD.key.in_(keys)
        keys = connection.scalars(select(_RECORD.key).where(*mine, _RECORD.seen_at < unseen_since)).all()
    before = [RecordState.PRESENT] if state is RecordState.MISSING else list(set(RecordState) - {state})
    values: dict[str, Any] = {"state": int(state), "state_since": now}
    if state is RecordState.GONE:
        values |= dict.fromkeys(("name_key", "number_key", "created_at", "updated_at", *TEXT_COLUMNS), null())
        values["tokens"] = ""
    mine = _RECORD.system == system, _RECORD.key.in_(keys), _RECORD.state.in_([int(each) for each in before])
    with indexing(connection, system, keys if state is RecordState.GONE else []):
        return connection.execute(update(RECORDS).where(*mine).values(**values)).rowcount


def forget_gone(connection: Connection, system: str, before: datetime, most: int) -> int:
    """Blank what is known of a system's records that are GONE since before a moment, at most so many; return how
    many.
    """
    lock(connection, system)
    mine = and_(_RECORD.system == system, _RECORD.state == int(RecordState.GONE))
    old = select(_RECORD.id).where(mine, _RECORD.state_since < before, _RECORD.shown != "{}").limit(most)
    blank = {"shown": "{}", "stamp": "", "whole_at": None, "later": None}
    return connection.execute(update(RECORDS).where(_RECORD.id.in_(old)).values(**blank)).rowcount


def register(connection: Connection, system: str) -> None:
    """Make the row of a system in the index unless it is there."""
    _REGISTER.execute(connection, {"system": system})


def _register_statement(dialect: Any) -> UpdateBase:
    new = dialect.insert(SYSTEMS)
    values = new.values(system=bindparam("system"), state="NEVER", pass_number=0, details="{}")
    return values.on_conflict_do_nothing(index_elements=[SYSTEMS.c.system])


_REGISTER: Final = CompiledStatement(_register_statement(sqlite), _register_statement(postgresql))

_AT: Final = bindparam("at", type_=Moment())
_NOTE_SEEN: Final = (
    update(RECORDS)
    .where(_RECORD.system == bindparam("of"), _RECORD.key == bindparam("record"))
    .values(
        seen_at=case((_RECORD.seen_at < _AT, _AT), else_=_RECORD.seen_at),
        whole_at=bindparam("whole"),
        later=bindparam("fields"),
    )
)


def _seen_values(change: RecordChange, found: Merged, read_at: datetime) -> dict[str, Any]:
    system, key = change.ref
    return {
        "of": system,
        "record": key,
        "at": read_at,
        "whole": found.whole_at,
        "fields": found.later,
    }


def _note_pass(connection: Connection, system: str, keys: Sequence[str], number: int) -> None:
    """Store that a pass has seen records; a later one may have already."""
    mine = update(RECORDS).where(_RECORD.system == system, _RECORD.key.in_(keys), _RECORD.seen_pass < number)
    connection.execute(mine.values(seen_pass=number))


def _columns(row: IndexRow, found: Merged, prepared: PreparedRows) -> dict[str, Any]:
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
        "seen_at": prepared.read_at,
        "whole_at": found.whole_at,
        "later": found.later,
        "seen_pass": prepared.seen_pass or 0,
        "state_since": prepared.read_at,
        "known_since": prepared.read_at,
    }


def _upsert_statement(dialect: Any) -> UpdateBase:
    """Return the statement that stores a row, in a dialect."""
    new = dialect.insert(RECORDS)
    changed: dict[str, Any] = {name: new.excluded[name] for name in _CHANGED}
    # One that was PRESENT already is so since then.
    since = case((_RECORD.state == new.excluded.state, _RECORD.state_since), else_=new.excluded.state_since)
    changed["state_since"] = since
    # One that was MISSING is the same as before; one that was GONE is new.
    known = case((_RECORD.state == int(RecordState.GONE), new.excluded.known_since), else_=_RECORD.known_since)
    changed["known_since"] = known
    later = case((_RECORD.seen_at > new.excluded.seen_at, _RECORD.seen_at), else_=new.excluded.seen_at)
    changed["seen_at"] = later
    return new.on_conflict_do_update(index_elements=[_RECORD.system, _RECORD.key], set_=changed)


_UPSERT: Final = CompiledStatement(_upsert_statement(sqlite), _upsert_statement(postgresql))
