"""NEXT: one-time key for a token, filter_str, active rows only unless asked, PUT of what changed."""

from __future__ import annotations

from customer_gateway.sandbox.next.api import Next
from customer_gateway.sandbox.next.changing import CHANGES
from customer_gateway.sandbox.next.documents import CUSTOMERS, fill_next
from customer_gateway.sandbox.people import CRAFT
from customer_gateway.sandbox.vendor import VendorDefinition

VENDOR = VendorDefinition("next", Next, CRAFT, CUSTOMERS, fill_next, port=9303, changes=CHANGES)
