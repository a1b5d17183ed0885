"""AutoDNS's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from customer_gateway.documents import forms
from customer_gateway.documents.contact_shapes import email_addresses, first_address_of, phone_numbers, postal_address
from customer_gateway.documents.embedded import EmbeddedRecord
from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.documents.shapes import (
    Shape,
    code,
    currency_code,
    embedded,
    inside,
    mapped,
    member,
    only,
    status_by,
    value,
    value_if_any,
    vat,
)
from customer_gateway.documents.sources import merged
from customer_gateway.documents.values import is_blank
from customer_gateway.documents.versions import written_version
from customer_gateway.documents.view import day, decimal, email_address, flag, integer, moment, reads, text
from customer_gateway.model.nouns import Agreement, Invoice, LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.model.value_objects import (
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
from customer_gateway.systems.autodns.write import WRITES

if TYPE_CHECKING:
    from customer_gateway.model.nouns import Account

_KINDS: Final = {"ORGANIZATION": CustomerKind.COMPANY, "PERSON": CustomerKind.PERSON}
_GENDERS: Final = {"MALE": Gender.MALE, "FEMALE": Gender.FEMALE}
_DELIVERIES: Final = {True: "PAPER", False: "ELECTRONIC"}

AGREEMENT: Final = Shape(
    Agreement,
    type=text("classification"),
    description=inside("contract", text("label")),
    responsible_name=inside("accountManager", text("name")),
)
"""A contract; it has neither start nor end, and its account manager is no user."""
_LEDGER: Final = Shape(
    LedgerAccount,
    balance=decimal("currentAccountBalance"),
    credit_limit=decimal("creditLimit"),
    currency=currency_code("currency"),
)
_MANDATE: Final = Shape(
    SepaMandate,
    reference=text("reference"),
    account_holder=text("accountHolder"),
    iban=text("iban"),
    bic=text("bic"),
    status=text("status"),
)
_CARD: Final = Shape(
    PaymentCard, provider=text("provider"), card_type=text("type"), status=text("status"), valid_to=text("validTo")
)
_ACCOUNTS: Final[dict[str, tuple[str, Shape[Any]]]] = {
    "account": ("ledger", _LEDGER),
    "sepa": ("sepa", _MANDATE),
    "card": ("card", _CARD),
}
_FILLS: Final = merged([shape.declared_sources.fills for _, shape in _ACCOUNTS.values()])


class AutodnsContactView(EmbeddedRecord, ContactFields):
    """A contact embedded in a customer, read as a `Contact`."""

    __slots__ = ()

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
    address = postal_address(
        AddressKind.MAIN, lines="address", postal_code="postalCode", city="city", state="state", country="country"
    )


class AutodnsCustomerView(Record, CustomerFields):
    """An AutoDNS customer read as a `Customer`."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return customer_key(self)

    @property
    def link(self) -> str:
        client, _, number = self.key.rpartition("/")
        return f"{self.context.base_url}/customer/{quote(client, safe='')}/{number}"

    version = written_version(WRITES)
    number = text("number")
    name = text("name")
    kind = member("type", _KINDS)

    status = status_by(("locked", True, CustomerStatus.LOCKED), ("pending", True, CustomerStatus.PENDING))
    title = text("title")
    gender = member("gender", _GENDERS)
    first_name = text("fname")
    last_name = text("lname")
    organization = text("organization")
    vat_number = vat("vatNumber")
    email = first_address_of("emails")
    emails = email_addresses(("emails", EmailPurpose.GENERAL), ("billingEmails", EmailPurpose.BILLING), lists=True)
    phone = text("phone")
    phones = phone_numbers(("phone", PhoneKind.PHONE), ("fax", PhoneKind.FAX))
    website = text("url")
    language = code("invoiceLanguage", forms.language_tag)
    currency = currency_code("paymentCurrency")
    address = postal_address(
        AddressKind.MAIN, lines="addressLines", postal_code="pcode", city="city", state="state", country="country"
    )
    addresses = only(address)
    billing = value(
        Billing,
        email=first_address_of("billingEmails"),
        payment_terms=text("payment"),
        payment_method=text("paymentMode"),
        invoice_delivery=mapped(flag("invoicePaperbill"), _DELIVERIES.get),
        credit_limit=inside("account", decimal("creditLimit")),
        taxable=flag("taxable"),
        einvoice=value_if_any(EInvoice, supplier_number=text("supplierNumber")),
    )
    """The recipients are users: the reader tells them."""

    @property
    @reads("comments")
    def notes(self) -> list[str]:
        return [note for comment in _lifted_parts(self, "comments", "text") if (note := comment.text("text"))]

    @property
    @reads("client", "number", "account", "sepa", "card", fills=_FILLS)
    def accounts(self) -> list[Account]:
        parts = [(self.part(field), *how) for field, how in _ACCOUNTS.items()]
        owner = self.key
        return [
            shape.read(part, key=f"{owner}/{key}", customer_key=owner) for part, key, shape in parts if part.document
        ]

    contacts = embedded("contacts", "id", AutodnsContactView, "client", "number")
    agreements = embedded("contracts", "id", AGREEMENT, "client", "number")

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
        return [AutodnsUserView(part.document, part.context) for part in parts if is_user(part)]


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


def _owner_of(invoice: Record) -> str | None:
    reference = invoice.part("customer")
    return customer_key(reference) if is_customer(reference) else None


INVOICE: Final = Shape(
    Invoice,
    key=mapped(integer("id"), str),
    customer_key=property(reads("customer")(_owner_of)),
    number=text("number"),
    date=day("created"),
    total=decimal("amount"),
    currency=currency_code("currency"),
    status=text("status"),
)
"""An invoice, credit, refund or charge; `total` is the amount as AutoDNS states it."""


def _user(part: Record, field: str) -> AutodnsUserView | None:
    if is_user(part):
        return AutodnsUserView(part.document, part.context)
    if part.document:
        part.context.drift.notice(field, "a user without a name or a context")
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
        customer.context.drift.notice(field, "not an object")
    return [Record(item, customer.context) for item in items if is_object(item)]
