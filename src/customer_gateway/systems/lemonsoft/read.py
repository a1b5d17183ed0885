"""Lemonsoft's documents read as the unified nouns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from customer_gateway.documents import forms
from customer_gateway.documents.contact_data import dialling_region, email_list, phone_list, stated_country
from customer_gateway.documents.countries import country_code
from customer_gateway.documents.embedded import keyed
from customer_gateway.documents.record import Record, content_version
from customer_gateway.documents.view import email_address, flag, foreign_key, moment, reads, text
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    AgreementProduct,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailPurpose,
    PhoneKind,
)
from customer_gateway.systems.absent import ContactFields, CustomerFields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.documents.record import Document, DocumentContext
    from customer_gateway.model.value_objects import EmailAddress, PhoneNumber

# 1 to 2147483647: a greater number is refused for all keys of a call.
INT32: Final = re.compile(
    r"[1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}"
    r"|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7]"
)
CODE: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_NOBODY: Final = {0, "0", "0.0"}  # how an integer says that there is none

_PHONES: Final = (("phone", PhoneKind.PHONE), ("fax", PhoneKind.FAX))
_INVOICING: Final = tuple(f"invoicing_{field}" for field in ("name", "address", "postaladdress", "postal_code", "city"))
_KINDS: Final = {0: CustomerKind.COMPANY, 1: CustomerKind.PERSON}


class LemonsoftCustomerView(Record, CustomerFields):
    """A Lemonsoft customer read as a `Customer`; a thin row has no more than the fields of `record.BASE`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return str(self.document["id"])

    @property
    def link(self) -> str:
        return f"{self.reading.base_url}/api/customers/{self.key}"

    @property
    def version(self) -> str:
        return self.text("modified") or content_version(self.document)

    number = text("number")
    name = text("name")

    @property
    @reads("type")
    def kind(self) -> CustomerKind | None:
        kind = self.integer("type")
        return None if kind is None else _KINDS.get(kind, CustomerKind.OTHER)

    @property
    @reads("is_nonactive")
    def status(self) -> CustomerStatus | None:
        inactive = self.flag("is_nonactive")
        if inactive is None and self.holds("is_nonactive"):
            return None
        return CustomerStatus.INACTIVE if inactive else CustomerStatus.ACTIVE

    @property
    @reads("vat")
    def vat_number(self) -> str | None:
        sent = self.text("vat")
        return forms.vat_number(sent) if sent else None

    email = email_address("email")

    @property
    @reads("email")
    def emails(self) -> list[EmailAddress]:
        return email_list([(self.text("email"), EmailPurpose.GENERAL)])

    phone = text("phone")

    @property
    @reads("phone", "fax", beside="country")
    def phones(self) -> list[PhoneNumber]:
        region = dialling_region(self.text("country"), self.reading)
        sent = ((name, self.text(name), kind) for name, kind in _PHONES)
        return phone_list(sent, region, self.reading)

    website = text("www")

    @property
    @reads("language_code")
    def language(self) -> str | None:
        return self.code("language_code", forms.language_tag)

    @property
    @reads("currency_code")
    def currency(self) -> str | None:
        return self.code("currency_code", forms.currency_code)

    is_supplier = flag("is_supplier")

    @property
    @reads("street", "street2", "postal_code", "city", "country")
    def address(self) -> Address | None:
        return _address(self, self.text("city"))

    @property
    @reads(address, _INVOICING)
    def addresses(self) -> list[Address]:
        return [address for address in (self.address, _billing_address(self)) if address]

    @property
    @reads(
        name="invoicing_name",
        address=_INVOICING,
        credit_limit="creditlimit",
        einvoice=("customer_edi", "finvoice_address"),
    )
    def billing(self) -> Billing:
        """Payment terms and the way of delivery are names behind numbers: the readers tell them."""
        return Billing(
            name=self.text("invoicing_name"),
            address=_billing_address(self),
            credit_limit=self.decimal("creditlimit"),
            einvoice=self._einvoice(),
        )

    def _einvoice(self) -> EInvoice | None:
        edi, finvoice = self.text("customer_edi"), self.text("finvoice_address")
        return EInvoice(edi_address=edi, finvoice_address=finvoice) if edi or finvoice else None

    @property
    @reads("texts.note")
    def notes(self) -> list[str]:
        return [note for text in self.parts("texts") if (note := text.text("note"))]

    @property
    @reads("id", "contacts")
    def contacts(self) -> list[LemonsoftContactView]:
        return [
            LemonsoftContactView(part.document, self.reading, self.key, key)
            for key, part in self._embedded("contacts", "id")
        ]

    @property
    @reads("id", "accounts")
    def accounts(self) -> list[BankAccount]:
        return [_account(part, self.key, key) for key, part in self._embedded("accounts", "account_id")]

    @property
    @reads("id", "agreements")
    def agreements(self) -> list[Agreement]:
        return [_agreement(part, self.key, key) for key, part in self._embedded("agreements", "id")]

    def _embedded(self, field: str, identity: str) -> Iterable[tuple[str, Record]]:
        """Return the objects of a list, each with its key among all embedded objects of the system."""
        owner = self.key
        return ((f"{owner}/{key}", part) for key, part in keyed(self.parts(field), field, identity))

    @property
    @reads("person_responsible_number", leads_to="owner")
    def owner_key(self) -> str | None:
        return person_key(self, "person_responsible_number")

    created_at = moment("created")
    updated_at = moment("modified")

    invoiced_number = foreign_key("number", INT32, leads_to="invoices")
    """The number by which invoices name the customer."""
    payment_term = foreign_key("payment_term_number", CODE, leads_to="billing.payment_terms")
    """Number of the payment term, as text."""
    invoice_method = foreign_key("invoice_method_id", CODE, leads_to="billing.invoice_delivery")
    """Number of the way in which invoices are sent, as text."""


class LemonsoftContactView(Record, ContactFields):
    """A contact of a Lemonsoft customer read as a `Contact`."""

    __slots__ = ("customer_key", "key")

    def __init__(self, document: Document, reading: DocumentContext, customer_key: str, key: str) -> None:
        super().__init__(document, reading)
        self.customer_key = customer_key
        self.key = key

    name = text("name")
    title = text("title")
    department = text("department")
    email = email_address("email")
    phone = text("phone")
    mobile = text("gsm")
    fax = text("fax")

    @property
    @reads("street", "street2", "postal_code", "city", "postal_city", "country")
    def address(self) -> Address | None:
        return _address(self, self.text("city") or self.text("postal_city"))

    notes = text("note")


class LemonsoftPersonView(Record):
    """A Lemonsoft person read as a `User`, known by number."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return str(self.document["number"])

    @property
    @reads("name", "short_name")
    def name(self) -> str | None:
        return self.text("name") or self.text("short_name")

    email = email_address("email")


def invoice(document: Record, customer_key: str | None) -> Invoice:
    """Return an invoice or a credit note; Lemonsoft names its customer by number, the caller knows the key."""
    return Invoice(
        system=document.reading.system,
        key=str(document.document["id"]),
        customer_key=customer_key,
        number=document.text("number"),
        date=document.day("date"),
        due_date=document.day("due_date"),
        total=document.decimal("total_sum"),
        currency=document.code("currency_code", forms.currency_code),
        status=document.text("state"),
    )


def person_key(part: Record, field: str) -> str | None:
    """Return the key of the person whose number stands in `field`; 0 is how an integer says nobody."""
    sent = part.document.get(field)
    return None if isinstance(sent, (int, float, str)) and sent in _NOBODY else part.foreign_key(field, INT32)


def _account(part: Record, customer_key: str, key: str) -> BankAccount:
    return BankAccount(
        system=part.reading.system,
        key=key,
        customer_key=customer_key,
        account_number=part.text("account_number"),
        iban=part.text("iban"),
        bic=part.text("bic"),
        bank_name=part.text("bank_name"),
        clearing=part.text("clearing"),
        country_code=part.code("bank_country_code", country_code),
    )


def _agreement(part: Record, customer_key: str, key: str) -> Agreement:
    return Agreement(
        system=part.reading.system,
        key=key,
        customer_key=customer_key,
        type=part.text("type"),
        description=part.text("description"),
        start_date=part.day("startdate"),
        end_date=part.day("enddate"),
        auto_renews=part.flag("auto_renew_bit"),
        responsible_key=person_key(part, "responsible_person"),
        products=[_product(product) for product in part.parts("products")],
    )


def _product(part: Record) -> AgreementProduct:
    return AgreementProduct(
        code=part.text("product_code"),
        description=part.text("product_description"),
        amount=part.decimal("product_amount"),
        unit=part.text("product_unit"),
        unit_price=part.decimal("product_unitprice"),
    )


def _address(part: Record, city: str | None) -> Address | None:
    """Return the address of a customer or a contact (which has no country of its own)."""
    country = part.text("country")
    address = Address(
        kind=AddressKind.MAIN,
        lines=[line for field in ("street", "street2") if (line := part.text(field))],
        street=part.text("street"),
        postal_code=part.text("postal_code"),
        city=city,
        country_code=stated_country(country, "country", part.reading),
        country=country,
    )
    return address if address != _NO_ADDRESS else None


def _billing_address(customer: Record) -> Address | None:
    """Read where invoices go, when that is another address; the one-line form counts where the parts are missing."""
    code, city = customer.text("invoicing_postal_code"), customer.text("invoicing_city")
    fields = ("invoicing_address",) if code or city else ("invoicing_address", "invoicing_postaladdress")
    address = Address(
        kind=AddressKind.BILLING,
        name=customer.text("invoicing_name"),
        lines=[line for field in fields if (line := customer.text(field))],
        street=customer.text("invoicing_address"),
        postal_code=code,
        city=city,
    )
    return address if address != _NO_BILLING_ADDRESS else None


_NO_ADDRESS: Final = Address(kind=AddressKind.MAIN, lines=[])
_NO_BILLING_ADDRESS: Final = Address(kind=AddressKind.BILLING, lines=[])
