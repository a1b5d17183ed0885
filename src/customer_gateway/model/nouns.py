"""The unified nouns: what every system's records are read as.

`Customer`, `Contact`, … are protocols. Each system has one class per noun, a typed property a field over the vendor's
document, so that a forgotten field is a type error and only what a query selects is ever evaluated
(docs/adr/0005-lazy-views.md). A class attribute that is None says: this system has no such field. What they are made of
is in `model.value_objects`; meanings and sources: docs/fields.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from customer_gateway.documents.record import Document, DocumentContext
    from customer_gateway.model.value_objects import (
        Address,
        AgreementProduct,
        Billing,
        CustomerKind,
        CustomerStatus,
        EmailAddress,
        Gender,
        PhoneNumber,
    )


class Customer(Protocol):
    """One record, read as a customer. Fields behind another call live in the system's readers, not here."""

    document: Document
    context: DocumentContext

    def unreadable(self, field: str) -> bool: ...

    @property
    def key(self) -> str: ...
    @property
    def link(self) -> str | None: ...
    @property
    def version(self) -> str | None: ...
    @property
    def number(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def kind(self) -> CustomerKind | None: ...
    @property
    def status(self) -> CustomerStatus | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def gender(self) -> Gender | None: ...
    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...
    @property
    def organization(self) -> str | None: ...
    @property
    def vat_number(self) -> str | None: ...
    @property
    def organization_number(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def emails(self) -> Sequence[EmailAddress] | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def phones(self) -> Sequence[PhoneNumber] | None: ...
    @property
    def website(self) -> str | None: ...
    @property
    def language(self) -> str | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def is_supplier(self) -> bool | None: ...
    @property
    def address(self) -> Address | None: ...
    @property
    def addresses(self) -> Sequence[Address] | None: ...
    @property
    def billing(self) -> Billing | None: ...
    @property
    def notes(self) -> Sequence[str] | None: ...
    @property
    def external_ids(self) -> Sequence[str] | None: ...
    @property
    def contacts(self) -> Sequence[Contact] | None: ...
    @property
    def accounts(self) -> Sequence[Account] | None: ...
    @property
    def agreements(self) -> Sequence[Agreement] | None: ...
    @property
    def owner_key(self) -> str | None: ...
    @property
    def updater_key(self) -> str | None: ...
    @property
    def creator_key(self) -> str | None: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def updated_at(self) -> datetime | None: ...


class Contact(Protocol):
    """A person at a customer. `key` is unique within its system; `customer_key` is the record it belongs to."""

    @property
    def system(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def customer_key(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def first_name(self) -> str | None: ...
    @property
    def last_name(self) -> str | None: ...
    @property
    def title(self) -> str | None: ...
    @property
    def department(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...
    @property
    def phone(self) -> str | None: ...
    @property
    def mobile(self) -> str | None: ...
    @property
    def fax(self) -> str | None: ...
    @property
    def address(self) -> Address | None: ...
    @property
    def notes(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class BankAccount:
    system: str
    key: str
    customer_key: str
    account_number: str | None = None
    iban: str | None = None
    bic: str | None = None
    bank_name: str | None = None
    clearing: str | None = None
    country_code: str | None = None


@dataclass(frozen=True, slots=True)
class SepaMandate:
    system: str
    key: str
    customer_key: str
    reference: str | None = None
    account_holder: str | None = None
    iban: str | None = None
    bic: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentCard:
    system: str
    key: str
    customer_key: str
    provider: str | None = None
    card_type: str | None = None
    status: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    system: str
    key: str
    customer_key: str
    balance: Decimal | None = None
    credit_limit: Decimal | None = None
    currency: str | None = None


Account: TypeAlias = BankAccount | SepaMandate | PaymentCard | LedgerAccount


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract with a customer. `responsible_key` is a user's key; `responsible_name` a person without a user."""

    system: str
    key: str
    customer_key: str | None
    type: str | None = None
    description: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    auto_renews: bool | None = None
    responsible_key: str | None = None
    responsible_name: str | None = None
    products: Sequence[AgreementProduct] = ()


class User(Protocol):
    """A person who works with the system."""

    @property
    def system(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def email(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Invoice:
    system: str
    key: str
    customer_key: str | None
    number: str | None = None
    date: date | None = None
    due_date: date | None = None
    total: Decimal | None = None
    currency: str | None = None
    status: str | None = None


RELATIONS: Final = ("contacts", "accounts", "agreements", "invoices", "owner", "updater", "creator")
"""The unified fields whose values are nouns of their own."""

UNIFIED_FIELDS: Final = (
    "number",
    "name",
    "kind",
    "status",
    "title",
    "gender",
    "first_name",
    "last_name",
    "organization",
    "vat_number",
    "organization_number",
    "email",
    "emails",
    "phone",
    "phones",
    "website",
    "language",
    "currency",
    "is_supplier",
    "address",
    "addresses",
    "billing",
    "notes",
    "external_ids",
    *RELATIONS,
    "created_at",
    "updated_at",
)
"""Every unified field of a customer that has a source and so a provenance, in the order of the schema."""
