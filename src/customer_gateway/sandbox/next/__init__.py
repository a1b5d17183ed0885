"""NEXT: one-time key for a token, filter_str, active rows only unless asked, PUT of what changed."""

from __future__ import annotations

from customer_gateway.sandbox.next.api import Next
from customer_gateway.sandbox.next.documents import fill_next

__all__ = ["Next", "fill_next"]
