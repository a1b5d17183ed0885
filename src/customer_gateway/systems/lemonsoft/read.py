"""Lemonsoft's documents read as the unified nouns."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from customer_gateway.documents import forms
from customer_gateway.documents.contact_shapes import email_addresses, phone_numbers, postal_address
from customer_gateway.documents.countries import country_code
from customer_gateway.documents.embedded import EmbeddedRecord
from customer_gateway.documents.record import Record
from customer_gateway.documents.shapes import (
    Shape,
    code,
    currency_code,
    each,
    embedded,
    first_text,
    integer_key,
    link_to,
    member,
    status_by,
    value,
    value_if_any,
    vat,
)
from customer_gateway.documents.versions import written_version
from customer_gateway.documents.view import day, decimal, email_address, flag, foreign_key, moment, reads, text
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
from customer_gateway.systems.lemonsoft.write import WRITES

# 1 to 2147483647: a greater number is refused for all keys of a call.
INT32: Final = re.compile(
    r"[1-9][0-9]{0,8}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}|21474[0-7][0-9]{4}"
    r"|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7]"
)
CODE: Final = re.compile(r"0|[1-9][0-9]{0,9}")
_NOBODY: Final = {0, "0", "0.0"}  # how an integer says that there is none

_KINDS: Final = {0: CustomerKind.COMPANY, 1: CustomerKind.PERSON}
_INVOICING: Final = tuple(f"invoicing_{field}" for field in ("name", "address", "postaladdress", "postal_code", "city"))
_ADDRESS: Final[dict[str, Any]] = {"lines": ("street", "street2"), "street": "street", "postal_code": "postal_code"}
_NO_BILLING_ADDRESS: Final = Address(kind=AddressKind.BILLING, lines=[])


def person_key(field: str, leads_to: str | None = None) -> str | None:
    """Return the key of the person whose number stands in `field`; 0 is an integer's way to say that there is none."""

    @reads(field, leads_to=leads_to)
    def read(part: Record) -> str | None:
        sent = part.document.get(field)
        return None if isinstance(sent, (int, float, str)) and sent in _NOBODY else part.foreign_key(field, INT32)

    return cast("str | None", property(read))


_BANK_ACCOUNT: Final = Shape(
    BankAccount,
    account_number=text("account_number"),
    iban=text("iban"),
    bic=text("bic"),
    bank_name=text("bank_name"),
    clearing=text("clearing"),
    country_code=code("bank_country_code", country_code),
)
_PRODUCT: Final = Shape(
    AgreementProduct,
    code=text("product_code"),
    description=text("product_description"),
    amount=decimal("product_amount"),
    unit=text("product_unit"),
    unit_price=decimal("product_unitprice"),
)
_AGREEMENT: Final = Shape(
    Agreement,
    type=text("type"),
    description=text("description"),
    start_date=day("startdate"),
    end_date=day("enddate"),
    auto_renews=flag("auto_renew_bit"),
    responsible_key=person_key("responsible_person"),
    products=each("products", _PRODUCT),
)
INVOICE: Final = Shape(
    Invoice,
    key=integer_key("id"),
    number=text("number"),
    date=day("date"),
    due_date=day("due_date"),
    total=decimal("total_sum"),
    currency=currency_code("currency_code"),
    status=text("state"),
)
"""An invoice or a credit note; Lemonsoft names its customer by number, the caller knows the key."""


class LemonsoftContactView(EmbeddedRecord, ContactFields):
    """A contact of a Lemonsoft customer read as a `Contact`."""

    __slots__ = ()

    name = text("name")
    title = text("title")
    department = text("department")
    email = email_address("email")
    phone = text("phone")
    mobile = text("gsm")
    fax = text("fax")
    address = postal_address(AddressKind.MAIN, **_ADDRESS, city=("city", "postal_city"), country="country")
    notes = text("note")


class LemonsoftCustomerView(Record, CustomerFields):
    """A Lemonsoft customer read as a `Customer`; a thin row has no more than the fields of `record.BASE`."""

    __slots__ = ()

    key = integer_key("id")
    link = link_to("/api/customers/{}")
    version = written_version(WRITES)
    number = text("number")
    name = text("name")
    kind = member("type", _KINDS, CustomerKind.OTHER)
    status = status_by(("is_nonactive", True, CustomerStatus.INACTIVE))
    vat_number = vat("vat")
    email = email_address("email")
    emails = email_addresses(("email", EmailPurpose.GENERAL))
    phone = text("phone")
    phones = phone_numbers(("phone", PhoneKind.PHONE), ("fax", PhoneKind.FAX))
    website = text("www")
    language = code("language_code", forms.language_tag)
    currency = currency_code("currency_code")
    is_supplier = flag("is_supplier")
    address = postal_address(AddressKind.MAIN, **_ADDRESS, city="city", country="country")

    @property
    @reads(*_INVOICING, fills={"Address": frozenset({"name", "street", "postal_code", "city"})})
    def billing_address(self) -> Address | None:
        """Where invoices go, when that is another address; the one-line form counts where the parts are missing."""
        code, city = self.text("invoicing_postal_code"), self.text("invoicing_city")
        fields = ("invoicing_address",) if code or city else ("invoicing_address", "invoicing_postaladdress")
        address = Address(
            kind=AddressKind.BILLING,
            name=self.text("invoicing_name"),
            lines=[line for field in fields if (line := self.text(field))],
            street=self.text("invoicing_address"),
            postal_code=code,
            city=city,
        )
        return address if address != _NO_BILLING_ADDRESS else None

    @property
    @reads(address, billing_address)
    def addresses(self) -> list[Address]:
        return [address for address in (self.address, self.billing_address) if address]

    billing = value(
        Billing,
        name=text("invoicing_name"),
        address=billing_address,
        payment_terms_id=foreign_key("payment_term_number", CODE),
        invoice_delivery_id=foreign_key("invoice_method_id", CODE),
        credit_limit=decimal("creditlimit"),
        einvoice=value_if_any(EInvoice, edi_address=text("customer_edi"), finvoice_address=text("finvoice_address")),
    )
    """Payment terms and the way of delivery are names behind numbers: readers look them up."""

    @property
    @reads("texts.note")
    def notes(self) -> list[str]:
        return [note for text in self.parts("texts") if (note := text.text("note"))]

    contacts = embedded("contacts", "id", LemonsoftContactView, "id")
    accounts = embedded("accounts", "account_id", _BANK_ACCOUNT, "id")
    agreements = embedded("agreements", "id", _AGREEMENT, "id")
    owner_key = person_key("person_responsible_number", leads_to="owner")
    created_at = moment("created")
    updated_at = moment("modified")

    invoiced_number = foreign_key("number", INT32, leads_to="invoices")
    """The number by which invoices name the customer."""
    payment_term = foreign_key("payment_term_number", CODE, leads_to="billing.payment_terms")
    """Number of the payment term, as text."""
    invoice_method = foreign_key("invoice_method_id", CODE, leads_to="billing.invoice_delivery")
    """Number of the way in which invoices are sent, as text."""


class LemonsoftPersonView(Record):
    """A Lemonsoft person read as a `User`, known by number."""

    __slots__ = ()

    key = integer_key("number")
    name = first_text("name", "short_name")
    email = email_address("email")
