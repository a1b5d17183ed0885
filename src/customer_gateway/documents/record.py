"""Typed, forgiving access to one document of a vendor.

A value that cannot be read is None with a drift notice, never an error; a blank string is None. The document itself
stays as sent, for `raw`, for the record types and for writers that must hand it back whole.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from customer_gateway.documents.contact_data import first_address
from customer_gateway.documents.dates import read_day, read_moment
from customer_gateway.documents.values import (
    UNREADABLE,
    Body,
    Decode,
    Document,
    DocumentContext,
    enumerated,
    is_blank,
    is_list,
    is_object,
    read_decimal,
    read_flag,
    read_integer,
    read_key,
    read_object,
    read_objects,
    read_text,
    read_texts,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from datetime import date, datetime
    from decimal import Decimal

__all__ = [
    "Body",
    "Decode",
    "Document",
    "DocumentContext",
    "Record",
    "content_digest",
    "content_version",
    "enumerated",
    "is_list",
    "is_object",
    "read_day",
    "read_decimal",
    "read_flag",
    "read_integer",
    "read_key",
    "read_moment",
    "read_object",
    "read_objects",
    "read_text",
    "read_texts",
]


def content_version(document: Document) -> str:
    """Return a version for a document whose vendor has none: it changes with any value, not with the order of keys."""
    return content_digest(document, 12)


def content_digest(document: Document, size: int) -> str:
    """Return `size` bytes as hexadecimal digits: they change with any value, not with the order of keys."""
    try:
        encoded = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # it nests deeper than orjson encodes, which is not as deep as it decodes
        encoded = orjson.dumps(_flat(document))
    return hashlib.blake2b(encoded, digest_size=size).hexdigest()


def _flat(document: Document) -> list[Any]:
    """Return all that the document says, without its levels: the names of each object, the length of each list, the
    values.
    """
    flat: list[Any] = []
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if is_object(value):
            names = sorted(value)
            flat.append({"names": names})
            waiting += [value[name] for name in names]
        elif is_list(value):
            flat.append([len(value)])
            waiting += value
        else:
            flat.append(value)
    return flat


class Record:
    """A document (or a part of one) and how it is read; the base of every vendor's views."""

    __slots__ = ("context", "document")

    def __init__(self, document: Document, context: DocumentContext) -> None:
        self.document = document
        self.context = context

    @property
    def system(self) -> str:
        """The configured name of the system whose document this is."""
        return self.context.system

    def unreadable(self, field: str) -> bool:
        """Return whether the unified `field` is null because what the document holds for it cannot be read."""
        return self.context.value_or_unreadable(lambda: getattr(self, field)) is UNREADABLE

    def text(self, name: str) -> str | None:
        """Return a non-blank string as sent; a number becomes its decimal text."""
        value = self.document.get(name)
        if type(value) is str:
            return value if value and not value.isspace() else None
        if value is None:
            return None
        return read_text(value, name, self.context)

    def integer(self, name: str) -> int | None:
        return read_integer(self.document.get(name), name, self.context)

    def decimal(self, name: str) -> Decimal | None:
        return read_decimal(self.document.get(name), name, self.context)

    def flag(self, name: str) -> bool | None:
        """Return a boolean, also where the vendor writes it as 0/1 or as text."""
        return read_flag(self.document.get(name), name, self.context)

    def moment(self, name: str) -> datetime | None:
        """Return a point in time, in UTC; times without a zone are the system's, numbers Unix times."""
        return read_moment(self.document.get(name), name, self.context)

    def day(self, name: str) -> date | None:
        """Return a calendar day; the day of a point in time is the one in the system's zone."""
        return read_day(self.document.get(name), name, self.context)

    def code(self, name: str, form: Callable[[str], str | None]) -> str | None:
        """Return a code in the published form that `form` (of `documents.forms`) gives; unknown: None with a notice."""
        sent = self.text(name)
        code = form(sent) if sent is not None else None
        if code is None and sent is not None:
            self.context.drift.notice(name, "not a known code")
        return code

    def texts(self, name: str) -> list[str]:
        """Return the non-blank strings of a list; a lone string is a list of one."""
        return read_texts(self.document.get(name), name, self.context)

    def holds(self, name: str) -> bool:
        """Return whether the document has something other than null and blank under the name, readable or not."""
        return not is_blank(self.document.get(name))

    def unreadable_at(self, name: str) -> bool:
        """Return whether the document holds a point in time under the name that cannot be read."""
        return self.context.value_or_unreadable(lambda: self.moment(name)) is UNREADABLE

    def email_address(self, name: str) -> str | None:
        """Return the first of the addresses that an e-mail field holds."""
        return first_address(self.text(name))

    def foreign_key(self, name: str, form: re.Pattern[str]) -> str | None:
        """Return a foreign key of the form `form`; one of another form is None with a notice, never taken for none."""
        return read_key(self.document.get(name), name, form, self.context)

    def part(self, name: str) -> Record:
        """Return a nested object, or the only one of a list; absent or of another form, an empty one."""
        return Record(read_object(self.document.get(name), name, self.context) or {}, self.context)

    def parts(self, name: str) -> list[Record]:
        """Return the objects of a list; a lone object is a list of one, an item of another form is left out."""
        found = read_objects(self.document.get(name), name, self.context)
        return [Record(part, self.context) for part in found]
