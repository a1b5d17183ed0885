"""What can be written of a Pland customer (seed 000), and where it stands in Pland's document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.choices import ChoiceList
from customer_gateway.documents.field_writes import at, emails_at, lines_at, never_cleared
from customer_gateway.documents.spelling import Unwritable, country_code, first_email, phone, vat_number, whole_number
from customer_gateway.documents.structs import VendorLeaf
from customer_gateway.documents.user_places import user_itself
from customer_gateway.documents.writing import FieldWrite, Resource, Writes
from customer_gateway.model.value_objects import EmailPurpose
from customer_gateway.systems.explained import texts_in
from customer_gateway.systems.pland.record import CUSTOMER, OBJECT_ID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.documents.values import DocumentContext
    from customer_gateway.documents.writing import Present, Values

_FIRST: Final = "invoiceRecipientId"
_COPIES: Final = "invoiceCCRecipientIds"
_STAMP: Final = "Pland stamps it when the customer is written."
_SMS: Final = "Pland writes it when it sends an SMS."


def _recipients() -> FieldWrite:
    """Declare the users who receive invoices: the first gets the invoice, the others copies."""

    def spell(keys: Sequence[str], _now: Present) -> Values:
        if not all(map(OBJECT_ID.fullmatch, keys)):
            raise Unwritable("An id is not one of a user of this system. System.users lists them.")
        first, *copies = [*keys] or [None]
        return {_FIRST: first, _COPIES: copies}

    return FieldWrite((_FIRST, _COPIES), spell, lambda _now: {_FIRST: None, _COPIES: []})


def _unix_milliseconds(moment: datetime, _context: DocumentContext) -> Any:
    return int(moment.timestamp() * 1000)


def _state(number: int, now: Present) -> Values:
    """Return a state (1 active, 2 passive) in the type in which it stands: Pland sends it as text or as a number."""
    standing = now.at("status.status").value
    return {"status.status": number if isinstance(standing, int) else str(number)}


WRITES: Final = Writes(
    record=CUSTOMER,
    resources={
        "": Resource(
            read="/customers/{key}",
            update=("PATCH", "/customers/{key}"),
            create=("POST", "/customers/"),
            in_part=frozenset({"status"}),
        )
    },
    archive=partial(_state, 2),
    restore=partial(_state, 1),
    fields={
        "number": never_cleared(at("number", whole_number)),
        "name": at("name"),
        "vat_number": at("vatNumber", vat_number),
        "email": at("contact.email", first_email),
        "emails": emails_at({EmailPurpose.GENERAL: "contact.email"}),
        "phone": at("contact.telephone", phone),
        "mobile": at("contact.mobile", phone),
        "website": at("contact.website"),
        "address.lines": lines_at("address.co", "address.street", from_last=True),
        "address.street": at("address.street"),
        "address.postal_code": at("address.zip"),
        "address.city": at("address.city"),
        "address.state": at("address.state"),
        "address.country_code": at("address.country", country_code),
        "address.country": at("address.country"),
        "billing.payment_terms_id": at("paymentTermId"),
        "billing.recipient_ids": _recipients(),
        "billing.einvoice.leitweg_id": at("buyerReference"),
        "billing.einvoice.supplier_number": at("orderReferenceId"),
        "external_id": at("debitorNumber"),
    },
    server_made={
        "_id": "Pland gives it.",
        "companyId": "It is the tenant of the API key.",
        "chatId": "Pland makes the chat.",
        "status.createdAt": _STAMP,
        "status.createdBy": _STAMP,
        "status.lastModifiedAt": _STAMP,
        "status.lastModifiedBy": _STAMP,
        "contact.smsCount": _SMS,
        "contact.smsSendDate": _SMS,
        "contact.smsSendBy": _SMS,
        "contact.lastSMSStatus": _SMS,
    },
    required=frozenset({"name"}),
    lasting=frozenset({"number", "hideRecipientOnDocuments", "status", "status.status"}),
    own_forms={"contact.telephone": phone, "contact.mobile": phone, "contact.sms": phone},
    numbers=frozenset({"number"}),
    ids=VendorLeaf.TEXT,
    country="address.country",
    moment=_unix_milliseconds,
    lists={"paymentTermId": ChoiceList("/paymentTerms/", "_id", "description")},
    users={_FIRST: user_itself, _COPIES: user_itself},
    identity=("_id",),
    traces=("number", "name"),
    created="status.createdAt",
    named=lambda explanation: texts_in(explanation, under={"message"}),
)
