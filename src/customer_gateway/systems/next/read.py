"""NEXT's documents read as the unified nouns."""

from __future__ import annotations

import re
from operator import not_
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.contact_data import stated_country
from customer_gateway.documents.contact_shapes import email_addresses, phone_numbers, postal_address
from customer_gateway.documents.countries import country_code
from customer_gateway.documents.record import Document, DocumentContext, Record
from customer_gateway.documents.shapes import (
    Shape,
    currency_code,
    first_text,
    integer_key,
    link_to,
    mapped,
    only,
    status_by,
    value,
    value_if_any,
    vat,
)
from customer_gateway.documents.versions import written_version
from customer_gateway.documents.view import day, decimal, email_address, flag, foreign_key, moment, reads, text, texts
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice
from customer_gateway.model.value_objects import (
    AddressKind,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailPurpose,
    PhoneKind,
)
from customer_gateway.systems.absent import ContactFields, CustomerFields
from customer_gateway.systems.next.write import WRITES

if TYPE_CHECKING:
    from collections.abc import Sequence

ID: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_KINDS: Final = {
    "company": CustomerKind.COMPANY,
    "private": CustomerKind.PERSON,
    "government": CustomerKind.PUBLIC,
}
_BANK: Final = Shape(
    BankAccount,
    account_number=text("bankaccountno"),
    bank_name=text("bankname"),
    clearing=text("clearingno"),
    iban=text("iban"),
    bic=text("swift"),
)


def _country(customer: Record) -> str | None:
    """Return the country of the code, else of the country's name in the address."""
    code = customer.code("countrycode", country_code)
    return code or stated_country(customer.text("billaddress6"), "billaddress6", customer.context)


def _region(customer: Record) -> str | None:
    stated = customer.holds("countrycode") or customer.holds("billaddress6")
    return _country(customer) if stated else customer.context.region


class NextCustomerView(Record, CustomerFields):
    """A NEXT customer read as a `Customer`."""

    __slots__ = ()

    key = integer_key("id")
    link = link_to("/customer/{}")
    version = written_version(WRITES)
    number = text("customerno")
    name = text("name")

    @property
    @reads("privateperson", "customertypename")
    def kind(self) -> CustomerKind | None:
        """Types of customers are named by each company: a name we cannot place is another kind, not an error."""
        is_person = self.flag("privateperson")
        if is_person is None and self.holds("privateperson"):
            return None
        if is_person:
            return CustomerKind.PERSON
        if self.text("customertypename") is None and self.holds("customertypename"):
            return None
        return _KINDS.get((self.text("customertypename") or "").strip().casefold(), CustomerKind.OTHER)

    status = status_by(("active", False, CustomerStatus.INACTIVE))
    vat_number = vat("vatno")
    organization_number = text("orgno")
    email = email_address("email")
    emails = email_addresses(("email", EmailPurpose.GENERAL), ("invoiceemail", EmailPurpose.BILLING))
    phone = first_text("phone", "mobile")
    phones = phone_numbers(
        *(("phone", PhoneKind.PHONE), ("mobile", PhoneKind.MOBILE), ("fax", PhoneKind.FAX)),
        country=("countrycode", "billaddress6"),
        region=_region,
    )
    website = text("webaddress")
    currency = currency_code("currencycode")
    is_supplier = flag("issupplier")
    address = postal_address(
        AddressKind.BILLING,
        name="billaddress1",
        lines=("billaddress2", "billaddress3"),
        street="billaddress2",
        postal_code="billaddress4",
        city="billaddress5",
        country="billaddress6",
        country_code=_country,
        beside=("countrycode",),
    )
    """The billing address, the only one there is; what its lines hold is the vendor's custom."""
    addresses = only(address)
    billing = value(
        Billing,
        email=email_address("invoiceemail"),
        name=text("billaddress1"),
        address=address,
        payment_terms=text("billingtermsdescription"),
        payment_terms_id=foreign_key("billingtermsid", ID),
        invoice_delivery=text("invoicetypename"),
        invoice_delivery_id=foreign_key("invoicetypeid", ID),
        taxable=mapped(flag("novat"), not_),
        einvoice=value_if_any(EInvoice, ean=text("eancode"), edi_address=text("ediaddress")),
    )
    notes = texts("customernote")
    external_ids = texts("externalid")

    @property
    @reads("id", _BANK)
    def accounts(self) -> Sequence[BankAccount]:
        """The bank fields of the customer itself: one account, when any of them is set."""
        found = _BANK.read(self, key=f"{self.key}/bank", customer_key=self.key)
        return [found] if _BANK.holds(found) else []

    creator_key = foreign_key("createdby", ID)
    updater_key = foreign_key("changedby", ID)
    created_at = moment("created")
    updated_at = moment("changed")
    contract_key = foreign_key("frameworkcontractid", ID)
    """The framework contract."""


class NextContactView(Record, ContactFields):
    """A NEXT customer contact read as a `Contact`; its name is one field.

    `read_through` is the customer that it was read through, whose it is where it names none.
    """

    __slots__ = ("_read_through",)

    def __init__(self, document: Document, context: DocumentContext, read_through: str | None = None) -> None:
        super().__init__(document, context)
        self._read_through = read_through

    key = integer_key("id")

    @property
    @reads("customerid")
    def customer_key(self) -> str | None:
        return self.foreign_key("customerid", ID) or self._read_through

    name = text("name")
    title = text("title")
    email = email_address("email")
    phone = text("phone")
    mobile = text("mobile")
    notes = text("note")


class NextUserView(Record):
    """A NEXT user read as a `User`."""

    __slots__ = ()

    key = integer_key("id")
    name = text("name")
    email = email_address("email")


AGREEMENT: Final = Shape(Agreement, description=text("name"), start_date=day("validfrom"), end_date=day("validto"))
INVOICE: Final = Shape(
    Invoice,
    key=integer_key("id"),
    customer_key=foreign_key("customerid", ID),
    number=text("invoiceno"),
    date=day("invoicedate"),
    due_date=day("duedate"),
    total=decimal("total"),
    currency=currency_code("currencycode"),
    status=text("status"),
)
"""An invoice; `total` is the amount with VAT."""


def agreement(contract: Record, customer_key: str) -> Agreement:
    """Return a framework contract as one customer's agreement: many customers may share the contract."""
    return AGREEMENT.read(contract, key=f"{customer_key}/{contract.document['id']}", customer_key=customer_key)
