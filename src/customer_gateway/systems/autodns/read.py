"""AutoDNS's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from customer_gateway.documents import forms
from customer_gateway.documents.contact_data import (
    dialling_region,
    email_list,
    first_address,
    phone_list,
    stated_country,
)
from customer_gateway.documents.embedded import keyed
from customer_gateway.documents.record import Record, enumerated, is_list, is_object
from customer_gateway.documents.values import is_blank
from customer_gateway.documents.view import email_address, moment, reads, text
from customer_gateway.model.nouns import Agreement, Invoice, LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    Billing,
    CustomerKind,
    CustomerStatus,
    EInvoice,
    EmailPurpose,
    Gender,
    PhoneKind,
)
from customer_gateway.systems.absent import ContactFields, CustomerFields
from customer_gateway.systems.autodns.record import lifted

if TYPE_CHECKING:
    from customer_gateway.documents.record import Document, DocumentContext
    from customer_gateway.model.nouns import Account
    from customer_gateway.model.value_objects import EmailAddress, PhoneNumber

_KINDS: Final = {"ORGANIZATION": CustomerKind.COMPANY, "PERSON": CustomerKind.PERSON}
_GENDERS: Final = {"MALE": Gender.MALE, "FEMALE": Gender.FEMALE}
_EMAILS: Final = (("emails", EmailPurpose.GENERAL), ("billingEmails", EmailPurpose.BILLING))
_PHONES: Final = (("phone", PhoneKind.PHONE), ("fax", PhoneKind.FAX))
_DELIVERIES: Final = {True: "PAPER", False: "ELECTRONIC", None: None}


class AutodnsCustomerView(Record, CustomerFields):
    """An AutoDNS customer read as a `Customer`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return customer_key(self)

    @property
    def link(self) -> str:
        client, _, number = self.key.rpartition("/")
        return f"{self.reading.base_url}/customer/{quote(client, safe='')}/{number}"

    @property
    @reads("updated")
    def version(self) -> str | None:
        """The stamp of the last change; no content version, because a list's documents are as wide as was asked."""
        return self.text("updated")

    number = text("number")
    name = text("name")

    @property
    @reads("type")
    def kind(self) -> CustomerKind | None:
        return enumerated(_KINDS, self._word("type"), "type", self.reading)

    @property
    @reads("locked", "pending")
    def status(self) -> CustomerStatus | None:
        for field, status in (("locked", CustomerStatus.LOCKED), ("pending", CustomerStatus.PENDING)):
            holds = self.flag(field)
            if holds or (holds is None and self.holds(field)):
                return status if holds else None
        return CustomerStatus.ACTIVE

    title = text("title")

    def _word(self, name: str) -> str | None:
        """Return a word of an enumeration, in any case."""
        word = self.text(name)
        return word and word.strip().upper()

    @property
    @reads("gender")
    def gender(self) -> Gender | None:
        return enumerated(_GENDERS, self._word("gender"), "gender", self.reading)

    first_name = text("fname")
    last_name = text("lname")
    organization = text("organization")

    @property
    @reads("vatNumber")
    def vat_number(self) -> str | None:
        sent = self.text("vatNumber")
        return forms.vat_number(sent) if sent else None

    @property
    @reads("emails")
    def email(self) -> str | None:
        return first_address(next(iter(self.texts("emails")), None))

    @property
    @reads("emails", "billingEmails")
    def emails(self) -> list[EmailAddress]:
        return email_list((sent, purpose) for field, purpose in _EMAILS for sent in self.texts(field))

    phone = text("phone")

    @property
    @reads("phone", "fax", beside="country")
    def phones(self) -> list[PhoneNumber]:
        region = dialling_region(self.text("country"), self.reading)
        return phone_list(((field, self.text(field), kind) for field, kind in _PHONES), region, self.reading)

    website = text("url")

    @property
    @reads("invoiceLanguage")
    def language(self) -> str | None:
        return self.code("invoiceLanguage", forms.language_tag)

    @property
    @reads("paymentCurrency")
    def currency(self) -> str | None:
        return self.code("paymentCurrency", forms.currency_code)

    @property
    @reads("addressLines", "pcode", "city", "state", "country")
    def address(self) -> Address | None:
        return _address(self, lines="addressLines", postal_code="pcode")

    @property
    @reads(address)
    def addresses(self) -> list[Address]:
        address = self.address
        return [address] if address else []

    @property
    @reads(
        email="billingEmails",
        payment_terms="payment",
        payment_method="paymentMode",
        invoice_delivery="invoicePaperbill",
        credit_limit="account.creditLimit",
        taxable="taxable",
        einvoice="supplierNumber",
    )
    def billing(self) -> Billing:
        """The recipients are users: the reader tells them."""
        supplier_number = self.text("supplierNumber")
        return Billing(
            email=first_address(next(iter(self.texts("billingEmails")), None)),
            payment_terms=self.text("payment"),
            payment_method=self.text("paymentMode"),
            invoice_delivery=_DELIVERIES[self.flag("invoicePaperbill")],
            credit_limit=self.part("account").decimal("creditLimit"),
            taxable=self.flag("taxable"),
            einvoice=EInvoice(supplier_number=supplier_number) if supplier_number else None,
        )

    @property
    @reads("comments")
    def notes(self) -> list[str]:
        return [note for comment in _lifted_parts(self, "comments", "text") if (note := comment.text("text"))]

    @property
    @reads("client", "number", "contacts")
    def contacts(self) -> list[AutodnsContactView]:
        owner = self.key
        return [
            AutodnsContactView(part.document, self.reading, owner, f"{owner}/{key}")
            for key, part in keyed(self.parts("contacts"), "contacts", "id")
        ]

    @property
    @reads("client", "number", "account", "sepa", "card")
    def accounts(self) -> list[Account]:
        key = self.key
        readers = (("account", _ledger), ("sepa", _mandate), ("card", _card))
        return [read(part, key) for field, read in readers if (part := self.part(field)).document]

    @property
    @reads("client", "number", "contracts")
    def agreements(self) -> list[Agreement]:
        owner = self.key
        return [
            agreement(part, owner, f"{owner}/{key}") for key, part in keyed(self.parts("contracts"), "contracts", "id")
        ]

    @property
    @reads("owner")
    def owner_key(self) -> str | None:
        return _key_of(self.owner)

    @property
    @reads("updater")
    def updater_key(self) -> str | None:
        return _key_of(self.updater)

    created_at = moment("created")
    updated_at = moment("updated")

    @property
    @reads("owner")
    def owner(self) -> AutodnsUserView | None:
        return _user(self.part("owner"), "owner")

    @property
    @reads("updater")
    def updater(self) -> AutodnsUserView | None:
        return _user(self.part("updater"), "updater")

    @property
    @reads("billingUsers", leads_to="billing.recipients")
    def recipients(self) -> list[AutodnsUserView]:
        """The users who receive invoices; one without a context cannot be told from its namesakes and is left out."""
        parts = _lifted_parts(self, "billingUsers", "user")
        return [AutodnsUserView(part.document, part.reading) for part in parts if is_user(part)]


class AutodnsContactView(Record, ContactFields):
    """A contact embedded in a customer, read as a `Contact`."""

    __slots__ = ("customer_key", "key")

    def __init__(self, document: Document, reading: DocumentContext, customer_key: str, key: str) -> None:
        super().__init__(document, reading)
        self.customer_key = customer_key
        self.key = key

    @property
    @reads("firstName", "lastName", "label")
    def name(self) -> str | None:
        return " ".join(name for name in (self.first_name, self.last_name) if name) or self.text("label")

    first_name = text("firstName")
    last_name = text("lastName")
    title = text("title")
    email = email_address("email")
    phone = text("phone")
    fax = text("fax")

    @property
    @reads("address", "postalCode", "city", "state", "country")
    def address(self) -> Address | None:
        return _address(self, lines="address", postal_code="postalCode")


class AutodnsUserView(Record):
    """A user, embedded or looked up, read as a `User`: AutoDNS knows its people by their user names."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return f"{self.text('user')}/{self.integer('context')}"

    name = text("user")
    email = email_address("defaultEmail")


def customer_key(reference: Record) -> str:
    """Return `client/number`; a number that was sent as text counts as that number."""
    return f"{reference.text('client')}/{reference.integer('number')}"


def is_customer(part: Record) -> bool:
    """Return whether a document says which customer it is."""
    return part.text("client") is not None and part.integer("number") is not None


def is_user(part: Record) -> bool:
    """Return whether a document says which user it is."""
    return part.text("user") is not None and part.integer("context") is not None


def agreement(contract: Record, customer: str, key: str) -> Agreement:
    """Return a contract; it has neither start nor end, and its account manager is no user."""
    return Agreement(
        system=contract.reading.system,
        key=key,
        customer_key=customer,
        type=contract.text("classification"),
        description=contract.part("contract").text("label"),
        responsible_name=contract.part("accountManager").text("name"),
    )


def invoice(document: Record) -> Invoice:
    """Return an invoice, credit, refund or charge; `total` is the amount as AutoDNS states it."""
    reference = document.part("customer")
    return Invoice(
        system=document.reading.system,
        key=str(document.integer("id")),
        customer_key=customer_key(reference) if is_customer(reference) else None,
        number=document.text("number"),
        date=document.day("created"),
        total=document.decimal("amount"),
        currency=document.code("currency", forms.currency_code),
        status=document.text("status"),
    )


def _ledger(account: Record, customer: str) -> LedgerAccount:
    return LedgerAccount(
        system=account.reading.system,
        key=f"{customer}/ledger",
        customer_key=customer,
        balance=account.decimal("currentAccountBalance"),
        credit_limit=account.decimal("creditLimit"),
        currency=account.code("currency", forms.currency_code),
    )


def _mandate(sepa: Record, customer: str) -> SepaMandate:
    return SepaMandate(
        system=sepa.reading.system,
        key=f"{customer}/sepa",
        customer_key=customer,
        reference=sepa.text("reference"),
        account_holder=sepa.text("accountHolder"),
        iban=sepa.text("iban"),
        bic=sepa.text("bic"),
        status=sepa.text("status"),
    )


def _card(card: Record, customer: str) -> PaymentCard:
    return PaymentCard(
        system=card.reading.system,
        key=f"{customer}/card",
        customer_key=customer,
        provider=card.text("provider"),
        card_type=card.text("type"),
        status=card.text("status"),
        valid_to=card.text("validTo"),
    )


def _address(part: Record, *, lines: str, postal_code: str) -> Address | None:
    """Read an address: lines, and what stands beside them; the first line is taken for the street."""
    country = part.text("country")
    written = part.texts(lines)
    address = Address(
        kind=AddressKind.MAIN,
        lines=written,
        street=written[0] if written else None,
        postal_code=part.text(postal_code),
        city=part.text("city"),
        state=part.text("state"),
        country_code=stated_country(country, "country", part.reading),
        country=country,
    )
    return address if address != _NO_ADDRESS else None


_NO_ADDRESS: Final = Address(kind=AddressKind.MAIN, lines=[])


def _user(part: Record, field: str) -> AutodnsUserView | None:
    if is_user(part):
        return AutodnsUserView(part.document, part.reading)
    if part.document:
        part.reading.drift.notice(field, "a user without a name or a context")
    return None


def _key_of(user: AutodnsUserView | None) -> str | None:
    return user.key if user is not None else None


def _lifted_parts(customer: Record, field: str, member: str) -> list[Record]:
    """Return the objects of a list; an item that came as plain text is its `member`."""
    sent: Any = customer.document.get(field)
    if is_blank(sent):
        return []
    items = [lifted(item, member) for item in (sent if is_list(sent) else [sent])]
    if not all(is_object(item) for item in items):
        customer.reading.drift.notice(field, "not an object")
    return [Record(item, customer.reading) for item in items if is_object(item)]
