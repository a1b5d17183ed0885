"""What can be written of an AutoDNS customer (seed 001), and where it stands in AutoDNS's document.

AutoDNS leaves members out that have no value: what is cleared goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from customer_gateway.documents.changes import ABSENT
from customer_gateway.documents.field_writes import at, emails_at, texts_at
from customer_gateway.documents.spelling import (
    Unwritable,
    as_given,
    country,
    country_code,
    currency,
    email,
    first_email,
    language,
    one_of,
    phone_in_parts,
    vat_number,
)
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.documents.writing import FieldWrite, Resource, Writes
from customer_gateway.model.value_objects import CustomerKind, EmailPurpose, Gender
from customer_gateway.systems.autodns.record import CUSTOMER
from customer_gateway.systems.explained import texts_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.values import Document, DocumentContext
    from customer_gateway.documents.writing import Present, Values

_STAMP: Final = "AutoDNS stamps it when it is written."
_CHECK: Final = "AutoDNS sets it while it checks a change."
_BALANCE: Final = "AutoDNS books it."
_ADDRESSES: Final = ("contacts.email", "contracts.accountManager.email", "account.minRunningTotalNotificationEmail")
_NESTED: Final = ("contacts", "contracts", "contracts.accountManager", "contracts.contract", "comments", "card", "sepa")


def _at(place: str, spell: Spell | None = None) -> FieldWrite:
    return at(place, spell, ABSENT) if spell else at(place, cleared=ABSENT)


def _first_of(place: str) -> FieldWrite:
    """Declare the first address of a list; the others stay."""

    def spell(value: Any, now: Present) -> Values:
        standing: list[Any] = now.at(place).value if is_list(now.at(place).value) else []
        first = first_email(value, now.at(place))
        return {place: [first, *(each for each in standing[1:] if each != first)]}

    def cleared(now: Present) -> Values:
        standing = now.at(place).value
        return {place: (standing[1:] if is_list(standing) else []) or ABSENT}

    return FieldWrite((place,), spell, cleared)


def _lines() -> FieldWrite:
    def spell(lines: Sequence[str], _now: Present) -> Values:
        if not all(line.strip() for line in lines):
            raise Unwritable("A line is blank. Leave it out.")
        return {"addressLines": list(lines) or ABSENT}

    return FieldWrite(("addressLines",), spell, lambda _now: {"addressLines": ABSENT})


def _recipients() -> FieldWrite:
    """Declare the users who receive invoices, by `user/context`."""

    def user(key: str) -> dict[str, Any]:
        name, _, context = key.rpartition("/")
        if not (name and context.isdecimal()):
            raise Unwritable("An id is not one of a user of this system. System.users lists them.")
        return {"user": name, "context": int(context)}

    def spell(keys: Sequence[str], now: Present) -> Values:
        standing: list[Any] = now.at("billingUsers").value or []
        wanted = [user(key) for key in keys]
        kept = [next((each for each in standing if _is_same_user(each, one)), one) for one in wanted]
        return {"billingUsers": kept or ABSENT}

    return FieldWrite(("billingUsers",), spell, lambda _now: {"billingUsers": ABSENT})


def _users(user: Any) -> list[str]:
    """Return the key `user/context`; none for a user that is named without a context, whom no look-up finds."""
    name, context = (user.get("user"), user.get("context")) if is_object(user) else (None, None)
    return [] if name is None or context is None else [f"{name}/{context}"]


def _commentators(comment: Any) -> list[str]:
    return _users(comment.get("user")) if is_object(comment) else []


def _is_same_user(standing: object, user: dict[str, Any]) -> bool:
    return is_object(standing) and all(standing.get(name) == value for name, value in user.items())


def _moment(moment: datetime, _context: DocumentContext) -> Any:
    """Spell a point in time with milliseconds and an offset without a colon: `2022-01-13T13:33:21.000+0100`."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def _only_of_data(answer: Any) -> Any:
    rows = answer.get("data") if is_object(answer) else None
    return rows[0] if is_list(rows) and len(rows) == 1 else None


def _path_of(key: str) -> str:
    client, _, number = key.rpartition("/")
    return f"{quote(client, safe='')}/{number}"


def _waits(document: Document) -> bool:
    """Return whether a change waits: then `persistent` holds what is in force."""
    return document.get("pending") is True or is_object(document.get("persistent"))


def _named(explanation: Any) -> list[str]:
    """Return what the objects of the messages name: a kind of entity and its member."""
    messages: Any = explanation.get("messages") if is_object(explanation) else None
    each: list[Any] = messages if is_list(messages) else [messages]
    objects = [
        one for message in each if is_object(message) and is_list(message.get("objects")) for one in message["objects"]
    ]
    return [f"{one.get('type')}.{one.get('value')}" for one in objects if is_object(one)] or texts_in(
        each, under={"text"}
    )


WRITES: Final = Writes(
    record=CUSTOMER,
    resources={
        "": Resource(
            read="/customer/{key}",
            unwrap=_only_of_data,
            update=("PUT", "/customer/{key}"),
            create=("POST", "/customer"),
            whole=True,
            left_out=frozenset({"sepa", "pending", "persistent", "verifications"}),
        ),
        "sepa": Resource(
            update=("POST", "/customer/{key}/sepa"),
            create=("POST", "/customer/{key}/sepa"),
            delete=("DELETE", "/customer/{key}/sepa"),
            vital=frozenset({"iban", "accountHolder"}),
            whole=True,
            left_out=frozenset({"histories", "document", "created", "updated"}),
        ),
    },
    archive=None,
    restore=None,
    fields={
        "name": _at("name"),
        "kind": _at("type", one_of({CustomerKind.COMPANY: "ORGANIZATION", CustomerKind.PERSON: "PERSON"})),
        "title": _at("title"),
        "gender": _at("gender", one_of({Gender.MALE: "MALE", Gender.FEMALE: "FEMALE"})),
        "first_name": _at("fname"),
        "last_name": _at("lname"),
        "organization": _at("organization"),
        "vat_number": _at("vatNumber", vat_number),
        "email": _first_of("emails"),
        "emails": emails_at(
            {EmailPurpose.GENERAL: "emails", EmailPurpose.BILLING: "billingEmails"}, ABSENT, several=True
        ),
        "phone": _at("phone", phone_in_parts),
        "fax": _at("fax", phone_in_parts),
        "website": _at("url"),
        "language": _at("invoiceLanguage", language),
        "currency": _at("paymentCurrency", currency),
        "address.lines": _lines(),
        "address.postal_code": _at("pcode"),
        "address.city": _at("city"),
        "address.state": _at("state"),
        "address.country_code": _at("country", country_code),
        "address.country": _at("country", country),
        "billing.email": _first_of("billingEmails"),
        "billing.payment_method": _at("paymentMode"),
        "billing.credit_limit": _at("account.creditLimit", as_given),
        "billing.taxable": _at("taxable", as_given),
        "billing.recipient_ids": _recipients(),
        "billing.einvoice.supplier_number": _at("supplierNumber"),
        "notes": texts_at("comments", "text", ABSENT),
    },
    server_made={
        "number": "AutoDNS gives it; with the client it is the customer's key.",
        "created": _STAMP,
        "updated": _STAMP,
        "owner": "AutoDNS assigns the user.",
        "updater": _STAMP,
        "pending": _CHECK,
        "persistent": _CHECK,
        "verifications": _CHECK,
        "account.customer": "It is the customer that holds it.",
        "account.currentAccountBalance": _BALANCE,
        "account.runningTotal": _BALANCE,
        "account.reserved": _BALANCE,
        "account.created": _STAMP,
        "account.updated": _STAMP,
        "contacts.customer": "It is the customer that holds it.",
        "contacts.owner": "AutoDNS assigns the user.",
        "contacts.updater": _STAMP,
        "comments.customer": "It is the customer that holds it.",
        **{f"{part}.{stamp}": _STAMP for part in _NESTED for stamp in ("created", "updated")},
        "sepa.histories": "AutoDNS keeps the mandates that were replaced.",
        "sepa.document": "AutoDNS keeps the signed paper.",
    },
    required=frozenset({"name", "type", "fname", "lname", "pcode", "city", "country", "phone", "emails"}),
    most={"name": 255},
    lasting=frozenset({"client", "group", "pin"}),
    own_forms={
        **dict.fromkeys(("phone", "fax", "contacts.phone", "contacts.fax"), phone_in_parts),
        **dict.fromkeys(("country", "contacts.country"), country),
        **dict.fromkeys(("paymentCurrency", "account.currency", "account.view.currency"), currency),
        **dict.fromkeys(("invoiceLanguage", "contacts.language"), language),
        **dict.fromkeys(_ADDRESSES, email),
    },
    country="country",
    cleared=ABSENT,
    moment=_moment,
    path_of=_path_of,
    held=_waits,
    users={"billingUsers": _users, "comments": _commentators},
    identity=("client", "number"),
    traces=("client", "name", "emails"),
    named=_named,
    numeric_ids=True,
)
