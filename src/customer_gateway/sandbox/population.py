"""The customers of a vendor as they come, change and go there: past its API and its rules, with its stamps."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.changes import laid_over
from customer_gateway.sandbox.others import newcomers
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from customer_gateway.sandbox.clock import VendorClock
    from customer_gateway.sandbox.store import Collection, Document, Store
    from customer_gateway.sandbox.vendor import VendorDefinition

_VANISHED: Final = Kind("sandbox.vanished", "key")


class Population:
    """The customers of one vendor, by their keys. What has vanished is kept, so that it can come back.

    `at` is the moment that a change is stamped with, in seconds since 1970; unless given, the vendor's clock says it.
    """

    def __init__(self, vendor: VendorDefinition, store: Store, clock: VendorClock, customers: int) -> None:
        self._vendor = vendor
        self._store = store
        self._clock = clock
        self._began_with = customers
        self._customers = store[vendor.customers]
        self._vanished = store[_VANISHED]
        self._changes = count()
        self._appeared = 0

    def prepare(self) -> None:
        """Make those who may appear now, not when one is needed: it takes seconds where there are thousands."""
        newcomers(self._vendor, self._began_with)

    def at_once(self) -> AbstractContextManager[None]:
        """Return a context in which many changes are written at once, which is faster in a file."""
        return self._store.transaction()

    def documents(self) -> dict[str, Document]:
        """Return the customers that there are now, each as it is stored."""
        return {self._vendor.customers.key_of(each): each for each in self._customers}

    def size(self) -> int:
        return self._customers.count()

    def vanished(self) -> list[str]:
        """Return the keys of those that can come back."""
        return self._vanished.keys()

    def key_at(self, place: int) -> str:
        return self._customers.key_at(place)

    def appear(self, at: float | None = None) -> str | None:
        """Add a customer that was never there; return its key, None when nobody is left who could appear."""
        source = newcomers(self._vendor, self._began_with)
        newcomer = source[self._vendor.customers]
        while self._appeared < newcomer.count():
            key = newcomer.key_at(self._appeared)
            self._appeared += 1
            if key not in self._customers and key not in self._vanished:
                self._add(self._vendor.changes.created(_existing(newcomer, key), self._moment(at)))
                for kind, rows in self._belonging(source, key):
                    self._store[kind].put_all(rows)
                return key
        return None

    def change(self, key: object, at: float | None = None) -> None:
        """Give a customer the data of somebody else. Raises KeyError where there is none."""
        changes, source = self._vendor.changes, newcomers(self._vendor, self._began_with)
        patterns = source[self._vendor.customers]
        other = patterns.key_at(next(self._changes) % patterns.count())
        customer = laid_over(_existing(self._customers, key), _existing(patterns, other), changes.members)
        self._add(changes.stamped(customer, self._moment(at)))
        for each in changes.belonging:
            # One that has fewer documents than the other keeps what it has.
            mine, others = (
                of[each.kind].where(each.owner, [owner]) for of, owner in ((self._store, key), (source, other))
            )
            pairs = zip(mine, others, strict=False)
            self._store[each.kind].put_all([laid_over(*pair, each.members) for pair in pairs])

    def vanish(self, key: object) -> None:
        """Take a customer away with all that is its own. Raises KeyError where there is none."""
        customer = _existing(self._customers, key)
        belonging = {kind.name: rows for kind, rows in self._belonging(self._store, key)}
        self._vanished.put({"key": str(key), "customer": customer, "belonging": belonging})
        self._customers.delete(key)
        for kind, rows in self._belonging(self._store, key):
            for row in rows:
                self._store[kind].delete(kind.key_of(row))

    def come_back(self, key: object, at: float | None = None) -> None:
        """Bring a customer back that has vanished, as it was. Raises KeyError where there is none."""
        kept = _existing(self._vanished, key)
        self._add(self._vendor.changes.stamped(kept["customer"], self._moment(at)))
        for each in self._vendor.changes.belonging:
            self._store[each.kind].put_all(kept["belonging"].get(each.kind.name, ()))

    def enter(self, key: object, document: Document) -> None:
        """Store a document as that customer, new or not, as it is. Raises ValueError for one of another key."""
        try:
            mine = self._vendor.customers.key_of(document)
        except AttributeError:
            mine = ""
        if mine != str(key):
            raise ValueError(f"The document is of another key than {key}.")
        self._add(document)

    def _add(self, customer: Document) -> None:
        self._customers.put(customer)
        self._vanished.delete(self._vendor.customers.key_of(customer))

    def _belonging(self, store: Store, key: object) -> Iterator[tuple[Kind, list[Document]]]:
        for each in self._vendor.changes.belonging:
            yield each.kind, store[each.kind].where(each.owner, [key])

    def _moment(self, at: float | None) -> datetime:
        return moments.now(self._clock() if at is None else at)


def _existing(documents: Collection, key: object) -> Document:
    found = documents.get(key)
    if found is None:
        raise KeyError(key)
    return found
