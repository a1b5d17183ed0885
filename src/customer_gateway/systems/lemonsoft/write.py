"""What can be written of a Lemonsoft customer (seed 003), and where it stands in Lemonsoft's document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.choices import ChoiceList
from customer_gateway.documents.field_writes import at, emails_at, lines_at, never_cleared, texts_at
from customer_gateway.documents.spelling import (
    as_given,
    country,
    country_code,
    currency,
    email,
    first_email,
    language,
    one_of,
    phone,
    vat_number,
    whole_number,
)
from customer_gateway.documents.user_places import user_itself, users_in
from customer_gateway.documents.values import is_object
from customer_gateway.documents.writing import Resource, Writes
from customer_gateway.model.value_objects import CustomerKind, EmailPurpose
from customer_gateway.systems.lemonsoft.record import CUSTOMER

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.documents.values import DocumentContext

_GIVEN: Final = "Lemonsoft gives it."
_STAMP: Final = "Lemonsoft stamps it when the customer is written."
_SUM: Final = "Lemonsoft sums it up from the invoices."
_PARENT: Final = "It is the customer or entry that holds it."


def _local_time(moment: datetime, context: DocumentContext) -> Any:
    return moment.astimezone(context.zone).replace(tzinfo=None).isoformat()


def _named(explanation: Any) -> list[str]:
    """Return the names of `ModelState`."""
    state = explanation.get("ModelState") if is_object(explanation) else None
    return list(state) if is_object(state) else []


WRITES: Final = Writes(
    record=CUSTOMER,
    resources={
        "": Resource(
            read="/api/customers/{key}",
            update=("PUT", "/api/customers/{key}"),
            create=("POST", "/api/customers"),
            whole=True,
        ),
    },
    archive=lambda _now: {"is_nonactive": True},
    restore=lambda _now: {"is_nonactive": False},
    fields={
        "number": never_cleared(at("number", whole_number)),
        "name": at("name"),
        "kind": at("type", one_of({CustomerKind.COMPANY: 0, CustomerKind.PERSON: 1})),
        "vat_number": at("vat", vat_number),
        "email": at("email", first_email),
        "emails": emails_at({EmailPurpose.GENERAL: "email"}),
        "phone": at("phone", phone),
        "fax": at("fax", phone),
        "website": at("www"),
        "language": at("language_code", language),
        "currency": at("currency_code", currency),
        "is_supplier": at("is_supplier", as_given),
        "address.lines": lines_at("street", "street2"),
        "address.street": at("street"),
        "address.postal_code": at("postal_code"),
        "address.city": at("city"),
        "address.country_code": at("country", country_code),
        "address.country": at("country", country),
        "billing.name": at("invoicing_name"),
        "billing.address.name": at("invoicing_name"),
        "billing.address.street": at("invoicing_address"),
        "billing.address.postal_code": at("invoicing_postal_code"),
        "billing.address.city": at("invoicing_city"),
        "billing.payment_terms_id": at("payment_term_number", whole_number),
        "billing.invoice_delivery_id": at("invoice_method_id", whole_number),
        "billing.credit_limit": at("creditlimit", as_given),
        "billing.einvoice.edi_address": at("customer_edi"),
        "billing.einvoice.finvoice_address": at("finvoice_address"),
        "notes": texts_at("texts", "note", []),
        "owner_id": at("person_responsible_number", whole_number),
    },
    server_made={
        "id": _GIVEN,
        "created": _STAMP,
        "modified": _STAMP,
        "due_invoice_sum": _SUM,
        "open_invoice_sum": _SUM,
        "contacts.customer_id": _PARENT,
        "contacts.attributes.contact_id": _PARENT,
        "agreements.products.agreement_id": _PARENT,
        "accounts.customer_id": _PARENT,
        "circulations.customer_id": _PARENT,
    },
    required=frozenset({"name", "email"}),
    lasting=frozenset({"number"}),
    own_forms={
        **dict.fromkeys(("phone", "fax", "contacts.phone", "contacts.fax", "contacts.gsm", "agreements.phone"), phone),
        **dict.fromkeys(("contacts.email", "agreements.email"), email),
        **dict.fromkeys(("country", "accounts.bank_country_code"), country),
        "currency_code": currency,
        "language_code": language,
    },
    lists={
        "payment_term_number": ChoiceList("/api/codelist/payment_term", "number", "description"),
        "invoice_method_id": ChoiceList(
            "/api/codelist/description", "id", "description", query=(("filter.codeListFilter", "INVOICE_METHODS"),)
        ),
    },
    users={
        **dict.fromkeys(("person_responsible_number", "seller_number"), user_itself),
        "agreements": users_in("responsible_person", "service_person_number", "backup_service_person_number"),
        "circulations": users_in("person_number"),
    },
    traces=("number", "name"),
    named=_named,
    country="country",
    moment=_local_time,
    numeric_ids=True,
    entry_ids={"LemonsoftAccount": "account_id", "LemonsoftAgreementProduct": "agreement_product_id"},
)
"""The required ones are those of the vendor's published API."""
