"""Lemonsoft: sessions of thirty minutes, wide rows or thin ones, numbers beside ids, PUT of the whole."""

from __future__ import annotations

from customer_gateway.sandbox.lemonsoft.api import Lemonsoft
from customer_gateway.sandbox.lemonsoft.changing import CHANGES
from customer_gateway.sandbox.lemonsoft.documents import CUSTOMERS, fill_lemonsoft
from customer_gateway.sandbox.people import WHOLESALE
from customer_gateway.sandbox.vendor import VendorDefinition

VENDOR = VendorDefinition("lemonsoft", Lemonsoft, WHOLESALE, CUSTOMERS, fill_lemonsoft, port=9304, changes=CHANGES)
