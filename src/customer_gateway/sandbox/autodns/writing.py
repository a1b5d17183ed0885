"""What AutoDNS makes of a customer body.

PUT replaces the whole (inferred): a documented member that is left out, or null, is gone, and absent from then on; one
with a documented default takes it (false, newsletter true). client, group and pin are always there: the ones that were
stay when they are left out, and client, which is part of the path, cannot become another. A member that nobody
documents is stored as it was sent, nested ones and null included, and gone when it is left out. What a body says of the
server's own members is passed over: number, created, updated, owner, updater, pending, persistent, verifications; the
balances, stamps and customer of `account`; and sepa, which has a route of its own. name, type, fname, lname, pcode,
city, country, phone and an e-mail are required (documented). A value that stays as it was is taken whatever its form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from customer_gateway.sandbox.store import Document

SERVER_FIELDS: Final = frozenset(
    {"number", "created", "updated", "owner", "updater", "pending", "persistent", "verifications", "sepa"}
)
_ACCOUNT_SERVER_FIELDS: Final = frozenset(
    {"currentAccountBalance", "runningTotal", "reserved", "customer", "created", "updated"}
)
_KEPT: Final = ("client", "group", "pin")
_DEFAULTS: Final = {
    "invoicePaperbill": False,
    "taxable": False,
    "autodelete": False,
    "locked": False,
    "dataPrivacyStatement": False,
    "newsletter": True,
}
_REQUIRED: Final = ("name", "type", "fname", "lname", "pcode", "city", "country", "phone", "emails")
_ENUMS: Final = {
    "type": ("PERSON", "ORGANIZATION"),
    "gender": ("MALE", "FEMALE"),
    "payment": ("PRE", "POST", "LIVE"),
}
_PHONE: Final = re.compile(r"\+\d{1,4}-\d{1,6}-\d{3,12}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_TEXT: Final = re.compile(r".*", re.DOTALL)
_SHAPES: Final = {
    **dict.fromkeys(
        ("client", "organization", "organization2", "vatNumber", "title", "fname", "lname", "pcode", "city", "state",
         "paymentMode", "invoiceLanguage", "supplierNumber", "url", "pin"), _TEXT
    ),
    "country": re.compile(r"[A-Z]{2}"),
    "phone": _PHONE,
    "fax": _PHONE,
    "name": re.compile(r".{1,255}"),
    "paymentCurrency": re.compile(r"[A-Z]{3}"),
    "discountValid": _MOMENT,
    "lastConfirmed": _MOMENT,
}  # fmt: skip
_LISTS: Final = ("addressLines", "emails", "billingEmails", "contacts", "contracts", "billingUsers", "comments")
_OBJECTS: Final = ("invoiceDays", "pricelists", "card", "account")
_NUMBERS: Final = {"group": (int,), "paymentCurrencyExchangeFee": (int, float)}
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")
KEYS: Final = SERVER_FIELDS | {*_SHAPES, *_ENUMS, *_LISTS, *_OBJECTS, *_NUMBERS, *_DEFAULTS}


def written(customer: Document, sent: Document, now: str) -> Document:
    """Return the customer after a PUT or POST, in the order in which it was sent; 400 names each wrong member."""
    taken = {name: value for name, value in sent.items() if name not in SERVER_FIELDS and not _cleared(name, value)}
    _check(taken, customer)
    served = {name: customer[name] for name in SERVER_FIELDS if name in customer}
    kept = {name: customer[name] for name in _KEPT if name not in taken and name in customer}
    defaults = {name: value for name, value in _DEFAULTS.items() if name not in taken}
    account = _account(customer.get("account") or {}, taken.get("account") or {})
    places = dict.fromkeys(name for name in sent if name in taken or name in served)
    return {**places, **taken, **kept, **defaults, **account, **served, "updated": now}


def checked_mandate(sent: Document) -> Document:
    """Return a SEPA mandate's body; a 400 Refusal names what it lacks or what is malformed."""
    iban: Any = sent.get("iban")
    wrong = [name for name in ("iban", "accountHolder") if not sent.get(name)]
    if iban and not (isinstance(iban, str) and _IBAN.fullmatch(iban)):
        wrong.append("iban")
    if wrong:
        objects = [{"type": "sepa", "value": name} for name in wrong]
        raise Refusal(400, f"Missing or malformed: {', '.join(wrong)}.", detail=objects)
    return {name: value for name, value in sent.items() if value is not None}


def _cleared(name: str, value: Any) -> bool:
    return value is None and name in KEYS


def _account(before: Document, sent: Document) -> Document:
    served = {name: before[name] for name in _ACCOUNT_SERVER_FIELDS if name in before}
    taken = {name: value for name, value in sent.items() if name in served or name not in _ACCOUNT_SERVER_FIELDS}
    return {"account": {**taken, **served}} if taken or served else {}


def _check(taken: Document, customer: Document) -> None:
    wrong = [name for name in _REQUIRED if not taken.get(name)]
    wrong += [name for name, value in taken.items() if value != customer.get(name) and not _fits(name, value)]
    if taken.get("client", customer["client"]) != customer["client"]:
        wrong.append("client")
    if wrong:
        names = [*dict.fromkeys(wrong)]
        objects = [{"type": "customer", "value": name} for name in names]
        raise Refusal(400, f"Missing or malformed: {', '.join(names)}.", detail=objects)


def _fits(name: str, value: Any) -> bool:  # noqa: PLR0911 - one line a kind of member
    if name in ("emails", "billingEmails"):
        return isinstance(value, list) and all(_EMAIL.fullmatch(str(one)) for one in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - a JSON list
    if name in ("contacts", "contracts"):
        return isinstance(value, list) and all(isinstance(one, dict) for one in value)  # pyright: ignore[reportUnknownVariableType] - see above
    if name in _LISTS:
        return isinstance(value, list)
    if name in _OBJECTS:
        return isinstance(value, dict)
    if name in _DEFAULTS:
        return isinstance(value, bool)
    if name in _NUMBERS:
        return isinstance(value, _NUMBERS[name]) and not isinstance(value, bool)
    if name in _ENUMS:
        return value in _ENUMS[name]
    return name not in _SHAPES or (isinstance(value, str) and _SHAPES[name].fullmatch(value) is not None)
