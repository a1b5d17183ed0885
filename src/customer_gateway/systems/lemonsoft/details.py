"""Which fields of the nouns around a customer Lemonsoft has a source for, told by their model names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS: Final[Mapping[str, frozenset[str]]] = {
    "Billing": frozenset({"name", "address", "payment_terms", "invoice_delivery", "credit_limit", "einvoice"}),
    "EInvoice": frozenset({"edi_address", "finvoice_address"}),
    "Address": frozenset({"name", "street", "postal_code", "city", "country_code", "country"}),
    "BankAccount": frozenset({"account_number", "iban", "bic", "bank_name", "clearing", "country_code"}),
    "Agreement": frozenset({"type", "description", "start_date", "end_date", "auto_renews", "responsible", "products"}),
    "AgreementProduct": frozenset({"code", "description", "amount", "unit", "unit_price"}),
    "Invoice": frozenset({"number", "date", "due_date", "total", "currency", "status"}),
}
