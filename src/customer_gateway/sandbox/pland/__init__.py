"""Pland: bare lists, Mongo ids, millisecond stamps, PATCH of what changed."""

from __future__ import annotations

from customer_gateway.sandbox.people import BUILDINGS
from customer_gateway.sandbox.pland.api import Pland
from customer_gateway.sandbox.pland.changing import CHANGES
from customer_gateway.sandbox.pland.documents import CUSTOMERS, fill_pland
from customer_gateway.sandbox.vendor import VendorDefinition

VENDOR = VendorDefinition("pland", Pland, BUILDINGS, CUSTOMERS, fill_pland, port=9301, changes=CHANGES)
