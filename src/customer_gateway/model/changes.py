"""What a client wants changed of a customer: absent leaves alone, None clears, a value sets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Patch: TypeAlias = "Mapping[str, Any]"
"""The fields that change, by their model names, those of nested objects dotted (`address.postal_code`).

A section has the vendor's fields by their GraphQL names, nested as they are in the input (`{"next": {"markup": …}}`).
"""

_ADDRESS: Final = ("name", "lines", "street", "house_number", "postal_code", "city", "state", "country_code", "country")
_EINVOICE: Final = ("leitweg_id", "supplier_number", "ean", "edi_address", "finvoice_address")

PATCH_FIELDS: Final = (
    *("number", "name", "kind", "title", "gender", "first_name", "last_name", "organization"),
    *("vat_number", "organization_number", "email", "emails", "phone", "mobile", "fax", "website"),
    *("language", "currency", "is_supplier"),
    *(f"address.{name}" for name in _ADDRESS),
    *("billing.email", "billing.name"),
    *(f"billing.address.{name}" for name in _ADDRESS),
    *("billing.payment_terms_id", "billing.payment_method", "billing.invoice_delivery_id", "billing.credit_limit"),
    *("billing.taxable", "billing.recipient_ids"),
    *(f"billing.einvoice.{name}" for name in _EINVOICE),
    *("notes", "external_id", "owner_id"),
)
"""Every unified field that a patch can name, in the order of the input."""


@dataclass(frozen=True, slots=True)
class ListPatch:
    """What becomes of a list: `set` alone, or what is added, updated (by the entry's id) and removed."""

    set: Sequence[Any] | None = None
    add: Sequence[Any] = ()
    update: Sequence[Any] = ()
    remove: Sequence[Any] = ()


class RefusalCode(Enum):
    """Why a field is not written; a part of the contract's `UserErrorCode`."""

    NOT_WRITABLE = "NOT_WRITABLE"
    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    EXCLUSIVE = "EXCLUSIVE"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A field that is not written: `field` is its path in the patch, by GraphQL names. Names no value."""

    code: RefusalCode
    field: tuple[str, ...]
    message: str
