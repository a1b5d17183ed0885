"""AutoDNS: Basic with a context, everything by _search, absent keys for null, changes that wait to be checked."""

from __future__ import annotations

from customer_gateway.sandbox.autodns.api import AutoDns
from customer_gateway.sandbox.autodns.documents import fill_autodns

__all__ = ["AutoDns", "fill_autodns"]
