"""Customers that a vendor does not have: whom it may get, and those of another tenant."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox.people import strangers_of
from customer_gateway.sandbox.store import Store

if TYPE_CHECKING:
    from customer_gateway.sandbox.vendor import VendorDefinition

# Left free before each group of keys, for customers that are created by the API.
_GAP: Final = 200


@cache
def newcomers(vendor: VendorDefinition, customers: int) -> Store:
    """Return documents of customers that may appear at a vendor that began with so many, under keys of their own."""
    return _filled(vendor, "newcomers", customers + _GAP, _count(customers))


@cache
def tenant(vendor: VendorDefinition, customers: int, name: str) -> Store:
    """Return everything of another tenant, with as many customers: other ones, under keys that the first never has."""
    return _filled(vendor, f"tenant {name}", customers + _count(customers) + 2 * _GAP, customers)


def _count(customers: int) -> int:
    return max(_GAP, customers // 4)


def _filled(vendor: VendorDefinition, group: str, first: int, count: int) -> Store:
    """Return a store whose customers are `count` strangers, as the ones at the places from `first` on."""
    strangers = strangers_of(vendor.name, vendor.market, group, count)
    store = Store()
    # Most vendors number by place: the places before are filled too, and those customers taken out again.
    vendor.fill(store, [strangers[place % count] for place in range(-first, count)])
    customers = store[vendor.customers]
    for key in customers.keys()[:-count]:
        customers.delete(key)
    return store
