"""Tell two reads of a record apart, in C as far as Python lets."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import msgspec
import orjson
from msgspec.structs import fields

from customer_gateway.documents.row import OWN, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.model.nouns import Customer

_packed: Final = msgspec.msgpack.Encoder().encode


def fingerprint(view: Customer) -> object:
    """Return what is equal in two reads, at the same width, of a record that has not changed.

    It is a checksum of the document; of a row, which may have none, of its fields. What cannot be written is equal to
    nothing. CRC-32 takes a quarter of the time that `hash` of bytes does, and misses one change in four thousand
    million, which the next pass finds.
    """
    try:
        if isinstance(view, Row):
            return crc32(_packed(_fields_of(type(view))(view)))
        return crc32(orjson.dumps(view.document))
    except (TypeError, ValueError):
        return object()


def fingerprint_of_all(views: Sequence[Customer]) -> object:
    """Return what is equal in two reads of the same records, in their order, none of which has changed: half as dear
    as that of each.
    """
    (kind, *others) = set(map(type, views))
    try:
        if others or not issubclass(kind, Row):
            return crc32(orjson.dumps([view.document for view in views]))
        return crc32(_packed(list(map(_fields_of(kind), views))))
    except (TypeError, ValueError):
        return object()


@cache
def _fields_of(row: Any) -> Callable[[Any], Any]:
    """Return what reads the vendor's fields of a row at once."""
    return attrgetter(*(each.name for each in fields(row) if each.name not in OWN))
