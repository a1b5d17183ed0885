"""Which rows an operation needs: the thin ones of `/api/customers/base`, or the full ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.systems.lemonsoft.record import BASE, CUSTOMER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.system import Selection

SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    # unified field: the vendor's fields that it is read from
    "number": ("number",),
    "name": ("name",),
    "kind": ("type",),
    "status": ("is_nonactive",),
    "vat_number": ("vat",),
    "email": ("email",),
    "emails": ("email",),
    "phone": ("phone",),
    "phones": ("phone", "fax", "country"),
    "website": ("www",),
    "language": ("language_code",),
    "currency": ("currency_code",),
    "is_supplier": ("is_supplier",),
    "address": ("street", "street2", "postal_code", "city", "country"),
    "addresses": (
        *("street", "street2", "postal_code", "city", "country"),
        *("invoicing_name", "invoicing_address", "invoicing_postaladdress", "invoicing_postal_code", "invoicing_city"),
    ),
    "billing": (
        *("invoicing_name", "invoicing_address", "invoicing_postaladdress", "invoicing_postal_code", "invoicing_city"),
        *("payment_term_number", "invoice_method_id", "creditlimit", "customer_edi", "finvoice_address"),
    ),
    "notes": ("texts",),
    "contacts": ("contacts",),
    "accounts": ("accounts",),
    "agreements": ("agreements",),
    "invoices": ("number",),
    "owner": ("person_responsible_number",),
    "created_at": ("created",),
    "updated_at": ("modified",),
}

# What is selected on a customer without reading any of its fields, or what Lemonsoft has no field for.
_UNREAD: Final = frozenset(
    {
        *("__typename", "id", "records"),
        *("title", "gender", "first_name", "last_name", "organization", "organization_number", "external_ids"),
        *("updater", "creator"),
    }
)
_THIN: Final = frozenset(field.vendor for field in BASE)
_THIN_UNIFIED: Final = _UNREAD | {name for name, fields in SOURCES.items() if _THIN.issuperset(fields)}
_THIN_RECORD: Final = frozenset({"__typename", "id", "system", "key", "link"}) | {field.name for field in BASE}
_NAMES_ONLY: Final = frozenset({"__typename", "id"})  # what `node` may select on anything
_EMBEDDED: Final = ("Contact", "Account", "BankAccount", "Agreement")


def needs_full_rows(want: Selection) -> bool:
    """Whether anything is selected that thin rows lack.

    Every name that is not known to be in them counts as lacking (`version`, `provenance`). So do the nouns that are
    embedded in full rows: whoever selects them reads their customer as widely, in the same call.
    """
    return (
        not want.of("Customer") <= _THIN_UNIFIED
        or not want.of(CUSTOMER.name) <= _THIN_RECORD
        or want.tells_raw(CUSTOMER)
        or any(want.of(noun) - _NAMES_ONLY for noun in _EMBEDDED)
    )
