"""Lemonsoft: sessions of thirty minutes, wide rows or thin ones, numbers beside ids, PUT of the whole."""

from __future__ import annotations

from customer_gateway.sandbox.lemonsoft.api import Lemonsoft
from customer_gateway.sandbox.lemonsoft.documents import fill_lemonsoft

__all__ = ["Lemonsoft", "fill_lemonsoft"]
