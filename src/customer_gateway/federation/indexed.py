"""Customers as the index knows them, for a system that was not read: its record, and the system in its place.

A `Customer` of a record that was not read has an `IndexedSystem` for its system and an `IndexedRecord` for its view.
Fields, provenance and relations ask the system of many customers at once; this one has no readers, so none of them
makes a call.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from customer_gateway.documents.values import DocumentContext
from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.federation.customer import Customer
from customer_gateway.model.catalog import ADDRESS_KIND, ADDRESS_PARTS, UNIFIED_SOURCES, later_moments
from customer_gateway.model.value_objects import Address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.values import Document
    from customer_gateway.errors import UpstreamError
    from customer_gateway.model.catalog import FoundRow
    from customer_gateway.model.nouns import Customer as View
    from customer_gateway.system import Kind, Reader, System

KNOWN_FIELDS: Final = frozenset(UNIFIED_SOURCES)
"""The unified fields of which the index may know the value; of an address it knows kind, city and country."""

_ADDRESS: Final = (ADDRESS_KIND, *ADDRESS_PARTS)


class SeenBefore(NamedTuple):
    """A value that the index knows, and when it was seen."""

    value: Any
    seen_at: datetime


class IndexedRecord:
    """A row of the index in the place of a view; what the index does not know is None."""

    __slots__ = ("_later", "context", "key", "row")

    document: Document = {}  # noqa: RUF012 - nobody changes a document; of this one nothing was read
    link = version = None

    def __init__(self, row: FoundRow) -> None:
        self.row = row
        self.key = row.ref.key
        self.context = _unread(row.ref.system)
        self._later: Mapping[str, datetime] | None = None

    def unreadable(self, field: str) -> bool:
        """Return whether the field is null because it could not be read: here nothing was."""
        del field
        return False

    def value(self, field: str) -> Any:
        """Return a unified field, by its model name."""
        if field != "address":
            return self.row.values.get(field) if field in KNOWN_FIELDS else None
        kind, country, city = map(self.row.values.get, _ADDRESS)
        return None if kind is None else Address(kind, city=city, country_code=country)

    def seen_at(self, field: str) -> datetime | None:
        """Return when the field was seen, of an address its oldest part; None where nobody knows what it holds."""
        names = _ADDRESS if field == "address" else (field,)
        if self._later is None:
            self._later = later_moments(self.row.later)
        moments = [self._later.get(name, self.row.whole_at) for name in names if name in self.row.values]
        return min(moments, default=None)


@cache
def _unread(system: str) -> DocumentContext:
    """Return the context of documents of which none was read: it says of which system they are."""
    return DocumentContext.of(system, "", "UTC", "")


@cache
def indexed_class(kind: Kind) -> type[IndexedRecord]:
    """Return the class of a vendor's records that were not read: by it an interface is resolved to their type."""
    return type(f"Indexed{kind.record.name}", (IndexedRecord,), {"__slots__": ()})


class IndexedSystem:
    """Stands for a system whose records were not read: no field of them is read by a call.

    `failure` is why; None where they were not to be read.
    """

    readers: Mapping[str, Reader] = {}

    def __init__(self, system: System, failure: UpstreamError | None = None) -> None:
        self.name = system.name
        self.kind = system.kind
        self.withheld = system.withheld
        self._failure = failure or UpstreamUnavailable(system.name, "customers: not read; the index does not know it")

    def customer(self, row: FoundRow) -> Customer:
        """Return the customer of a row as the index knows it."""
        view: Any = indexed_class(self.kind)(row)
        return Customer(cast("System", self), row.ref.key, view)

    def values(self, field: str, views: Sequence[View]) -> list[Any]:
        """Return a unified field of many records, by its model name."""
        if field in self.withheld:
            return [None] * len(views)
        return [view.value(field) if isinstance(view, IndexedRecord) else None for view in views]

    def states(self, field: str, views: Sequence[View]) -> list[Any]:
        """Return the field of many records as provenance has it: `SeenBefore`, or the failure if nobody knows it."""
        return [self._state(field, view) if isinstance(view, IndexedRecord) else self._failure for view in views]

    def _state(self, field: str, view: IndexedRecord) -> SeenBefore | UpstreamError:
        seen_at = view.seen_at(field)
        return self._failure if seen_at is None else SeenBefore(view.value(field), seen_at)


def is_indexed(view: object) -> bool:
    """Return whether a view is a row of the index."""
    return isinstance(view, IndexedRecord)
