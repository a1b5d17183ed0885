"""Documents of one vendor in SQLite: collections of JSON with a few indexed fields.

A body is stored as it is written: a blob where orjson reads it without loss, which is fast; else text, which
`exact` reads.
"""

from __future__ import annotations

import sqlite3
import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from customer_gateway.sandbox import exact
from customer_gateway.sandbox.views import view_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from customer_gateway.sandbox.views import Row

Document: TypeAlias = dict[str, Any]

_TABLES: Final = """
create table if not exists document (
    collection text not null, key text not null, position integer not null, body blob not null,
    primary key (collection, key)
) without rowid;
create index if not exists document_position on document (collection, position, key);
create table if not exists entry (collection text not null, field text not null, value text not null, key text not null,
    primary key (collection, field, value, key)
) without rowid;
create index if not exists entry_key on entry (collection, key);
"""
# SQLite refuses statements with more than 32,766 variables; a look-up takes its values in portions well below that.
_PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """A collection: the field that is its key and the fields one can look it up by, nested ones written `a.b`.

    A key of two fields is written `a/b`, and so are its values.
    """

    name: str
    key: str
    indexed: tuple[str, ...] = ()

    def key_of(self, document: Document) -> str:
        return "/".join(str(value_at(document, field)) for field in self.key.split("/"))


class Store:
    """One vendor's database. Positions keep the order in which documents came in."""

    def __init__(self, path: str = ":memory:") -> None:
        self._other: Store | None = None
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.close = weakref.finalize(self, self._database.close)  # also where the file is no database
        # What the operating system has outlives this process, and that is all that is asked of it.
        self._database.execute("pragma synchronous = off")
        self._database.executescript(_TABLES)

    def __getitem__(self, kind: Kind) -> Collection:
        return Collection(self, kind)

    @property
    def database(self) -> sqlite3.Connection:
        return self._database if self._other is None else self._other.database

    def show(self, other: Store | None) -> None:
        """Let this store, and every collection of it, read and write another one; None shows its own again."""
        self._other = other

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Write all that is written in here at once, or nothing where an exception ends it; it may be nested."""
        database = self.database
        if database.in_transaction:
            yield
            return
        with database:
            database.execute("begin")
            yield

    def copied_from(self, other: Store) -> Store:
        """Replace everything in this store by what `other` holds."""
        other.database.backup(self.database)
        return self

    def is_empty(self) -> bool:
        return self.database.execute("select 1 from document limit 1").fetchone() is None


@dataclass(frozen=True, slots=True)
class Collection:
    """The documents of one kind. Bodies are handed out parsed, or as the bytes they are stored as."""

    store: Store
    kind: Kind

    @property
    def database(self) -> sqlite3.Connection:
        return self.store.database

    def get(self, key: object) -> Document | None:
        row = self._row(key)
        return None if row is None else _document(row[0])

    def text(self, key: object) -> str:
        """Return a document as it is stored, to the letter. Raises KeyError where there is none."""
        row = self._row(key)
        if row is None:
            raise KeyError(key)
        return _raw(row[0]).decode()

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None

    def count(self) -> int:
        if (view := view_of(self.kind.name)) is not None:
            return view.total(len(view.kept([(key, b"") for key in self.keys()])))
        row = self.database.execute("select count(*) from document where collection = ?", (self.kind.name,)).fetchone()
        return int(row[0])

    def __iter__(self) -> Iterator[Document]:
        return (_document(body) for body in self._page(-1, 0))

    def page(self, limit: int, offset: int) -> list[Document]:
        return [_document(body) for body in self._page(limit, offset)]

    def bodies(self, limit: int = -1, offset: int = 0) -> list[bytes]:
        """Raw JSON of one page in order; a limit of -1 means all."""
        return [_raw(body) for body in self._page(limit, offset)]

    def sorted_bodies(self, sort: Sequence[tuple[str, bool]], limit: int, offset: int) -> list[bytes]:
        """Raw JSON of one page, sorted by dotted paths (each with whether it descends), then by key."""
        return [_raw(body) for body in self._sorted(sort, limit, offset)]

    def sorted_page(self, sort: Sequence[tuple[str, bool]], limit: int, offset: int) -> list[Document]:
        return [_document(body) for body in self._sorted(sort, limit, offset)]

    def _sorted(self, sort: Sequence[tuple[str, bool]], limit: int, offset: int) -> list[bytes | str]:
        terms = ", ".join(
            f"json_extract(cast(body as text), ?) {'desc' if descending else 'asc'}" for _, descending in sort
        )
        return self._in_order(f"{terms}, key", [f"$.{path}" for path, _ in sort], limit, offset)

    def _in_order(self, order: str, arguments: Sequence[str], limit: int, offset: int) -> list[bytes | str]:
        select = f"select key, body from document where collection = ? order by {order} limit ? offset ?"
        view = view_of(self.kind.name)
        portion = (limit, offset) if view is None else (-1, 0)
        rows: list[Row] = self.database.execute(select, (self.kind.name, *arguments, *portion)).fetchall()
        if view is not None:
            rows = view.ordered(view.kept(rows))[offset : None if limit < 0 else offset + limit]
        return [body for _, body in rows]

    def keys(self) -> list[str]:
        rows = self.database.execute(
            "select key from document where collection = ? order by position, key", (self.kind.name,)
        )
        return [row[0] for row in rows]

    def where(self, field: str, values: Iterable[object]) -> list[Document]:
        """Return the documents whose key or indexed field has one of the values, in order."""
        found: dict[str, tuple[int, bytes | str]] = {}
        wanted = sorted({_text(value) for value in values})
        for start in range(0, len(wanted), _PORTION):
            found |= self._found(field, wanted[start : start + _PORTION])
        rows: list[Row] = [(key, body) for key, (_, body) in sorted(found.items(), key=lambda item: item[1][0])]
        view = view_of(self.kind.name)
        return [_document(body) for _, body in (rows if view is None else view.found(rows))]

    def plant(self, key: object, members: str) -> None:
        """Lay the members of a JSON object over a stored document, to the letter, past every rule of the vendor's.

        For tests and foreign changes: no stamp moves unless it is among the members.
        """
        self.put({**exact.decoded(self.text(key)), **exact.decoded(members)})

    def write(self, key: object, text: str) -> None:
        """Store a text as the whole document of a key, to the letter: what it repeats and how it is spaced, too."""
        document = exact.decoded(text)
        if self.kind.key_of(document) != str(key):
            raise ValueError(f"The text holds the document of another key than {key}.")
        self.put(document)
        where = (text, self.kind.name, str(key))
        self.database.execute("update document set body = ? where collection = ? and key = ?", where)

    def _row(self, key: object) -> tuple[bytes | str] | None:
        return self.database.execute(
            "select body from document where collection = ? and key = ?", (self.kind.name, str(key))
        ).fetchone()

    def _page(self, limit: int, offset: int) -> list[bytes | str]:
        return self._in_order("position, key", (), limit, offset)

    def _found(self, field: str, values: Sequence[str]) -> dict[str, tuple[int, bytes | str]]:
        marks = ",".join("?" * len(values))
        if field == self.kind.key:
            rows = self.database.execute(
                f"select key, position, body from document where collection = ? and key in ({marks})",
                (self.kind.name, *values),
            )
        else:
            rows = self.database.execute(
                "select d.key, d.position, d.body from entry e join document d using (collection, key)"
                f" where e.collection = ? and e.field = ? and e.value in ({marks})",
                (self.kind.name, field, *values),
            )
        return {key: (position, body) for key, position, body in rows}

    def put(self, document: Document) -> None:
        """Add the document at the end, or replace the one of the same key where it stands."""
        self.put_all([document])

    def put_all(self, documents: Iterable[Document]) -> None:
        rows = [(self.kind.key_of(document), document) for document in documents]
        start = self._next_position()
        with self.store.transaction():
            self.database.executemany(
                "insert into document values (?, ?, ?, ?) on conflict do update set body = excluded.body",
                [(self.kind.name, key, start + place, _body(doc)) for place, (key, doc) in enumerate(rows)],
            )
            self.database.executemany(
                "delete from entry where collection = ? and key = ?", [(self.kind.name, key) for key, _ in rows]
            )
            self.database.executemany(
                "insert or ignore into entry values (?, ?, ?, ?)",
                [(self.kind.name, *entry, key) for key, doc in rows for entry in self._entries(doc)],
            )

    def delete(self, key: object) -> bool:
        """Delete a document; return true when there was one."""
        self.database.execute("delete from entry where collection = ? and key = ?", (self.kind.name, str(key)))
        gone = self.database.execute(
            "delete from document where collection = ? and key = ?", (self.kind.name, str(key))
        )
        return gone.rowcount > 0

    def key_at(self, place: int) -> str:
        """Return the key of the document at a place of the order, counted from 0."""
        row = self.database.execute(
            "select key from document where collection = ? order by position, key limit 1 offset ?",
            (self.kind.name, place),
        ).fetchone()
        return str(row[0])

    def largest(self, field: str) -> int:
        """Return the largest integer that an indexed field or the key holds; 0 in an empty collection."""
        source, column = ("document", "key") if field == self.kind.key else ("entry", "value")
        condition = "" if source == "document" else " and field = ?"
        arguments = (self.kind.name,) if source == "document" else (self.kind.name, field)
        row = self.database.execute(
            f"select max(cast({column} as integer)) from {source} where collection = ?{condition}",
            arguments,
        ).fetchone()
        return int(row[0] or 0)

    def _next_position(self) -> int:
        row = self.database.execute(
            "select coalesce(max(position), -1) + 1 from document where collection = ?", (self.kind.name,)
        ).fetchone()
        return int(row[0])

    def _entries(self, document: Document) -> Iterator[tuple[str, str]]:
        for field in self.kind.indexed:
            value = value_at(document, field)
            if value is not None:
                yield field, _text(value)


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """Return the value under a dotted path, None where a step is missing."""
    value: Any = document
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - a document's inside is Any
    return value  # pyright: ignore[reportUnknownVariableType] - see above


def _body(document: Document) -> bytes | str:
    body = exact.encoded(document)
    return body if exact.is_plain(document) else body.decode()


def _document(body: bytes | str) -> Document:
    return orjson.loads(body) if isinstance(body, bytes) else exact.decoded(body)


def _raw(body: bytes | str) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
