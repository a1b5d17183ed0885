"""Pland: bare lists, Mongo ids, millisecond stamps, PATCH of what changed."""

from __future__ import annotations

from customer_gateway.sandbox.pland.api import Pland
from customer_gateway.sandbox.pland.documents import fill_pland

__all__ = ["Pland", "fill_pland"]
