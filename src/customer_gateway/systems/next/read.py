"""NEXT's documents read as the unified nouns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from customer_gateway.documents import forms
from customer_gateway.documents.contact_data import email_list, phone_list, stated_country
from customer_gateway.documents.countries import country_code
from customer_gateway.documents.record import Record, content_version
from customer_gateway.documents.view import email_address, flag, foreign_key, moment, reads, text, texts
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailPurpose,
    PhoneKind,
)
from customer_gateway.systems.absent import ContactFields, CustomerFields

if TYPE_CHECKING:
    from customer_gateway.model.value_objects import EmailAddress, PhoneNumber

ID: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_KINDS: Final = {
    "company": CustomerKind.COMPANY,
    "private": CustomerKind.PERSON,
    "government": CustomerKind.PUBLIC,
}
_EMAILS: Final = (("email", EmailPurpose.GENERAL), ("invoiceemail", EmailPurpose.BILLING))
_PHONES: Final = (("phone", PhoneKind.PHONE), ("mobile", PhoneKind.MOBILE), ("fax", PhoneKind.FAX))
_NO_ADDRESS: Final = Address(kind=AddressKind.BILLING, lines=[])
_NO_EINVOICE: Final = EInvoice()


class NextCustomerView(Record, CustomerFields):
    """A NEXT customer read as a `Customer`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return str(self.document["id"])

    @property
    def link(self) -> str:
        return f"{self.reading.base_url}/customer/{self.key}"

    @property
    def version(self) -> str:
        return self.text("changed") or content_version(self.document)

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

    @property
    @reads("active")
    def status(self) -> CustomerStatus | None:
        active = self.flag("active")
        if active is None and self.holds("active"):
            return None
        return CustomerStatus.INACTIVE if active is False else CustomerStatus.ACTIVE

    @property
    @reads("vatno")
    def vat_number(self) -> str | None:
        sent = self.text("vatno")
        return forms.vat_number(sent) if sent else None

    organization_number = text("orgno")
    email = email_address("email")

    @property
    @reads("email", "invoiceemail")
    def emails(self) -> list[EmailAddress]:
        return email_list((self.text(field), purpose) for field, purpose in _EMAILS)

    @property
    @reads("phone", "mobile")
    def phone(self) -> str | None:
        return self.text("phone") or self.text("mobile")

    @property
    @reads("phone", "mobile", "fax", beside=("countrycode", "billaddress6"))
    def phones(self) -> list[PhoneNumber]:
        stated = self.holds("countrycode") or self.holds("billaddress6")
        region = self._country_code if stated else self.reading.region
        return phone_list(((field, self.text(field), kind) for field, kind in _PHONES), region, self.reading)

    website = text("webaddress")

    @property
    @reads("currencycode")
    def currency(self) -> str | None:
        return self.code("currencycode", forms.currency_code)

    is_supplier = flag("issupplier")

    @property
    @reads(*(f"billaddress{number}" for number in range(1, 7)), "countrycode")
    def address(self) -> Address | None:
        """The billing address, the only one there is; what its lines hold is the vendor's custom."""
        address = Address(
            kind=AddressKind.BILLING,
            name=self.text("billaddress1"),
            lines=[line for field in ("billaddress2", "billaddress3") if (line := self.text(field))],
            street=self.text("billaddress2"),
            postal_code=self.text("billaddress4"),
            city=self.text("billaddress5"),
            country_code=self._country_code,
            country=self.text("billaddress6"),
        )
        return address if address != _NO_ADDRESS else None

    @property
    @reads(address)
    def addresses(self) -> list[Address]:
        return [address] if (address := self.address) else []

    @property
    @reads(
        email="invoiceemail",
        name="billaddress1",
        address=(*(f"billaddress{number}" for number in range(1, 7)), "countrycode"),
        payment_terms="billingtermsdescription",
        invoice_delivery="invoicetypename",
        taxable="novat",
        einvoice=("eancode", "ediaddress"),
    )
    def billing(self) -> Billing:
        without_vat = self.flag("novat")
        einvoice = EInvoice(ean=self.text("eancode"), edi_address=self.text("ediaddress"))
        return Billing(
            email=self.email_address("invoiceemail"),
            name=self.text("billaddress1"),
            address=self.address,
            payment_terms=self.text("billingtermsdescription"),
            invoice_delivery=self.text("invoicetypename"),
            taxable=None if without_vat is None else not without_vat,
            einvoice=einvoice if einvoice != _NO_EINVOICE else None,
        )

    notes = texts("customernote")
    external_ids = texts("externalid")

    @property
    @reads("id", "bankaccountno", "bankname", "clearingno", "iban", "swift")
    def accounts(self) -> list[BankAccount]:
        """The bank fields of the customer itself: one account, when any of them is set."""
        account_number, bank_name = self.text("bankaccountno"), self.text("bankname")
        clearing, iban, bic = self.text("clearingno"), self.text("iban"), self.text("swift")
        if not (account_number or bank_name or clearing or iban or bic):
            return []
        return [
            BankAccount(
                system=self.reading.system,
                key=f"{self.key}/bank",
                customer_key=self.key,
                account_number=account_number,
                iban=iban,
                bic=bic,
                bank_name=bank_name,
                clearing=clearing,
            )
        ]

    creator_key = foreign_key("createdby", ID)
    updater_key = foreign_key("changedby", ID)
    created_at = moment("created")
    updated_at = moment("changed")

    contract_key = foreign_key("frameworkcontractid", ID)
    """The framework contract."""

    @property
    def _country_code(self) -> str | None:
        """The country of the code, else of the country's name in the address."""
        code = self.code("countrycode", country_code)
        return code or stated_country(self.text("billaddress6"), "billaddress6", self.reading)


class NextContactView(Record, ContactFields):
    """A NEXT customer contact read as a `Contact`; its name is one field."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return str(self.document["id"])

    customer_key = foreign_key("customerid", ID)
    name = text("name")
    title = text("title")
    email = email_address("email")
    phone = text("phone")
    mobile = text("mobile")
    notes = text("note")


class NextUserView(Record):
    """A NEXT user read as a `User`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return str(self.document["id"])

    name = text("name")
    email = email_address("email")


def agreement(contract: Record, customer_key: str) -> Agreement:
    """Return a framework contract as one customer's agreement: many customers may share the contract."""
    return Agreement(
        system=contract.reading.system,
        key=f"{customer_key}/{contract.document['id']}",
        customer_key=customer_key,
        description=contract.text("name"),
        start_date=contract.day("validfrom"),
        end_date=contract.day("validto"),
    )


def invoice(document: Record) -> Invoice:
    """Return an invoice; `total` is the amount with VAT."""
    return Invoice(
        system=document.reading.system,
        key=str(document.document["id"]),
        customer_key=document.foreign_key("customerid", ID),
        number=document.text("invoiceno"),
        date=document.day("invoicedate"),
        due_date=document.day("duedate"),
        total=document.decimal("total"),
        currency=document.code("currencycode", forms.currency_code),
        status=document.text("status"),
    )
