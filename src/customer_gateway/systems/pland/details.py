"""Which fields of the nouns around a customer Pland has a source for, told by their model names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS: Final[Mapping[str, frozenset[str]]] = {
    "Billing": frozenset({"payment_terms", "recipients", "einvoice"}),
    "EInvoice": frozenset({"leitweg_id", "supplier_number"}),
    "Address": frozenset({"street", "postal_code", "city", "state", "country_code", "country"}),
    "Agreement": frozenset({"type", "description", "start_date", "end_date", "products"}),
    "AgreementProduct": frozenset({"code", "description", "amount", "unit", "unit_price"}),
    "Invoice": frozenset({"number", "date", "due_date", "total", "currency", "status"}),
}
