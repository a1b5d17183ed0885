"""What AutoDNS makes of a customer body: everything writable is replaced, checked data wait."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.autodns.documents import present
from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from customer_gateway.sandbox.store import Document

WRITABLE: Final = frozenset(
    {
        "name", "type", "organization", "organization2", "vatNumber", "gender", "title", "fname", "lname",
        "addressLines", "pcode", "city", "state", "country", "phone", "fax", "emails", "billingEmails", "contacts",
        "payment", "paymentMode", "paymentCurrency", "paymentCurrencyExchangeFee", "discountValid", "invoiceLanguage",
        "invoiceDays", "invoicePaperbill", "taxable", "contracts", "billingUsers", "comments", "dataPrivacyStatement",
        "newsletter", "supplierNumber", "url",
    }
)  # fmt: skip
# The server's own: sent back by those who read before they write, and passed over.
SERVER_FIELDS: Final = frozenset(
    {
        "number", "client", "group", "pin", "card", "sepa", "account", "autodelete", "pending", "verifications",
        "locked", "persistent", "lastConfirmed", "pricelists", "owner", "updater", "created", "updated",
    }
)  # fmt: skip
KEYS: Final = WRITABLE | SERVER_FIELDS
_REQUIRED: Final = ("name", "type", "fname", "lname", "pcode", "city", "country", "phone", "emails")
# A person looks at changes of these before they count.
_CHECKED: Final = ("name", "organization", "fname", "lname", "vatNumber", "emails")
_LISTS: Final = ("addressLines", "emails", "billingEmails", "contacts", "contracts", "billingUsers", "comments")
_ENUMS: Final = {
    "type": ("PERSON", "ORGANIZATION"),
    "gender": ("MALE", "FEMALE"),
    "payment": ("PRE", "POST", "LIVE"),
}
_SHAPES: Final = {
    "country": re.compile(r"[A-Z]{2}"),
    "phone": re.compile(r"\+\d{1,4}-\d{1,6}-\d{3,12}"),
    "fax": re.compile(r"\+\d{1,4}-\d{1,6}-\d{3,12}"),
    "name": re.compile(r".{1,255}"),
}
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def replaced(customer: Document, sent: Document, now: str) -> tuple[Document, bool]:
    """Return the customer after a PUT and whether it now waits for a check; 400 names each member that is wrong."""
    written = {name: value for name, value in sent.items() if name not in SERVER_FIELDS and value is not None}
    _check(written, customer)
    kept = {name: customer[name] for name in SERVER_FIELDS if name in customer}
    document = present({**kept, **written, "updated": now})
    if all(document.get(name) == customer.get(name) for name in _CHECKED):
        return document, bool(document.get("pending"))
    persistent = customer.get("persistent") or {name: value for name, value in customer.items() if name != "pending"}
    return {**document, "pending": True, "persistent": persistent, **_verifications(document, customer, now)}, True


def _verifications(document: Document, customer: Document, now: str) -> Document:
    new = [address for address in document["emails"] if address not in customer.get("emails", ())]
    waiting = [*customer.get("verifications", ())]
    waiting += [{"email": address, "status": "PENDING", "created": now} for address in new]
    return {"verifications": waiting} if waiting else {}


def _check(written: Document, customer: Document) -> None:
    wrong = [name for name in _REQUIRED if not written.get(name)]
    wrong += [name for name, value in written.items() if value != customer.get(name) and not _fits(name, value)]
    if wrong:
        objects = [{"type": "customer", "value": name} for name in wrong]
        raise Refusal(400, f"Missing, unknown or malformed: {', '.join(wrong)}.", detail=objects)


def _fits(name: str, value: Any) -> bool:
    if name not in WRITABLE:
        return False
    if name in ("emails", "billingEmails"):
        return isinstance(value, list) and all(_EMAIL.fullmatch(str(one)) for one in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a JSON list
    if name in _LISTS:
        return isinstance(value, list)
    if name in _ENUMS:
        return value in _ENUMS[name]
    return name not in _SHAPES or (isinstance(value, str) and _SHAPES[name].fullmatch(value) is not None)
