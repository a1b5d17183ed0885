"""Which fields of the nouns around a customer AutoDNS has a source for, told by their model names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DETAILS: Final[Mapping[str, frozenset[str]]] = {
    "Billing": frozenset(
        {
            *("email", "payment_terms", "payment_method", "invoice_delivery"),
            *("credit_limit", "taxable", "recipients", "einvoice"),
        }
    ),
    "EInvoice": frozenset({"supplier_number"}),
    "Address": frozenset({"street", "postal_code", "city", "state", "country_code", "country"}),
    "LedgerAccount": frozenset({"balance", "credit_limit", "currency"}),
    "SepaMandate": frozenset({"reference", "account_holder", "iban", "bic", "status"}),
    "PaymentCard": frozenset({"provider", "card_type", "status", "valid_to"}),
    "Agreement": frozenset({"type", "description", "responsible_name"}),
    "Invoice": frozenset({"number", "date", "total", "currency", "status"}),
}
