"""Pland's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.model import forms
from customer_gateway.model.record import (
    Document,
    content_version,
    read_moment,
    read_text,
    read_texts,
)
from customer_gateway.model.rows import Part, Row, Sent, Text, kept, keyed, named
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerStatus,
    EInvoice,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)

if TYPE_CHECKING:
    from datetime import datetime


_ACTIVE: Final = "1"
_MAIN: Final = AddressKind.MAIN


class PlandStatus(Part, kw_only=True):
    """Life cycle of an entity."""

    status: Text = None
    created_at: Sent = named("createdAt")
    created_by: Text = named("createdBy")
    last_modified_at: Sent = named("lastModifiedAt")
    last_modified_by: Text = named("lastModifiedBy")


class PlandPhones(Part, kw_only=True):
    """How a customer is reached."""

    telephone: Text = None
    mobile: Text = None
    email: Text = None
    website: Text = None


class PlandAddress(Part, kw_only=True):
    """A postal address."""

    co: Text = None
    street: Text = None
    postal_code: Text = named("zip")
    city: Text = None
    state: Text = None
    country: Text = None


class PlandCustomerView(Row, kw_only=True):
    """A Pland customer read as a `Customer`.

    `document` is there where it was asked for: most of it is never read, so most answers are decoded without it.
    """

    key: str = keyed("_id")
    number: Text = None
    name: Text = None
    document: Document = kept()

    kind = title = gender = first_name = last_name = organization = organization_number = None
    language = currency = is_supplier = notes = accounts = owner_key = None
    contacts = agreements = None  # told by other calls (system.readers)

    life: PlandStatus | None = named("status")
    reach: PlandPhones | None = named("contact")
    place: PlandAddress | None = named("address")
    sent_vat_number: Text = named("vatNumber")
    buyer_reference: Text = named("buyerReference")
    order_reference_id: Text = named("orderReferenceId")
    debitor_number: Sent = named("debitorNumber")
    payment_term_key: Text = named("paymentTermId")
    invoice_recipient: Sent = named("invoiceRecipientId")
    invoice_copies: Sent = named("invoiceCCRecipientIds")

    @property
    def link(self) -> str:
        return f"{self.reading.base_url}/customers/{self.key}"

    @property
    def version(self) -> str:
        changed = self.life and read_text(self.life.last_modified_at, "lastModifiedAt", self.reading)
        return changed or content_version(self.document)

    @property
    def status(self) -> CustomerStatus | None:
        status = self.life.status if self.life else None
        if status is None:
            return None
        return CustomerStatus.ACTIVE if status == _ACTIVE else CustomerStatus.INACTIVE

    @property
    def vat_number(self) -> str | None:
        return forms.vat_number(self.sent_vat_number) if self.sent_vat_number else None

    @property
    def email(self) -> str | None:
        return self.reach.email if self.reach else None

    @property
    def emails(self) -> list[EmailAddress]:
        return [EmailAddress(self.email, EmailPurpose.GENERAL)] if self.email else []

    @property
    def phone(self) -> str | None:
        return (self.reach.telephone or self.reach.mobile) if self.reach else None

    @property
    def phones(self) -> list[PhoneNumber]:
        if self.reach is None:
            return []
        region = (self.address and self.address.country_code) or self.reading.region
        numbers = ((self.reach.telephone, PhoneKind.PHONE), (self.reach.mobile, PhoneKind.MOBILE))
        return [PhoneNumber(raw, forms.phone_e164(raw, region), kind) for raw, kind in numbers if raw]

    @property
    def website(self) -> str | None:
        return self.reach.website if self.reach else None

    @property
    def address(self) -> Address | None:
        return _address(self.place) if self.place else None

    @property
    def addresses(self) -> list[Address]:
        return [self.address] if self.address else []

    @property
    def billing(self) -> Billing:
        """Payment terms and recipients are names behind ids: the readers tell them."""
        einvoice = EInvoice(leitweg_id=self.buyer_reference, supplier_number=self.order_reference_id)
        return Billing(einvoice=einvoice if einvoice != EInvoice() else None)

    @property
    def external_ids(self) -> list[str]:
        return read_texts(self.debitor_number, "debitorNumber", self.reading)

    @property
    def updater_key(self) -> str | None:
        return self.life.last_modified_by if self.life else None

    @property
    def creator_key(self) -> str | None:
        return self.life.created_by if self.life else None

    @property
    def created_at(self) -> datetime | None:
        return read_moment(self.life.created_at, "createdAt", self.reading) if self.life else None

    @property
    def updated_at(self) -> datetime | None:
        return read_moment(self.life.last_modified_at, "lastModifiedAt", self.reading) if self.life else None

    @property
    def recipient_keys(self) -> list[str]:
        """The users who receive invoices: the recipient first, then those in copy."""
        first = read_texts(self.invoice_recipient, "invoiceRecipientId", self.reading)
        return first + read_texts(self.invoice_copies, "invoiceCCRecipientIds", self.reading)


def _address(place: PlandAddress) -> Address | None:
    co, street, postal_code, city = place.co, place.street, place.postal_code, place.city
    state, country = place.state, place.country
    if not (street or postal_code or city or country or co or state):
        return None
    lines = [line for line in (co, street) if line] if co else [street] if street else []
    code = forms.country_code(country) if country else None
    return Address(_MAIN, None, lines, street, None, postal_code, city, state, code, country)


class PlandContactView(Row, kw_only=True):
    """A Pland contact read as a `Contact`."""

    key: str = keyed("_id")
    customer_key: Text = named("customerId")
    first_name: Text = named("firstName")
    last_name: Text = named("lastName")
    title: Text = named("position")
    email: Text = None
    phone: Text = None
    mobile: Text = None
    fax: Text = None
    notes: Text = named("comment")

    department = address = None

    @property
    def name(self) -> str | None:
        first, last = self.first_name, self.last_name  # as `_full_name`, but there are many contacts
        return f"{first} {last}" if first and last else first or last


class PlandGeneral(Part, kw_only=True):
    """Who a user is."""

    first_name: Text = named("firstName")
    last_name: Text = named("lastName")


class PlandAccess(Part, kw_only=True):
    """How a user gets in."""

    email: Text = None


class PlandUserRow(Row, kw_only=True):
    """A Pland user as it is sent."""

    key: str = keyed("_id")
    general: PlandGeneral | None = None
    access: PlandAccess | None = None


class PlandUser(NamedTuple):
    """A Pland user. Many requests share one and read it again and again, so it is made at once."""

    system: str
    key: str
    name: str | None
    email: str | None


def user(row: PlandUserRow) -> PlandUser:
    general, access = row.general, row.access
    name = _full_name(general.first_name, general.last_name) if general else None
    return PlandUser(row.system, row.key, name, access.email if access else None)


def _full_name(first: str | None, last: str | None) -> str | None:
    return f"{first} {last}" if first and last else first or last
