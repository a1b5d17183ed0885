"""What Billbee takes in customer and address bodies."""

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
    """Return the customer after a PUT or POST: what was not sent becomes null, the server's own fields stay."""
    for name, types in _CUSTOMER.items():
        _check(name, sent.get(name), types)
    if sent.get("Type") not in (None, 0, 1):
        raise invalid("Type must be 0 or 1")
    written = {name: sent.get(name) for name in _CUSTOMER}
    entries = {name: _entry(written[name], next_id) for name in DEFAULTS}
    metadata: list[Document] = written["MetaData"] or []
    rows = [row for row in (_entry(one, next_id) for one in metadata) if row is not None]
    known = {row["Id"] for row in rows}
    rows += [row for row in entries.values() if row is not None and row["Id"] not in known]
    return {**{name: customer.get(name) for name in _SERVER_FIELDS}, **written, **entries, "MetaData": rows}


def written_address(address: Document, sent: Document, *, partial: bool) -> Document:
    """Return the address after PATCH (what was sent changes), PUT or POST (what was not sent becomes null)."""
    for name in ADDRESS_FIELDS:
        if name not in _ADDRESS_SERVER_FIELDS:
            _check(name, sent.get(name), _INTEGER if name in _ADDRESS_INTEGERS else _TEXT)
    country = sent.get("CountryCode")
    if country is not None and (len(country) != 2 or not country.isalpha()):
        raise invalid("CountryCode must be an ISO 3166-1 alpha-2 code")
    before = address if partial else {}
    changed = {name: sent[name] if name in sent else before.get(name) for name in ADDRESS_FIELDS}
    return {**changed, **{name: address.get(name) for name in _ADDRESS_SERVER_FIELDS}}


def refuse_archived(document: Document) -> None:
    if document["ArchivedAt"] is not None:
        raise invalid("The record is archived and cannot be changed")


def invalid(message: str) -> Refusal:
    return Refusal(400, message, detail=INVALID_DATA)


def _entry(sent: Any, next_id: Callable[[], int]) -> Document | None:
    """Contact data with an id, and the name of its type, which callers cannot choose."""
    if sent is None:
        return None
    if sent.get("TypeId") not in TYPE_NAMES:
        raise invalid("TypeId must be 1, 2 or 3")
    type_id: int = sent["TypeId"]
    return {
        "Id": sent.get("Id") or next_id(),
        "TypeId": type_id,
        "TypeName": TYPE_NAMES[type_id],
        "SubType": sent.get("SubType"),
        "Value": sent.get("Value"),
    }


def _check(name: str, value: object, types: tuple[type, ...]) -> None:
    if not isinstance(value, types) or isinstance(value, bool):
        raise invalid(f"{name} has the wrong type")
