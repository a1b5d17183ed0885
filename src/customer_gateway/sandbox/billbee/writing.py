"""What Billbee makes of customer and address bodies.

PUT replaces the whole (documented for addresses, inferred for customers): a documented member that is left out becomes
null; one that nobody documents is stored as it was sent, and gone when it is left out. PATCH, of addresses alone,
changes what was sent. What a body says of the server's own members is passed over: Id, ArchivedAt, RestoredAt, an
address's CustomerId, and TypeName of contact data, which follows from TypeId. Contact data without an Id gets one;
a default that has no row in MetaData gets one there, and one that has is not compared with it: who changes a default
changes both. Address is a member of POST alone. Archived records refuse, until RestoredAt is later than ArchivedAt; so
do the addresses of an archived customer (inferred).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.billbee.documents import ADDRESS_FIELDS, DEFAULTS, TYPE_NAMES
from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.sandbox.store import Document

INVALID_DATA: Final = 11
_TEXT: Final = (str, type(None))
_INTEGER: Final = (int, type(None))
_OBJECT: Final = (dict, type(None))
_CUSTOMER: Final[dict[str, tuple[type, ...]]] = {
    "Number": _INTEGER,
    "Name": _TEXT,
    "Email": _TEXT,
    "Tel1": _TEXT,
    "Tel2": _TEXT,
    "Type": _INTEGER,
    "LanguageId": _INTEGER,
    "PriceGroupId": _INTEGER,
    "VatId": _TEXT,
    **dict.fromkeys(DEFAULTS, _OBJECT),
    "MetaData": (list, type(None)),
}
_ADDRESS_INTEGERS: Final = ("AddressType",)
_SERVER_FIELDS: Final = ("Id", "ArchivedAt", "RestoredAt")
_ADDRESS_SERVER_FIELDS: Final = (*_SERVER_FIELDS, "CustomerId")


def written_customer(customer: Document, sent: Document, next_id: Callable[[], int]) -> Document:
    """Return the customer after a PUT or POST, its members in the order in which they were sent."""
    for name, types in _CUSTOMER.items():
        _check(name, sent.get(name), types)
    if sent.get("Type") not in (None, 0, 1):
        raise invalid("Type must be 0 or 1")
    written = {name: value for name, value in sent.items() if name != "Address"}
    written |= {name: sent.get(name) for name in _CUSTOMER}
    written |= {name: _entry(name, written[name], next_id) for name in DEFAULTS}
    rows = [_entry("MetaData", one, next_id) for one in written["MetaData"] or ()]
    kept = [row for row in rows if row is not None]
    known = {row["Id"] for row in kept}
    kept += [row for name in DEFAULTS if (row := written[name]) is not None and row["Id"] not in known]
    return {**written, "MetaData": kept, **{name: customer.get(name) for name in _SERVER_FIELDS}}


def written_address(address: Document, sent: Document, *, partial: bool) -> Document:
    """Return the address after PATCH (what was sent changes), PUT or POST (what was not sent becomes null)."""
    for name in ADDRESS_FIELDS:
        if name not in _ADDRESS_SERVER_FIELDS:
            _check(name, sent.get(name), _INTEGER if name in _ADDRESS_INTEGERS else _TEXT)
    country = sent.get("CountryCode")
    if country is not None and (len(country) != 2 or not country.isalpha()):
        raise invalid("CountryCode must be an ISO 3166-1 alpha-2 code")
    written = {**(address if partial else {}), **sent}
    written |= {name: written.get(name) for name in ADDRESS_FIELDS}
    return {**written, **{name: address.get(name) for name in _ADDRESS_SERVER_FIELDS}}


def refuse_archived(document: Document) -> None:
    archived, restored = document.get("ArchivedAt"), document.get("RestoredAt")
    if archived is not None and (restored is None or restored <= archived):
        raise invalid("The record is archived and cannot be changed")


def invalid(message: str) -> Refusal:
    return Refusal(400, message, detail=INVALID_DATA)


def _entry(name: str, sent: Any, next_id: Callable[[], int]) -> Document | None:
    """Contact data with an id, and the name of its type, which callers cannot choose."""
    _check(name, sent, _OBJECT)
    if sent is None:
        return None
    type_id: Any = sent.get("TypeId")
    if type_id not in TYPE_NAMES:
        raise invalid(f"TypeId of {name} must be 1, 2 or 3")
    key = sent.get("Id") or next_id()
    made = {"SubType": sent.get("SubType"), "Value": sent.get("Value")}
    return {**sent, "Id": key, "TypeName": TYPE_NAMES[type_id], **made}


def _check(name: str, value: object, types: tuple[type, ...]) -> None:
    if not isinstance(value, types) or isinstance(value, bool):
        raise invalid(f"{name} has the wrong type")
