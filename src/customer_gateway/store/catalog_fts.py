"""Keep SQLite's full-text indexes as the rows are; PostgreSQL keeps its own by itself.

FTS5 stores no text here: a row is taken out by the text that was put in. Triggers would do this, too, but each of their
statements is a savepoint, at which FTS5 writes what it has to disk: that is ten times as slow.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from customer_gateway.store.catalog_tables import TEXT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, TextClause

_TEXTS: Final = ", ".join(TEXT_COLUMNS)
_ROWS: Final = (
    "FROM catalog_records WHERE system = :system AND key IN (SELECT value FROM json_each(:keys)) AND tokens <> ''"
)
# S608: these are our own names; values are bound.
_IN: Final = (
    text(f"INSERT INTO catalog_tokens(rowid, tokens) SELECT id, tokens {_ROWS}"),
    text(f"INSERT INTO catalog_pieces(rowid, {_TEXTS}) SELECT id, {_TEXTS} {_ROWS}"),
)
_OUT: Final = (
    text(f"INSERT INTO catalog_tokens(catalog_tokens, rowid, tokens) SELECT 'delete', id, tokens {_ROWS}"),
    text(f"INSERT INTO catalog_pieces(catalog_pieces, rowid, {_TEXTS}) SELECT 'delete', id, {_TEXTS} {_ROWS}"),
)


def take_out(connection: Connection, system: str, keys: Sequence[str]) -> None:
    """Take rows out of the indexes, as they are stored now: before they are changed."""
    _run(connection, _OUT, system, keys)


def put_in(connection: Connection, system: str, keys: Sequence[str]) -> None:
    """Put rows into the indexes, as they are stored now: after they were changed."""
    _run(connection, _IN, system, keys)


def _run(connection: Connection, statements: Sequence[TextClause], system: str, keys: Sequence[str]) -> None:
    if connection.dialect.name == "sqlite" and keys:
        rows = {"system": system, "keys": json.dumps(list(keys))}
        for statement in statements:
            connection.execute(statement, rows)
