"""What the tests know of every registered vendor, from the folder of its tests."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from systems.facts import Facts

FACTS: Final[dict[str, Facts]] = {
    vendor.kind.slug: import_module(f"systems.{vendor.kind.slug}.facts").FACTS for vendor in VENDORS
}
