"""Whose customers a vendor answers with: the first tenant's, or another one's at the same address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox.others import tenant
from customer_gateway.sandbox.store import Store

if TYPE_CHECKING:
    from customer_gateway.sandbox.vendor import VendorDefinition

FIRST: Final = "first"


class Tenants:
    """The tenants of one vendor, by any names. Each has as many customers, and keeps what is written to it.

    Credentials, sessions and limits are the same for all. The others live in memory, whatever the first one does.
    """

    def __init__(self, vendor: VendorDefinition, store: Store, customers: int) -> None:
        self.current = FIRST
        self._vendor = vendor
        self._store = store
        self._customers = customers
        self._others: dict[str, Store] = {}

    def prepare(self, name: str) -> None:
        """Make the customers of a tenant before it is switched to: it takes seconds where there are thousands."""
        if name != FIRST:
            self._other(name)

    def switch(self, name: str) -> None:
        """Answer with the customers of that tenant from now on; `first` is the one that there was in the beginning."""
        self._store.show(None if name == FIRST else self._other(name))
        self.current = name

    def _other(self, name: str) -> Store:
        if name not in self._others:
            self._others[name] = Store().copied_from(tenant(self._vendor, self._customers, name))
        return self._others[name]
