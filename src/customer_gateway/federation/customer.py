"""The customer of the graph: one real-world customer, made of the records that systems hold of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from customer_gateway.errors import UpstreamError
from customer_gateway.model.ids import RecordRef, encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.model import nouns
    from customer_gateway.system import System


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
