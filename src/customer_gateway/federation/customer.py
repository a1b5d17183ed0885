"""The customer of the graph: one real-world customer, made of the records that systems hold of it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from customer_gateway.model.ids import RecordRef, encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.model import nouns
    from customer_gateway.system import System


class LinkedRecord(NamedTuple):
    """One record: the system that holds it and its view."""

    system: System
    view: nouns.Customer

    @property
    def ref(self) -> RecordRef:
        return RecordRef(self.system.name, self.view.key)


class Customer:
    """One or more records, in the order in which they win where they differ.

    `first` is the record of `system`; the others are `linked`.

    `id` is derived from the first record, so that an unlinked customer needs no stored id.
    """

    __slots__ = ("first", "linked", "system")

    def __init__(self, system: System, first: nouns.Customer, linked: Sequence[LinkedRecord] = ()) -> None:
        self.system = system
        self.first = first
        self.linked = linked

    @property
    def records(self) -> Sequence[LinkedRecord]:
        return (LinkedRecord(self.system, self.first), *self.linked)

    @property
    def id(self) -> str:
        return encode_id("Customer", self.system.name, self.first.key)

    @property
    def version(self) -> str:
        """Changes whenever one of the records changes."""
        stamps = "\0".join(f"{system.name}/{view.key}/{view.version}" for system, view in self.records)
        return hashlib.blake2b(stamps.encode(), digest_size=12).hexdigest()
