"""Pland's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.documents import forms
from customer_gateway.documents.contact_data import (
    dialling_region,
    email_list,
    first_address,
    phone_list,
    stated_country,
)
from customer_gateway.documents.dates import read_moment
from customer_gateway.documents.row import Email, Part, Raw, Row, Text, keyed, named, raw_document
from customer_gateway.documents.shapes import Shape
from customer_gateway.documents.sources import reads
from customer_gateway.documents.values import (
    Document,
    enumerated,
    read_integer,
    read_key,
    read_keys,
    read_texts,
)
from customer_gateway.documents.versions import version_of
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerStatus,
    EInvoice,
    EmailPurpose,
    PhoneKind,
)
from customer_gateway.systems.absent import ContactFields, CustomerFields
from customer_gateway.systems.pland.record import OBJECT_ID
from customer_gateway.systems.pland.write import WRITES

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.values import DocumentContext
    from customer_gateway.model.value_objects import EmailAddress, PhoneNumber

_STATES: Final = {0: CustomerStatus.INACTIVE, 1: CustomerStatus.ACTIVE, 2: CustomerStatus.INACTIVE}
_STATES_SENT: Final = {str(number): status for number, status in _STATES.items()}
"""The states as they mostly come; other spellings are read as numbers."""

_ADDRESS: Final = Shape(
    Address,
    street="address.street",
    postal_code="address.zip",
    city="address.city",
    state="address.state",
    country_code="address.country",
    country="address.country",
)
_EINVOICE: Final = Shape(EInvoice, leitweg_id="buyerReference", supplier_number="orderReferenceId")
_is_id: Final = OBJECT_ID.fullmatch
_MAIN: Final = AddressKind.MAIN


class PlandStatus(Part, kw_only=True):
    """Life cycle of an entity."""

    status: Text = None
    created_at: Raw = named("createdAt")
    created_by: Text = named("createdBy")
    last_modified_at: Raw = named("lastModifiedAt")
    last_modified_by: Text = named("lastModifiedBy")


class PlandPhones(Part, kw_only=True):
    """How a customer is reached."""

    telephone: Text = None
    mobile: Text = None
    sent_email: Text = named("email")
    website: Text = None


class PlandAddress(Part, kw_only=True):
    """A postal address."""

    co: Text = None
    street: Text = None
    postal_code: Text = named("zip")
    city: Text = None
    state: Text = None
    country: Text = None


class PlandCustomerView(Row, CustomerFields, kw_only=True):
    """A Pland customer read as a `Customer`.

    `document` is there where it was asked for: most of it is never read, so most answers are decoded without it.
    """

    key: str = keyed("_id")
    number: Text = None
    name: Text = None
    document: Document = raw_document()

    life: PlandStatus | None = named("status")
    reach: PlandPhones | None = named("contact")
    place: PlandAddress | None = named("address")
    sent_vat_number: Text = named("vatNumber")
    buyer_reference: Text = named("buyerReference")
    order_reference_id: Text = named("orderReferenceId")
    debitor_number: Raw = named("debitorNumber")
    payment_term: Text = named("paymentTermId")
    invoice_recipient: Raw = named("invoiceRecipientId")
    invoice_copies: Raw = named("invoiceCCRecipientIds")

    @property
    def link(self) -> str:
        return f"{self.context.base_url}/customers/{self.key}"

    @property
    def version(self) -> str:
        return version_of(WRITES, self.document)

    @property
    @reads("status.status")
    def status(self) -> CustomerStatus | None:
        status = self.life.status if self.life else None
        if status is None or status in _STATES_SENT:
            return _STATES_SENT[status] if status else None
        return enumerated(_STATES, read_integer(status, "status", self.context), "status", self.context)

    @property
    @reads("vatNumber")
    def vat_number(self) -> str | None:
        return forms.vat_number(self.sent_vat_number) if self.sent_vat_number else None

    @property
    @reads("contact.email")
    def email(self) -> str | None:
        return first_address(self.reach.sent_email) if self.reach else None

    @property
    @reads("contact.email")
    def emails(self) -> list[EmailAddress]:
        return email_list([(self.reach.sent_email, EmailPurpose.GENERAL)]) if self.reach else []

    @property
    @reads("contact.telephone", "contact.mobile")
    def phone(self) -> str | None:
        return (self.reach.telephone or self.reach.mobile) if self.reach else None

    @property
    @reads("contact.telephone", "contact.mobile", beside="address.country")
    def phones(self) -> list[PhoneNumber]:
        if self.reach is None:
            return []
        region = dialling_region(self.place.country if self.place else None, self.context)
        telephone = ("telephone", self.reach.telephone, PhoneKind.PHONE)
        return phone_list([telephone, ("mobile", self.reach.mobile, PhoneKind.MOBILE)], region, self.context)

    @property
    @reads("contact.website")
    def website(self) -> str | None:
        return self.reach.website if self.reach else None

    @property
    @reads(_ADDRESS, "address.co")
    def address(self) -> Address | None:
        return _address(self.place, self.context) if self.place else None

    @property
    @reads(address)
    def addresses(self) -> list[Address]:
        address = self.address
        return [address] if address else []

    @property
    @reads(
        fills={"Billing": frozenset({"einvoice", "payment_terms_id"})},
        einvoice=_EINVOICE,
        payment_terms_id="paymentTermId",
    )
    def billing(self) -> Billing:
        """Payment terms and recipients are names behind ids: the readers tell them."""
        einvoice = EInvoice(leitweg_id=self.buyer_reference, supplier_number=self.order_reference_id)
        return Billing(payment_terms_id=self.payment_term_key, einvoice=einvoice if einvoice != EInvoice() else None)

    @property
    @reads("debitorNumber")
    def external_ids(self) -> list[str]:
        return read_texts(self.debitor_number, "debitorNumber", self.context)

    @property
    @reads("status.lastModifiedBy")
    def updater_key(self) -> str | None:
        key = self.life.last_modified_by if self.life else None
        return key if key is None or _is_id(key) else read_key(key, "lastModifiedBy", OBJECT_ID, self.context)

    @property
    @reads("status.createdBy")
    def creator_key(self) -> str | None:
        key = self.life.created_by if self.life else None
        return key if key is None or _is_id(key) else read_key(key, "createdBy", OBJECT_ID, self.context)

    @property
    @reads("status.createdAt")
    def created_at(self) -> datetime | None:
        return read_moment(self.life.created_at, "createdAt", self.context) if self.life else None

    @property
    @reads("status.lastModifiedAt")
    def updated_at(self) -> datetime | None:
        return read_moment(self.life.last_modified_at, "lastModifiedAt", self.context) if self.life else None

    @property
    @reads("paymentTermId", leads_to="billing.payment_terms")
    def payment_term_key(self) -> str | None:
        return read_key(self.payment_term, "paymentTermId", OBJECT_ID, self.context)

    @property
    @reads("invoiceRecipientId", "invoiceCCRecipientIds", leads_to="billing.recipients")
    def recipient_keys(self) -> list[str]:
        """The users who receive invoices: the recipient first, then those in copy."""
        first = read_keys(self.invoice_recipient, "invoiceRecipientId", OBJECT_ID, self.context)
        return first + read_keys(self.invoice_copies, "invoiceCCRecipientIds", OBJECT_ID, self.context)


def _address(place: PlandAddress, context: DocumentContext) -> Address | None:
    co, street, postal_code, city = place.co, place.street, place.postal_code, place.city
    state, country = place.state, place.country
    if not (street or postal_code or city or country or co or state):
        return None
    lines = [line for line in (co, street) if line] if co else [street] if street else []
    code = stated_country(country, "country", context)
    return Address(_MAIN, None, lines, street, None, postal_code, city, state, code, country)


class PlandContactView(Row, ContactFields, kw_only=True):
    """A Pland contact read as a `Contact`."""

    key: str = keyed("_id")
    customer_key: Text = named("customerId")
    first_name: Text = named("firstName")
    last_name: Text = named("lastName")
    title: Text = named("position")
    email: Email = None
    phone: Text = None
    mobile: Text = None
    fax: Text = None
    notes: Text = named("comment")

    @property
    @reads("firstName", "lastName")
    def name(self) -> str | None:
        first, last = self.first_name, self.last_name  # as `_full_name`, but there are many contacts
        return f"{first} {last}" if first and last else first or last


class PlandGeneral(Part, kw_only=True):
    """Who a user is."""

    first_name: Text = named("firstName")
    last_name: Text = named("lastName")


class PlandAccess(Part, kw_only=True):
    """How a user gets in."""

    email: Email = None


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
