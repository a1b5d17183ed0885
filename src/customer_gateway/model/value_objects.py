"""What the unified nouns are made of: values without a key of their own. Meanings and sources: docs/fields.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal


class CustomerKind(Enum):
    COMPANY = "COMPANY"
    PERSON = "PERSON"
    PUBLIC = "PUBLIC"
    OTHER = "OTHER"


class CustomerStatus(Enum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    ARCHIVED = "ARCHIVED"
    LOCKED = "LOCKED"
    PENDING = "PENDING"


class Gender(Enum):
    MALE = "MALE"
    FEMALE = "FEMALE"
    OTHER = "OTHER"


class EmailPurpose(Enum):
    GENERAL = "GENERAL"
    BILLING = "BILLING"
    COMMERCIAL = "COMMERCIAL"
    STATUS_UPDATES = "STATUS_UPDATES"
    OTHER = "OTHER"


class PhoneKind(Enum):
    PHONE = "PHONE"
    MOBILE = "MOBILE"
    FAX = "FAX"


class AddressKind(Enum):
    MAIN = "MAIN"
    BILLING = "BILLING"
    DELIVERY = "DELIVERY"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    address: str
    purpose: EmailPurpose


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """`raw` as sent; `e164` where the number is valid."""

    raw: str
    e164: str | None
    kind: PhoneKind


class Address(NamedTuple):
    """`lines` are the address lines as sent; `country` as sent, `country_code` where it is certain.

    A named tuple, because every customer has one and it is made in less than half a frozen dataclass's time.
    """

    kind: AddressKind
    name: str | None = None
    lines: Sequence[str] = ()
    street: str | None = None
    house_number: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country_code: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class EInvoice:
    leitweg_id: str | None = None
    supplier_number: str | None = None
    ean: str | None = None
    edi_address: str | None = None
    finvoice_address: str | None = None


@dataclass(frozen=True, slots=True)
class Billing:
    """How a customer is billed, as far as the customer's own document says.

    What another call answers (a payment term's description, the recipients' names) is read by the system's readers
    `billing.payment_terms`, `billing.invoice_delivery` and `billing.recipients`.
    """

    email: str | None = None
    name: str | None = None
    address: Address | None = None
    payment_terms: str | None = None
    payment_terms_id: str | None = None
    payment_method: str | None = None
    invoice_delivery: str | None = None
    invoice_delivery_id: str | None = None
    credit_limit: Decimal | None = None
    taxable: bool | None = None
    einvoice: EInvoice | None = None


@dataclass(frozen=True, slots=True)
class AgreementProduct:
    code: str | None = None
    description: str | None = None
    amount: Decimal | None = None
    unit: str | None = None
    unit_price: Decimal | None = None
