"""Which fields of the nouns around a customer NEXT has a source for, told by their model names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS: Final[Mapping[str, frozenset[str]]] = {
    "Billing": frozenset({"email", "name", "address", "payment_terms", "invoice_delivery", "taxable", "einvoice"}),
    "EInvoice": frozenset({"ean", "edi_address"}),
    "Address": frozenset({"name", "street", "postal_code", "city", "country_code", "country"}),
    "BankAccount": frozenset({"account_number", "iban", "bic", "bank_name", "clearing"}),
    "Agreement": frozenset({"description", "start_date", "end_date"}),
    "Invoice": frozenset({"number", "date", "due_date", "total", "currency", "status"}),
}
