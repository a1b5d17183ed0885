"""Pland's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.model import forms
from customer_gateway.model.nouns import (
    Address,
    AddressKind,
    Agreement,
    AgreementProduct,
    Billing,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    Invoice,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.model.record import Record, content_version
from customer_gateway.model.view import text, texts

if TYPE_CHECKING:
    from datetime import datetime

_ACTIVE: Final = "1"


class PlandCustomerView(Record):
    """A Pland customer read as a `Customer`."""

    __slots__ = ()

    kind: None = None
    title: None = None
    gender: None = None
    first_name: None = None
    last_name: None = None
    organization: None = None
    organization_number: None = None
    language: None = None
    currency: None = None
    is_supplier: None = None
    notes: None = None
    accounts: None = None
    owner_key: None = None
    # Told by other calls (system.readers):
    contacts: None = None
    agreements: None = None

    @property
    def key(self) -> str:
        return str(self.document["_id"])

    @property
    def link(self) -> str:
        return f"{self.reading.base_url}/customers/{self.key}"

    @property
    def version(self) -> str:
        return self.part("status").text("lastModifiedAt") or content_version(self.document)

    number = text("number")
    name = text("name")

    _status = text("status", within="status")

    @property
    def status(self) -> CustomerStatus | None:
        status = self._status
        if status is None:
            return None
        return CustomerStatus.ACTIVE if status == _ACTIVE else CustomerStatus.INACTIVE

    @property
    def vat_number(self) -> str | None:
        sent = self.text("vatNumber")
        return forms.vat_number(sent) if sent else None

    email = text("email", within="contact")

    @property
    def emails(self) -> list[EmailAddress]:
        return [EmailAddress(self.email, EmailPurpose.GENERAL)] if self.email else []

    _telephone = text("telephone", within="contact")
    _mobile = text("mobile", within="contact")

    @property
    def phone(self) -> str | None:
        return self._telephone or self._mobile

    @property
    def phones(self) -> list[PhoneNumber]:
        contact = self.part("contact")
        region = self.address.country_code if self.address else None
        kinds = {"telephone": PhoneKind.PHONE, "mobile": PhoneKind.MOBILE}
        return [
            PhoneNumber(raw, forms.phone_e164(raw, region or self.reading.region), kind)
            for field, kind in kinds.items()
            if (raw := contact.text(field))
        ]

    website = text("website", within="contact")

    @property
    def address(self) -> Address | None:
        return _address(self.part("address"))

    @property
    def addresses(self) -> list[Address]:
        return [self.address] if self.address else []

    @property
    def billing(self) -> Billing:
        """Payment terms and recipients are names behind ids: the readers tell them."""
        einvoice = EInvoice(leitweg_id=self.text("buyerReference"), supplier_number=self.text("orderReferenceId"))
        return Billing(einvoice=einvoice if einvoice != EInvoice() else None)

    external_ids = texts("debitorNumber")

    updater_key = text("lastModifiedBy", within="status")
    creator_key = text("createdBy", within="status")

    @property
    def created_at(self) -> datetime | None:
        return self.part("status").moment("createdAt")

    @property
    def updated_at(self) -> datetime | None:
        return self.part("status").moment("lastModifiedAt")

    payment_term_key = text("paymentTermId")

    @property
    def recipient_keys(self) -> list[str]:
        """The users who receive invoices: the recipient first, then those in copy."""
        return self.texts("invoiceRecipientId") + self.texts("invoiceCCRecipientIds")


def _address(part: Record) -> Address | None:
    text_of = part.text
    co, street, country = text_of("co"), text_of("street"), text_of("country")
    postal_code, city, state = text_of("zip"), text_of("city"), text_of("state")
    if not (street or postal_code or city or country or co or state):
        return None
    return Address(
        kind=AddressKind.MAIN,
        lines=[line for line in (co, street) if line],
        street=street,
        postal_code=postal_code,
        city=city,
        state=state,
        country_code=forms.country_code(country) if country else None,
        country=country,
    )


class PlandContactView(Record):
    """A Pland contact read as a `Contact`."""

    __slots__ = ()

    department: None = None
    address: None = None

    @property
    def key(self) -> str:
        return str(self.document["_id"])

    customer_key = text("customerId")

    first_name = text("firstName")
    last_name = text("lastName")

    @property
    def name(self) -> str | None:
        return _full_name(self.first_name, self.last_name)

    title = text("position")
    email = text("email")
    phone = text("phone")
    mobile = text("mobile")
    fax = text("fax")
    notes = text("comment")


class PlandUser(NamedTuple):
    """A Pland user. Many requests share one, so it is made at once and its document is let go."""

    system: str
    key: str
    name: str | None
    email: str | None


def user(document: Record) -> PlandUser:
    general = document.part("general")
    return PlandUser(
        system=document.reading.system,
        key=str(document.document["_id"]),
        name=_full_name(general.text("firstName"), general.text("lastName")),
        email=document.part("access").text("email"),
    )


def _full_name(first: str | None, last: str | None) -> str | None:
    return f"{first} {last}" if first and last else first or last


def agreement(assignment: Record) -> Agreement:
    """An assignment is what Pland has in the way of an agreement: `type` tells how it is billed, positions for what."""
    calendar = assignment.part("iCalendar")
    billing = assignment.part("billing")
    return Agreement(
        system=assignment.reading.system,
        key=str(assignment.document["_id"]),
        customer_key=assignment.text("customerId"),
        type=billing.text("type"),
        description=assignment.text("title"),
        start_date=calendar.day("dtstart"),
        end_date=calendar.day("dtend"),
        products=[_product(position) for position in billing.parts("positions")],
    )


def _product(position: Record) -> AgreementProduct:
    return AgreementProduct(
        code=position.text("productId"),
        description=position.text("title"),
        amount=position.decimal("quantity"),
        unit=position.text("unit"),
        unit_price=position.decimal("price"),
    )


def invoice(document: Record) -> Invoice:
    """An invoice, a storno or a credit; `total` is the gross amount."""
    return Invoice(
        system=document.reading.system,
        key=str(document.document["_id"]),
        customer_key=document.text("customerId"),
        number=document.text("documentNumber"),
        date=document.day("issuedOn"),
        due_date=document.day("paymentGoalDate"),
        total=document.part("totals").decimal("gross"),
        currency=document.code("currency", forms.currency_code),
        status=document.text("status"),
    )
