"""Which of AutoDNS's keys an operation needs: lists answer a reduced customer and add the keys that are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.systems.autodns.record import CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from customer_gateway.system import Selection

Keys = frozenset[str]

_IDENTITY: Final = frozenset({"client", "number"})  # in every answer
_ADDRESS: Final = ("addressLines", "pcode", "city", "state", "country")

BILLING: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("billingEmails",),
    "payment_terms": ("payment",),
    "payment_method": ("paymentMode",),
    "invoice_delivery": ("invoicePaperbill",),
    "credit_limit": ("account",),
    "taxable": ("taxable",),
    "recipients": ("billingUsers",),
    "einvoice": ("supplierNumber",),
}
"""Fields of `Billing` and the keys they are read from."""

UNIFIED: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("name",),
    "kind": ("type",),
    "status": ("locked", "pending"),
    "title": ("title",),
    "gender": ("gender",),
    "first_name": ("fname",),
    "last_name": ("lname",),
    "organization": ("organization",),
    "vat_number": ("vatNumber",),
    "email": ("emails",),
    "emails": ("emails", "billingEmails"),
    "phone": ("phone",),
    "phones": ("phone", "fax", "country"),
    "website": ("url",),
    "language": ("invoiceLanguage",),
    "currency": ("paymentCurrency",),
    "address": _ADDRESS,
    "addresses": _ADDRESS,
    "notes": ("comments",),
    "contacts": ("contacts",),
    "accounts": ("account", "sepa", "card"),
    "agreements": ("contracts",),
    "owner": ("owner",),
    "updater": ("updater",),
    "created_at": ("created",),
    "updated_at": ("updated",),
    "version": ("updated",),
}
"""Fields of `Customer` and the keys they are read from; `number` and `key` come with every answer."""

ALL_UNIFIED: Final[Keys] = frozenset(key for table in (UNIFIED, BILLING) for keys in table.values() for key in keys)
"""What `provenance` needs: it tells of every unified field."""

INFERRED: Final[Keys] = frozenset(
    {"dataPrivacyStatement", "invoiceDays", "invoicePaperbill", "paymentCurrencyExchangeFee", "pricelists"}
    | {"supplierNumber", "defaultEmail"}
)
"""Keys that no document of lists names: an installation may not know them (docs/systems/autodns.md#12)."""

ALL: Final[Keys] = frozenset(CUSTOMER.by_vendor_name) - _IDENTITY
"""What `raw` needs: the whole documented customer."""

NOUNS: Final[Mapping[str, Keys]] = {
    "Contact": frozenset(UNIFIED["contacts"]),
    "Account": frozenset(UNIFIED["accounts"]),
    "Agreement": frozenset(UNIFIED["agreements"]),
}
"""Where the nouns that are embedded in a customer stand."""

_TYPES: Final = {
    "Contact": "Contact",
    "Account": "Account",
    "LedgerAccount": "Account",
    "SepaMandate": "Account",
    "PaymentCard": "Account",
    "BankAccount": "Account",
    "Agreement": "Agreement",
}
_RECORD: Final = {field.name: (field.vendor,) for field in CUSTOMER.fields if field.vendor not in _IDENTITY}


def keys_of(want: Selection) -> Keys:
    """The keys that the operation needs of a customer, whatever way it comes to it."""
    unified = want.of("Customer")
    record = want.of(CUSTOMER.name)
    if want.tells_raw(CUSTOMER):
        return ALL
    keys = _named(UNIFIED, unified) | _named(_RECORD, record)
    if "billing" in unified:
        keys |= _named(BILLING, want.of("Billing") or BILLING)
    if "provenance" in unified:
        keys |= ALL_UNIFIED
    # A contact found by its own id is read through its customer: the same width then serves both.
    return keys.union(*(NOUNS[noun] for type_name, noun in _TYPES.items() if want.of(type_name)))


def _named(table: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> Keys:
    return frozenset(key for name in names for key in table.get(name, ()))


def lost_without(refused: Keys) -> frozenset[str]:
    """The unified fields of a customer that are read from these keys alone; the status wants all of its keys."""
    return frozenset(
        name for name in UNIFIED_FIELDS if (keys := UNIFIED.get(name)) and _need(name)(key in refused for key in keys)
    )


def _need(name: str) -> Callable[[Iterable[bool]], bool]:
    return any if name == "status" else all
