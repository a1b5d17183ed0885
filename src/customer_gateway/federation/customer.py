"""The customer of the graph: one real-world customer, made of the records that systems hold of it; many by system."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.errors import UpstreamError
from customer_gateway.model.ids import RecordRef, encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

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
