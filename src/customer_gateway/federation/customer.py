"""The customer of the graph: one real-world customer, made of the records that systems hold of it.

All its records are read in one pass, with one call of each system; the customers of a level are grouped by system.
"""

from __future__ import annotations

import asyncio
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from customer_gateway.errors import UpstreamError
from customer_gateway.model.ids import RecordRef, encode_id
from customer_gateway.work.faults import read_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model import nouns
    from customer_gateway.system import System
_SYSTEM: Final = attrgetter("system")
_READ: Final = attrgetter("read")
_OTHERS: Final = attrgetter("others")


class RecordCell(NamedTuple):
    """One record of a customer and what was read of it: the view, None where its system has none such, or the error."""

    system: System
    key: str
    read: nouns.Customer | UpstreamError | None

    @property
    def ref(self) -> RecordRef:
        return RecordRef(self.system.name, self.key)


class LinkedRecord(NamedTuple):
    """One record that was read: the system that holds it and its view."""

    system: System
    view: nouns.Customer


class Customer:
    """References to its records, in the order in which they win where they differ, and a cell for each.

    The first cell is `system`, `key` and `read`, the further ones are `others`: almost all customers have none. At
    least one record was read. `id` is derived from the first reference, read or not, so that an unlinked customer needs
    no stored id.
    """

    __slots__ = ("key", "others", "read", "system")

    def __init__(
        self, system: System, key: str, read: nouns.Customer | UpstreamError | None, others: Sequence[RecordCell] = ()
    ) -> None:
        self.system = system
        self.key = key
        self.read = read
        self.others = others

    @property
    def cells(self) -> Sequence[RecordCell]:
        return (RecordCell(self.system, self.key, self.read), *self.others)

    @property
    def records(self) -> Sequence[LinkedRecord]:
        """The records that were read, in their order."""
        return [
            LinkedRecord(cell.system, cell.read)
            for cell in self.cells
            if cell.read is not None and not isinstance(cell.read, UpstreamError)
        ]

    @property
    def failures(self) -> Sequence[UpstreamError]:
        """Why records could not be read."""
        return [cell.read for cell in self.cells if isinstance(cell.read, UpstreamError)] if self.others else ()

    @property
    def id(self) -> str:
        return encode_id("Customer", self.system.name, self.key)


def customer_of(
    system: System, key: str, read: nouns.Customer | UpstreamError | None, others: Sequence[RecordCell] = ()
) -> Customer | UpstreamError | None:
    """Make the customer of a first record and the others.

    None where no system has any of them, the first error where none was read and some failed.
    """
    if read is not None and not isinstance(read, UpstreamError):
        return Customer(system, key, read, others)
    rest = [cell.read for cell in others]
    if any(each is not None and not isinstance(each, UpstreamError) for each in rest):
        return Customer(system, key, read, others)
    return next((each for each in (read, *rest) if isinstance(each, UpstreamError)), None)


class Group(NamedTuple):
    """Customers that are one record of `system` each: where they stand in the level, and their views."""

    system: System
    positions: Sequence[int]
    views: Sequence[nouns.Customer]


class BySystem(NamedTuple):
    """`single` customers by system; `linked` are the positions of those made of several records."""

    single: Sequence[Group]
    linked: Sequence[int]

    @classmethod
    def of(cls, customers: Sequence[Customer]) -> BySystem:
        """Group the customers of one level of a query."""
        # By the object: what stands for a system that was not read has its name, too (`federation.indexed`).
        if len(set(map(_SYSTEM, customers))) == 1 and not any(map(_OTHERS, customers)):
            return cls([Group(customers[0].system, list(range(len(customers))), list(map(_READ, customers)))], [])
        positions: dict[System, list[int]] = {}
        linked: list[int] = []
        for position, customer in enumerate(customers):
            if customer.others:
                linked.append(position)
            else:
                positions.setdefault(customer.system, []).append(position)
        groups = [
            Group(customers[mine[0]].system, mine, [_READ(customers[position]) for position in mine])
            for mine in positions.values()
        ]
        return cls(groups, linked)


class Links(Protocol):
    """Which records are the same customer."""

    async def linked(self, system: str, keys: Sequence[str]) -> Mapping[str, Sequence[RecordRef]]:
        """Return, by key, all references of the customers that these records of a system are of, in their order.

        A record that is its customer's only one is left out.
        """
        ...


class NoLinks:
    """Every record is a customer of its own."""

    async def linked(self, system: str, keys: Sequence[str]) -> Mapping[str, Sequence[RecordRef]]:
        del system, keys
        return {}


class ReadCustomers(NamedTuple):
    """For each key a customer, None or an error; and why records of these customers could not be read."""

    customers: list[Customer | UpstreamError | None]
    failures: list[UpstreamError]


async def read_customers(
    request: RequestContext, system: System, keys: Sequence[str], read_at: datetime | None = None
) -> ReadCustomers:
    """Read the customers that the records with these keys are of, with all their other records.

    `read_at` is when the read of these records began, if they came with a list; None where they are read now.
    None where no system has any of a customer's records, the first error where none was read and some failed.
    """
    links = await request.links.linked(system.name, keys)
    linked = {key: [ref for ref in refs if ref.system in request.systems] for key, refs in links.items()}
    asked: dict[str, dict[str, None]] = {system.name: dict.fromkeys(keys)}
    for refs in linked.values():
        for ref in refs:
            asked.setdefault(ref.system, {})[ref.key] = None
    read = await _read_records(request, asked, {} if read_at is None else {system.name: read_at})
    records = list(map(read[system.name].__getitem__, keys))
    make = Customer if _all_read(records) else customer_of
    customers: list[Customer | UpstreamError | None] = list(map(make, repeat(system), keys, records))
    if not linked:
        return ReadCustomers(customers, [])
    for position, key in enumerate(keys):
        if refs := linked.get(key):
            first, *others = [RecordCell(request.systems[of], each, read[of][each]) for of, each in refs]
            customers[position] = customer_of(*first, others)
    return ReadCustomers(customers, [error for each in customers for error in failures_of(each)])


def _all_read(records: Sequence[Any]) -> bool:
    """Return whether each is a view: a page has many records and one class of them."""
    return not any(cls is type(None) or issubclass(cls, UpstreamError) for cls in set(map(type, records)))


def _is_view(read: Any) -> bool:
    return read is not None and not isinstance(read, UpstreamError)


def failures_of(customer: Customer | UpstreamError | None) -> Sequence[UpstreamError]:
    """Return why records of a customer could not be read."""
    return customer.failures if isinstance(customer, Customer) else ()


async def _read_records(
    request: RequestContext, asked: Mapping[str, Iterable[str]], read_at: Mapping[str, datetime]
) -> dict[str, dict[str, Any]]:
    """Read records of some systems, side by side: by system and key, the view, None, or the error."""
    reads = [
        _read_of_one(request, request.systems[name], list(keys), read_at.get(name)) for name, keys in asked.items()
    ]
    found = [await reads[0]] if len(reads) == 1 else await asyncio.gather(*reads)
    return dict(zip(asked, found, strict=True))


async def _read_of_one(
    request: RequestContext, system: System, keys: Sequence[str], read_at: datetime | None
) -> dict[str, Any]:
    async def load(some: Sequence[str]) -> Sequence[Any]:
        return await request.reads.load(system.customers(request.selection), some)

    found = dict(zip(keys, await read_all(load, keys, system.name, "Customer"), strict=True))
    if request.index is not None and request.shared is not None:  # there is an index to be kept
        read = list(found.values())
        views = read if _all_read(read) else [view for view in read if _is_view(view)]
        if views:
            began = read_at or request.reads.read_at(system.customers(request.selection))
            request.observer.note_read(system, views, request.selection, began)
    if request.records_read is not None:
        request.note_read(
            system.name, [key for key, view in found.items() if view is not None and not isinstance(view, Exception)]
        )
    return found
