"""The unified customer as a GraphQL type."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from customer_gateway.api.connections import After, First, InvoiceConnection
from customer_gateway.api.declare import attribute, batched, described_enum, ids, merged, unified
from customer_gateway.api.enums import CustomerKind, CustomerStatus, Gender
from customer_gateway.api.nouns import (
    Account,
    Address,
    Agreement,
    Contact,
    EInvoice,
    EmailAddress,
    Node,
    PhoneNumber,
    User,
)
from customer_gateway.federation import billing, listing
from customer_gateway.federation.provenance import FieldState, provenance, unknown_fields
from customer_gateway.federation.versions import read_versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.api.system import CustomerRecord
    from customer_gateway.federation import customer
    from customer_gateway.federation.request import RequestContext

    LazyRecord: TypeAlias = CustomerRecord
else:
    LazyRecord = Annotated["CustomerRecord", strawberry.lazy("customer_gateway.api.system")]

described_enum(
    FieldState,
    "Why a field has the value it has, or none.",
    VALUE="It has a value.",
    EMPTY="The system has the field, and holds nothing in it.",
    NOT_IN_SYSTEM="The system has no such field.",
    DENIED="The credentials of the gateway may not read it.",
    REDACTED="It is kept from the caller.",
    FAILED="The system could not be read for it.",
    UNREADABLE="The system sent something that cannot be read as this field; `raw` of the record has it as sent.",
    STALE="The system did not answer, or was not asked; the index knows the value, seen at seenAt.",
)


def billed(name: str, description: str) -> Any:
    """Return a field of billing by its model name."""

    def resolve(parents: Sequence[billing.BilledCustomer], request: RequestContext) -> Any:
        return merged(billing.billing_field(name, parents, request), len(parents))

    return batched(resolve, description)


@strawberry.type(description="How the customer is billed.")
class Billing:
    email: str | None = billed("email", "Where invoices are mailed.")
    name: str | None = billed("name", "Name on the invoice.")
    address: Address | None = billed("address", "Address on the invoice, where it has one of its own.")
    payment_terms: str | None = billed("payment_terms", "Terms of payment, in words.")
    payment_terms_id: str | None = billed(
        "payment_terms_id", "The terms of payment as the vendor's id, where it holds an id: System.choices lists them."
    )
    payment_method: str | None = billed("payment_method", "How the customer pays, in the vendor's word.")
    invoice_delivery: str | None = billed("invoice_delivery", "How invoices are delivered.")
    invoice_delivery_id: str | None = billed(
        "invoice_delivery_id", "How invoices are delivered as the vendor's id, where it holds an id."
    )
    credit_limit: Decimal | None = billed("credit_limit", "Credit limit.")
    taxable: bool | None = billed("taxable", "Whether VAT is charged.")
    recipients: list[User | None] | None = billed("recipients", "The users who receive invoices.")
    einvoice: EInvoice | None = billed("einvoice", "What electronic invoices need to know.")


def _billing(customers: Sequence[customer.Customer], request: RequestContext) -> Any:
    return merged(billing.billing(customers, request), len(customers))


@strawberry.type(description="One record of a customer: the system and the vendor's own key.")
class RecordRef:
    system: str = attribute("The system's name.")
    key: str = attribute("The vendor's own key.")


@strawberry.type(description="Where a field's value came from, or why it is null.")
class FieldProvenance:
    field: str = attribute("The field of Customer.")
    record: RecordRef | None = attribute("The record that supplied the value, or that was asked for it.")
    state: FieldState = attribute("VALUE, or why there is none.")
    seen_at: datetime | None = attribute("Of STALE: when the index took the value from its system; null else.")


def _records(customers: Sequence[customer.Customer], _request: RequestContext) -> list[Any]:
    return [[held.view for held in each.records] for each in customers]


async def _versions(customers: Sequence[customer.Customer], request: RequestContext) -> Sequence[Any]:
    return await read_versions(customers, request)


def _invoices(
    customers: Sequence[customer.Customer], request: RequestContext, first: First, after: After = None
) -> Any:
    return merged(listing.invoices(customers, request, first, after), len(customers))


async def _provenance(
    customers: Sequence[customer.Customer],
    request: RequestContext,
    fields: Annotated[
        list[str] | None, strawberry.argument(description="Names of fields of Customer; all if left out.")
    ] = None,
) -> Sequence[Any]:
    return await provenance(customers, fields, request)


def _unknown_fields(_request: RequestContext, fields: list[str] | None = None) -> str | None:
    return unknown_fields(fields)


@strawberry.type(
    description="One real-world customer: one or more records of it, read live from the systems that hold them."
)
class Customer(Node):
    id: strawberry.ID = batched(
        ids("Customer", "system.name", "key"), "Opaque and stable, derived from the first record."
    )
    number: str | None = unified("number", "The number under which people know the customer.")
    name: str | None = unified("name", "Name of the company or person.")
    kind: CustomerKind | None = unified("kind", "Company, person or public body.")
    status: CustomerStatus | None = unified("status", "Whether the customer is active, locked, archived …")
    title: str | None = unified("title", "Title of a person.")
    gender: Gender | None = unified("gender", "Gender of a person.")
    first_name: str | None = unified("first_name", "First name of a person.")
    last_name: str | None = unified("last_name", "Last name of a person.")
    organization: str | None = unified("organization", "Organisation that the person stands for.")
    vat_number: str | None = unified("vat_number", "VAT number: in compact form where it is valid, else as sent.")
    organization_number: str | None = unified("organization_number", "Number in the country's register.")
    email: str | None = unified("email", "Main e-mail address.")
    emails: list[EmailAddress] | None = unified("emails", "All e-mail addresses, each with its purpose.")
    phone: str | None = unified("phone", "Main phone, as sent.")
    phones: list[PhoneNumber] | None = unified("phones", "All phones and faxes.")
    website: str | None = unified("website", "Website.")
    language: str | None = unified("language", "Language, BCP 47.")
    currency: str | None = unified("currency", "Currency, ISO 4217.")
    is_supplier: bool | None = unified("is_supplier", "Whether the customer is a supplier too.")
    address: Address | None = unified("address", "Main address.")
    addresses: list[Address] | None = unified("addresses", "All addresses, each with its kind.")
    billing: Billing | None = batched(_billing, "How the customer is billed.")
    notes: list[str] | None = unified("notes", "Notes about the customer.")
    external_ids: list[str] | None = unified("external_ids", "Ids of the customer in systems outside the gateway.")
    contacts: list[Contact] | None = unified("contacts", "People to talk to.")
    accounts: list[Account] | None = unified("accounts", "Bank accounts, mandates, cards and ledger accounts.")
    agreements: list[Agreement] | None = unified("agreements", "Contracts, assignments, framework agreements.")
    owner: User | None = unified("owner", "The user responsible for the customer.")
    updater: User | None = unified("updater", "The user who last changed it.")
    creator: User | None = unified("creator", "The user who created it.")
    created_at: datetime | None = unified("created_at", "When it was created.")
    updated_at: datetime | None = unified("updated_at", "When it was last changed.")
    version: str | None = batched(
        _versions,
        "Changes whenever a record of this customer changes: what a writer gives back as its expectation. Null while "
        "one of them could not be read.",
    )
    records: list[LazyRecord] = batched(
        _records,
        "The records this customer is made of, each typed as its system documents it. One that could not be read is "
        "missing here and named in `extensions.incomplete`.",
    )

    invoices: InvoiceConnection | None = batched(_invoices, "Newest first, by date then id. first: 1 to 100.")
    provenance: list[FieldProvenance] = batched(
        _provenance,
        "Where each field's value came from, or why it is null. All fields unless named. A field that costs a call "
        "(contacts, invoices …) costs it here too: name the fields you need.",
        check=_unknown_fields,
    )
