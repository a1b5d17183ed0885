"""The unified nouns around a customer, as GraphQL types."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from customer_gateway.api.declare import attribute, batched, described_enum, ids, merged
from customer_gateway.federation import nodes, relations
from customer_gateway.model import value_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.api.customer import Customer
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model import nouns

    LazyCustomer: TypeAlias = Customer
else:
    LazyCustomer = Annotated["Customer", strawberry.lazy("customer_gateway.api.customer")]

described_enum(
    value_objects.EmailPurpose,
    "What an e-mail address is for.",
    GENERAL="Anything: the address that the customer is written to unless another fits better.",
    BILLING="Invoices and reminders.",
    COMMERCIAL="Offers, invoices and other business documents.",
    STATUS_UPDATES="News of an order's progress.",
    OTHER="Another purpose, or one that the system does not name.",
)
described_enum(
    value_objects.PhoneKind,
    "What answers at a number.",
    PHONE="A telephone; a mobile one, too, where the system does not distinguish them.",
    MOBILE="A mobile phone.",
    FAX="A fax machine.",
)
described_enum(
    value_objects.AddressKind,
    "What an address is for.",
    MAIN="Where the customer is.",
    BILLING="Where invoices go.",
    DELIVERY="Where goods go.",
    OTHER="Another purpose, or one that the system does not name.",
)


def customers(parents: Sequence[Any], request: RequestContext) -> Any:
    return merged(nodes.customers_of(request, parents), len(parents))


@strawberry.interface(description="Anything with a global id: `node(id:)` reads it again.")
class Node:
    id: strawberry.ID = strawberry.field(description="Opaque and stable: it survives restarts and reconfiguration.")


@strawberry.type(description="An e-mail address and what it is for.")
class EmailAddress:
    address: str = attribute("The address as sent.")
    purpose: value_objects.EmailPurpose = attribute("What it is for.")


@strawberry.type(description="A phone number.")
class PhoneNumber:
    raw: str = attribute("As sent.")
    e164: str | None = attribute("E.164, where the number is valid.")
    kind: value_objects.PhoneKind = attribute("What answers there.")


@strawberry.type(description="A postal address.")
class Address:
    kind: value_objects.AddressKind = attribute("What the address is for.")
    name: str | None = attribute("Who is addressed.")
    lines: list[str] = attribute("The address lines as sent.")
    street: str | None = attribute("Street, with the house number where the system does not part them.")
    house_number: str | None = attribute("House number, where the system parts it from the street.")
    postal_code: str | None = attribute("Postal code.")
    city: str | None = attribute("City.")
    state: str | None = attribute("State or region.")
    country_code: str | None = attribute("ISO 3166-1 alpha-2, where it is known.")
    country: str | None = attribute("As sent.")


@strawberry.type(description="What electronic invoices need to know.")
class EInvoice:
    leitweg_id: str | None = attribute("Leitweg-ID of a German public buyer.")
    supplier_number: str | None = attribute("The number under which the buyer knows the supplier.")
    ean: str | None = attribute("EAN / GLN of the buyer.")
    edi_address: str | None = attribute("EDI address.")
    finvoice_address: str | None = attribute("Finvoice address.")


def _responsible(agreements: Sequence[nouns.Agreement], request: RequestContext) -> Any:
    return merged(relations.responsible_users(agreements, request), len(agreements))


@strawberry.type(description="A person who works with the system: owner, updater, creator, responsible.")
class User(Node):
    id: strawberry.ID = batched(ids("User"), "Global id.")
    system: str = attribute("Name of the system that the user belongs to.")
    key: str = attribute("The vendor's own key of the user.")
    name: str | None = attribute("Full name.")
    email: str | None = attribute("E-mail address.")


@strawberry.type(description="A person to talk to at a customer.")
class Contact(Node):
    id: strawberry.ID = batched(ids("Contact"), "Global id.")
    name: str | None = attribute("Full name.")
    first_name: str | None = attribute("First name.")
    last_name: str | None = attribute("Last name.")
    title: str | None = attribute("Title or position.")
    department: str | None = attribute("Department.")
    email: str | None = attribute("E-mail address.")
    phone: str | None = attribute("Phone, as sent.")
    mobile: str | None = attribute("Mobile phone, as sent.")
    fax: str | None = attribute("Fax, as sent.")
    address: Address | None = attribute("Postal address.")
    notes: str | None = attribute("Notes about the contact.")
    customer: LazyCustomer | None = batched(customers, "The customer it belongs to.")


@strawberry.interface(description="A bank account, mandate, card or ledger account of a customer.")
class Account(Node):
    customer: LazyCustomer | None = strawberry.field(description="The customer it belongs to.")


@strawberry.type(description="A bank account of the customer.")
class BankAccount(Account):
    id: strawberry.ID = batched(ids("Account"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it belongs to.")
    account_number: str | None = attribute("Account number in the bank's own form.")
    iban: str | None = attribute("IBAN.")
    bic: str | None = attribute("BIC / SWIFT code.")
    bank_name: str | None = attribute("Name of the bank.")
    clearing: str | None = attribute("Clearing number.")
    country_code: str | None = attribute("Country of the bank, ISO 3166-1 alpha-2.")


@strawberry.type(description="A SEPA direct debit mandate.")
class SepaMandate(Account):
    id: strawberry.ID = batched(ids("Account"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it belongs to.")
    reference: str | None = attribute("Mandate reference.")
    account_holder: str | None = attribute("Holder of the account.")
    iban: str | None = attribute("IBAN.")
    bic: str | None = attribute("BIC.")
    status: str | None = attribute("Status of the mandate, in the vendor's word.")


@strawberry.type(description="A payment card; numbers are never held.")
class PaymentCard(Account):
    id: strawberry.ID = batched(ids("Account"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it belongs to.")
    provider: str | None = attribute("Payment provider.")
    card_type: str | None = attribute("Card scheme.")
    status: str | None = attribute("Status of the card, in the vendor's word.")
    valid_to: str | None = attribute("End of validity, as sent.")


@strawberry.type(description="The customer's running account with the company.")
class LedgerAccount(Account):
    id: strawberry.ID = batched(ids("Account"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it belongs to.")
    balance: Decimal | None = attribute("Current balance.")
    credit_limit: Decimal | None = attribute("Credit limit.")
    currency: str | None = attribute("ISO 4217.")


@strawberry.type(description="A product under an agreement.")
class AgreementProduct:
    code: str | None = attribute("Product code.")
    description: str | None = attribute("Description.")
    amount: Decimal | None = attribute("Amount, in units.")
    unit: str | None = attribute("Unit.")
    unit_price: Decimal | None = attribute("Price of one unit.")


@strawberry.type(description="A contract, assignment or framework agreement with a customer.")
class Agreement(Node):
    id: strawberry.ID = batched(ids("Agreement"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it is with.")
    type: str | None = attribute("Type, in the vendor's word.")
    description: str | None = attribute("What is agreed.")
    start_date: dt.date | None = attribute("First day.")
    end_date: dt.date | None = attribute("Last day.")
    auto_renews: bool | None = attribute("Whether it renews by itself.")
    responsible: User | None = batched(_responsible, "The responsible user.")
    responsible_name: str | None = attribute("Where the system names a person without a user behind it.")
    products: list[AgreementProduct] | None = attribute("The products agreed upon.")


def _invoice_column(name: str) -> Callable[..., Any]:
    """Return a field of invoices, with a look-up of its own where the customer's list of invoices lacks it."""

    def resolve(invoices: Sequence[nouns.Invoice], request: RequestContext) -> Any:
        return merged(relations.invoice_field(name, invoices, request), len(invoices))

    return resolve


@strawberry.type(description="An invoice, a credit note or a reversal.")
class Invoice(Node):
    id: strawberry.ID = batched(ids("Invoice"), "Global id.")
    customer: LazyCustomer | None = batched(customers, "The customer it was sent to.")
    number: str | None = attribute("Invoice number.")
    date: dt.date | None = batched(_invoice_column("date"), "Invoice date.")
    due_date: dt.date | None = attribute("Due date.")
    total: Decimal | None = attribute("Total including VAT, where the system gives it.")
    currency: str | None = batched(_invoice_column("currency"), "ISO 4217.")
    status: str | None = attribute("Status, in the vendor's word.")
