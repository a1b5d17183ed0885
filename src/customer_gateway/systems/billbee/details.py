"""Which fields of the nouns around a customer Billbee has a source for, told by their model names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS: Final[Mapping[str, frozenset[str]]] = {
    "Address": frozenset({"name", "street", "house_number", "postal_code", "city", "state", "country_code", "country"}),
    "Invoice": frozenset({"number", "date", "total", "currency", "status"}),
}
