"""Keep SQLite's full-text indexes as the rows are; PostgreSQL keeps its own by itself.

FTS5 stores no text here: a row is taken out by the text that was put in. Triggers would do this, too, but each of their
statements is a savepoint, at which FTS5 writes what it has to disk: that is ten times as slow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, text

from customer_gateway.store.catalog_tables import RECORDS, TEXT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_RECORD: Final = RECORDS.c
_MOST_KEYS: Final = 500
"""In one statement; SQLite takes some thousands of parameters."""

_TEXTS: Final = ", ".join(TEXT_COLUMNS)
_VALUES: Final = ", ".join(f":{name}" for name in TEXT_COLUMNS)
_IN: Final = (
    text("INSERT INTO catalog_tokens(rowid, tokens) VALUES(:id, :tokens)"),
    text(f"INSERT INTO catalog_pieces(rowid, {_TEXTS}) VALUES(:id, {_VALUES})"),
)
_OUT: Final = (
    text("INSERT INTO catalog_tokens(catalog_tokens, rowid, tokens) VALUES('delete', :id, :tokens)"),
    text(f"INSERT INTO catalog_pieces(catalog_pieces, rowid, {_TEXTS}) VALUES('delete', :id, {_VALUES})"),
)


def take_out(connection: Connection, system: str, keys: Sequence[str]) -> None:
    """Take rows out of the indexes, as they are stored now: before they are changed."""
    _run(connection, _OUT, system, keys)


def put_in(connection: Connection, system: str, keys: Sequence[str]) -> None:
    """Put rows into the indexes, as they are stored now: after they were changed."""
    _run(connection, _IN, system, keys)


def _run(connection: Connection, statements: Sequence[Any], system: str, keys: Sequence[str]) -> None:
    if connection.dialect.name != "sqlite":
        return
    columns = [_RECORD.id, _RECORD.tokens, *(_RECORD[name] for name in TEXT_COLUMNS)]
    for start in range(0, len(keys), _MOST_KEYS):
        some = keys[start : start + _MOST_KEYS]
        query = select(*columns).where(_RECORD.system == system, _RECORD.key.in_(some), _RECORD.tokens != "")
        rows = [dict(row) for row in connection.execute(query).mappings()]
        if rows:
            for statement in statements:
                connection.execute(statement, rows)
