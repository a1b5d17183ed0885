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

_IN: Final = (
    text("INSERT INTO catalog_tokens(rowid, tokens) VALUES(:id, :tokens)"),
    text("INSERT INTO catalog_pieces(rowid, pieces) VALUES(:id, :pieces)"),
)
_OUT: Final = (
    text("INSERT INTO catalog_tokens(catalog_tokens, rowid, tokens) VALUES('delete', :id, :tokens)"),
    text("INSERT INTO catalog_pieces(catalog_pieces, rowid, pieces) VALUES('delete', :id, :pieces)"),
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
        rows = [_parts(*row) for row in connection.execute(query).all()]
        if rows:
            for statement in statements:
                connection.execute(statement, rows)


def _parts(id_: int, tokens: str, *texts: str | None) -> dict[str, Any]:
    """Return what stands of a row in the indexes."""
    return {"id": id_, "tokens": tokens, "pieces": "\n".join(filter(None, texts))}
