"""Billbee: envelopes with an error code under 200, no filters at all, addresses apart, budgets per endpoint."""

from __future__ import annotations

from customer_gateway.sandbox.billbee.api import Billbee
from customer_gateway.sandbox.billbee.documents import fill_billbee

__all__ = ["Billbee", "fill_billbee"]
