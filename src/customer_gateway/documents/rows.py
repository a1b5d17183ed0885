"""Rows: a vendor's objects decoded straight into what is read of them, with no document in between.

    class PlandContact(Row, kw_only=True):
        key: str = keyed("_id")
        first_name: Text = named("firstName")

Where many objects come with every call this costs least (docs/adr/0012-typed-rows.md): what a row does not name is
skipped while decoding, and a field is read as fast as Python reads anything. JSON of the form that the row declares
becomes rows in one pass. An answer that has another form anywhere is decoded as documents: each that has the declared
form becomes a row in one step, and the others alone are read forgivingly, field by field, as `documents.record` does.
The values are the same every way, but for one: an integer of more than 64 bits in a `Raw` is exact in one pass, and the
nearest double in a document.

What a row does not name is not checked either: bytes that are no UTF-8, half a character or a number that no double
can hold are refused in a document wherever they stand (`documents.json_text` mends the last two), and are passed over
in one pass where they are not read.
"""

from __future__ import annotations

import time
from itertools import chain, compress
from operator import attrgetter, not_
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeVar, get_args, get_origin

import msgspec
import orjson
from msgspec.structs import fields

from customer_gateway.documents import forms
from customer_gateway.documents.row import NOT_KEPT, OWN, Part, Row, Text, WrongForm
from customer_gateway.documents.values import (
    DocumentContext,
    is_blank,
    is_list,
    is_object,
    read_object,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from msgspec.structs import FieldInfo

    from customer_gateway.documents.values import Body, Document

P = TypeVar("P", bound="Part")
R = TypeVar("R", bound="Row")

_KEY: Final = attrgetter("key")
_WATCH_SECONDS: Final = 60.0
_INTEGERS: Final = range(-(2**63), 2**64)
"""Integers that are the same in a document; larger ones are doubles there."""


class Rows(Generic[R]):
    """How one system's lists of one kind of row are decoded."""

    def __init__(self, row: type[R], context: DocumentContext) -> None:
        self._row = row
        self._form = _Form(row)
        self._context = context
        self._decode = msgspec.json.Decoder(list[row]).decode

    def decode(self, body: Body) -> list[R]:
        """Return the rows of a JSON list. Raises `orjson.JSONDecodeError`, or `WrongForm`."""
        try:
            rows = self._decode(body)
            self._form.normalize(rows)
            _check_keys(rows)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return self.read(orjson.loads(body))
        context = self._context
        for row in rows:
            row.context = context
        if "document" in self._form.own:
            _forget_documents(rows)
        return rows

    def read(self, documents: object) -> list[R]:
        """Return the rows of decoded JSON, each with its document where it keeps one. Raises `WrongForm`.

        Each is what `read_one` gives; those of the declared form sooner. A row without a key that can be read has a
        blank one and nothing else: it keeps its place in the list.
        """
        if not is_list(documents):
            raise WrongForm("it is no list")
        made = [self._as_declared(document) for document in documents]
        self._form.normalize([row for row in made if row is not None])
        rows = [self._row_or_blank(each) if row is None else row for row, each in zip(made, documents, strict=True)]
        if rows and not any(row.key for row in rows) and (len(rows) > 1 or not is_object(documents[0])):
            raise WrongForm(f"it is no list of objects with {self._form.key}")
        return rows

    def _as_declared(self, document: object) -> R | None:
        """Return the row of an object of the declared form, to be normalized; None for another one."""
        try:
            row = msgspec.convert(document, self._row)
        except msgspec.ValidationError:
            return None
        if is_blank(row.key):
            return None
        row.context = self._context
        if "document" in self._form.own:
            row.document = document  # pyright: ignore[reportAttributeAccessIssue] - the row has declared it
        return row

    def _row_or_blank(self, document: object) -> R:
        """Return the row of a decoded object; one with a blank key keeps the place of what has no key."""
        try:
            return self.read_one(document)
        except WrongForm:
            self._context.drift.notice(self._form.key, "missing: the row is left out of its list")
            return self._form.make({"key": "", "context": self._context})

    def read_one(self, document: object) -> R:
        """Return the row of a decoded object. Raises `WrongForm`."""
        if not is_object(document):
            raise WrongForm("it holds something that is no object")
        key = read_text(document.get(self._form.key), self._form.key, self._context)
        if key is None:
            raise WrongForm(f"it holds an object without {self._form.key}")
        misread: list[str] = []
        values = self._form.read(document, self._context, misread)
        own = {"key": key, "context": self._context, "document": document, "misread": frozenset(misread)}
        return self._form.make({**values, **{name: own[name] for name in self._form.own}})


class DriftSampler:
    """Say when to read the whole documents again of what is decoded as rows: now and then, for what no row names."""

    __slots__ = ("_at", "_clock")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock()

    def due(self) -> bool:
        """Return True the first time, and once a minute from then on."""
        now = self._clock()
        if now < self._at:
            return False
        self._at = now + _WATCH_SECONDS
        return True


class _Form(Generic[P]):
    """What the annotations of a part say of its fields: name here, name there."""

    def __init__(self, part: type[P]) -> None:
        self._part = part
        self._texts: list[tuple[str, str]] = []
        self._emails: list[str] = []
        self._sent: list[tuple[str, str]] = []
        self._parts: list[tuple[str, str, _Form[Any]]] = []
        self.key = ""
        self._integer_key = False
        self.own: list[str] = []
        for field in fields(part):
            self._learn(field)
        self._read_texts = _attributes([name for name, _ in self._texts])

    def _learn(self, field: FieldInfo) -> None:
        name, vendor = field.name, field.encode_name
        if is_email := get_origin(field.type) is Annotated:
            self._emails.append(name)
        options = set(get_args(Text if is_email else field.type)) - {NoneType, int}
        nested = next((option for option in options if isinstance(option, type) and issubclass(option, Part)), None)
        if name == "key" and not field.required:
            raise TypeError(f"{self._part.__name__}.key must be there: declare it by `keyed`")
        if name == "key":
            self.key = vendor
            self._integer_key = int in get_args(field.type)
        if name == "key" or name in OWN:
            self.own.append(name)
        elif options == {str}:
            self._texts.append((name, vendor))
        elif nested is not None:
            self._parts.append((name, vendor, _Form(nested)))
        elif field.type is Any:
            self._sent.append((name, vendor))
        else:
            raise TypeError(f"{self._part.__name__}.{name} is neither a Text nor Raw nor a part")

    def normalize(self, parts: Sequence[P]) -> None:
        """Make texts of integers, make blank texts None, and keep the first address of each e-mail field.

        All texts are looked through at once, and only those that need it are touched. Raises `WrongForm` for an integer
        that a document would not hold.
        """
        if self._integer_key:
            _write_keys(parts)
        texts: list[Any] = self._read_texts(parts)
        if int in set(map(type, texts)):
            self._write_integers(parts, texts)
        self._drop_empty(parts, texts)
        present: Iterable[str] = filter(None, texts)
        if any(map(str.isspace, present)):
            for part in parts:
                self._drop_blanks(part)
        for name in self._emails:
            _keep_first_addresses(parts, name)
        for name, _, form in self._parts:
            nested: Iterable[Part | None] = map(attrgetter(name), parts)
            form.normalize(list(filter(None, nested)))

    def _write_integers(self, parts: Sequence[P], texts: list[Any]) -> None:
        """Make texts of integers; `texts` are those of all parts, one part after the other."""
        for place, (name, _) in enumerate(self._texts):
            column = texts[place :: len(self._texts)]
            if int in set(map(type, column)):
                texts[place :: len(self._texts)] = column = list(map(_digits, column))
                for part, text in zip(parts, column, strict=True):
                    setattr(part, name, text)

    def _drop_empty(self, parts: Sequence[P], texts: list[Any]) -> None:
        """Make empty texts None, which are common; `texts` as in `_write_integers`."""
        for place, (name, _) in enumerate(self._texts):
            column = texts[place :: len(self._texts)]
            if "" in column:
                for part in compress(parts, map(not_, column)):
                    setattr(part, name, None)

    def _drop_blanks(self, part: P) -> None:
        for name, _ in self._texts:
            text: str | None = getattr(part, name)
            if text is not None and (not text or text.isspace()):
                setattr(part, name, None)

    def make(self, values: dict[str, Any]) -> P:
        return self._part(**values)

    def read(
        self, document: Document, context: DocumentContext, misread: list[str], before: str = ""
    ) -> dict[str, Any]:
        """Read the fields of one object as `Record` reads its documents; `misread` gets the names of the unreadable."""
        values: dict[str, Any] = {name: document.get(vendor) for name, vendor in self._sent}
        count = context.drift.count
        for name, vendor in self._texts:
            text = read_text(document.get(vendor), vendor, context)
            values[name] = forms.first_email_address(text) if text and name in self._emails else text
            if context.drift.count > count:
                count = context.drift.count
                misread.append(f"{before}{name}")
        for name, vendor, form in self._parts:
            nested = read_object(document.get(vendor), vendor, context)
            if context.drift.count > count:
                count = context.drift.count
                misread.append(f"{before}{name}")
            values[name] = None if nested is None else form.make(form.read(nested, context, misread, f"{name}."))
            count = context.drift.count
        return values


def _write_keys(rows: Iterable[Any]) -> None:
    for row in rows:
        row.key = _digits(row.key)


def _check_keys(rows: Iterable[Row]) -> None:
    """Raise `WrongForm` where a key is blank: that is none."""
    keys = list(map(_KEY, rows))
    if "" in keys or any(map(str.isspace, keys)):
        raise WrongForm("it holds a blank key")


def _digits(value: Any) -> Any:
    """Return an integer as text, any other value as it is."""
    if type(value) is not int:
        return value
    if value not in _INTEGERS:
        raise WrongForm("it holds an integer of more than 64 bits")
    return str(value)


def _keep_first_addresses(parts: Iterable[Part], name: str) -> None:
    texts: Iterable[str | None] = map(attrgetter(name), parts)
    together = "".join(filter(None, texts))
    if not together.isascii() or any(map(together.__contains__, forms.PARTING_SIGNS)):
        for part in parts:
            text: str | None = getattr(part, name)
            setattr(part, name, forms.first_email_address(text) if text else None)


def _forget_documents(rows: list[Any]) -> None:
    """Drop what the vendor may have sent under that name."""
    for row in rows:
        row.document = NOT_KEPT


def _attributes(names: Sequence[str]) -> Callable[[Iterable[object]], list[Any]]:
    """Return a function that gives the values of these attributes of all objects, however many they are."""
    if not names:
        return lambda _owners: []
    of_one = attrgetter(*names)
    if len(names) == 1:
        return lambda owners: list(map(of_one, owners))
    return lambda owners: list(chain.from_iterable(map(of_one, owners)))
