"""Billbee: envelopes with an error code under 200, no filters at all, addresses apart, budgets per endpoint."""

from __future__ import annotations

from customer_gateway.sandbox.billbee.api import Billbee
from customer_gateway.sandbox.billbee.changing import CHANGES
from customer_gateway.sandbox.billbee.documents import ADDRESSES, CUSTOMERS, fill_billbee
from customer_gateway.sandbox.people import WEB_SHOPS
from customer_gateway.sandbox.vendor import VendorDefinition

VENDOR = VendorDefinition(
    "billbee", Billbee, WEB_SHOPS, CUSTOMERS, fill_billbee, port=9305, changes=CHANGES, listed=(ADDRESSES,)
)
