"""AutoDNS: Basic with a context, everything by _search, absent keys for null, changes that wait to be checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.sandbox.autodns.api import AutoDns
from customer_gateway.sandbox.autodns.changing import CHANGES
from customer_gateway.sandbox.autodns.documents import CUSTOMERS, fill_autodns
from customer_gateway.sandbox.people import DOMAINS
from customer_gateway.sandbox.vendor import Vendor, VendorDefinition

if TYPE_CHECKING:
    from customer_gateway.sandbox.autodns.reviews import Reviews

VENDOR = VendorDefinition("autodns", AutoDns, DOMAINS, CUSTOMERS, fill_autodns, port=9302, changes=CHANGES)


def reviews(vendor: Vendor) -> Reviews:
    """Return the switch of an AutoDNS of the sandbox for changes that wait: `reviews(box.autodns).hold = "all"`."""
    if not isinstance(vendor.dialect, AutoDns):
        raise TypeError(f"{vendor.name} holds no changes.")
    return vendor.dialect.reviews
