"""Keep SQLite's full-text indexes as the rows are; PostgreSQL keeps its own by itself.

FTS5 stores no text here: a row is taken out by the text that was put in. What a transaction brings is one segment of an
index, written at its end, as long as ids ascend and each statement stores one row. A statement of several rows, and one
of a trigger, is a savepoint, at which FTS5 writes what it has: a row that changed left two segments. They are merged
later (`catalog_segments`).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.store.catalog_tables import TEXT_COLUMNS
from customer_gateway.store.compiled_statement import driver_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from sqlalchemy import Connection

_TEXTS: Final = ", ".join(TEXT_COLUMNS)
_ROWS: Final = (
    f"SELECT id, tokens, {_TEXTS} FROM catalog_records "  # noqa: S608 - our own names; values are bound
    "WHERE system = ? AND key IN (SELECT value FROM json_each(?)) AND tokens <> ''"
)


class _FtsTable(NamedTuple):
    """The statement that puts a row into an index, or takes it out by the command 'delete', and its columns there."""

    statement: str
    columns: slice


_FTS_TABLES: Final = (
    _FtsTable("INSERT INTO catalog_tokens(catalog_tokens, rowid, tokens) VALUES (?, ?, ?)", slice(1, 2)),
    _FtsTable(
        f"INSERT INTO catalog_pieces(catalog_pieces, rowid, {_TEXTS}) "  # noqa: S608 - as above
        f"VALUES (?, ?{', ?' * len(TEXT_COLUMNS)})",
        slice(2, None),
    ),
)
_Rows = dict[int, "Sequence[Any]"]


@contextmanager
def indexing(connection: Connection, system: str, keys: Sequence[str]) -> Generator[None]:
    """Bring the indexes up to date with what the body changes of a system's rows."""
    if connection.dialect.name != "sqlite" or not keys:
        yield
        return
    before = _rows(connection, system, keys)
    yield
    after = _rows(connection, system, keys)
    for statement, columns in _FTS_TABLES:
        if changes := _changes(before, after, columns):
            driver_of(connection).executemany(statement, changes)


def _rows(connection: Connection, system: str, keys: Sequence[str]) -> _Rows:
    found = driver_of(connection).execute(_ROWS, (system, json.dumps(list(keys)))).fetchall()
    return {row[0]: row for row in found}


def _changes(before: Mapping[int, Sequence[Any]], after: Mapping[int, Sequence[Any]], columns: slice) -> list[Any]:
    """Return the parameters of the statements for an index, in the order of ids: a row that changed is out, then in."""
    changes: list[Any] = []
    for id_ in sorted(before.keys() | after.keys()):
        old, new = (rows[id_][columns] if id_ in rows else None for rows in (before, after))
        if old == new:
            continue
        if old is not None:
            changes.append(("delete", id_, *old))
        if new is not None:
            changes.append((None, id_, *new))
    return changes
