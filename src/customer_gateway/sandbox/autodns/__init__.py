"""AutoDNS: Basic with a context, everything by _search, absent keys for null, changes that wait to be checked."""

from __future__ import annotations

from customer_gateway.sandbox.autodns.api import AutoDns
from customer_gateway.sandbox.autodns.documents import CUSTOMERS, fill_autodns
from customer_gateway.sandbox.people import DOMAINS
from customer_gateway.sandbox.vendor import VendorDefinition

VENDOR = VendorDefinition("autodns", AutoDns, DOMAINS, CUSTOMERS, fill_autodns, port=9302)
