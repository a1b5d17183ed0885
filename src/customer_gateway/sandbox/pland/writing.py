"""What Pland makes of a customer or contact body.

PATCH changes what was sent and nothing else; null clears (documented). address, contact and contract are replaced whole
and stored as they were sent, members that nobody documents included (inferred: whether nested objects are merged is
open, and `contract` has no documented form). Any other member that is not documented is refused. What a body says of
the server's own members is passed over: _id, companyId, chatId and the stamps of `status`. `status.status` is stored as
it is spelled, a text or a number. A reference must have the form of an id: `Failed to parse Id` (documented).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.exchange import Refusal

if TYPE_CHECKING:
    from customer_gateway.sandbox.store import Document

_TEXT: Final = (str, type(None))
_CUSTOMER: Final[dict[str, tuple[type, ...]]] = {
    "number": (int,),
    "name": (str,),
    "contactPerson": _TEXT,
    "address": (dict, type(None)),
    "contact": (dict, type(None)),
    "contract": (dict, type(None)),
    "invoiceRecipientId": _TEXT,
    "invoiceCCRecipientIds": (list, type(None)),
    "hideRecipientOnDocuments": (bool,),
    "buyerReference": _TEXT,
    "orderReferenceId": _TEXT,
    "vatNumber": _TEXT,
    "debitorNumber": _TEXT,
    "paymentTermId": _TEXT,
    "status": (dict,),
}
# SendResult back by clients that read before they write; the server's own values stand.
_SERVER_FIELDS: Final = frozenset({"_id", "companyId", "chatId"})
_ID: Final = re.compile(r"[0-9a-f]{24}")
_UNSET: Final[Document] = {
    "chatId": None,
    "contactPerson": None,
    "address": None,
    "contact": None,
    "contract": None,
    "invoiceRecipientId": None,
    "invoiceCCRecipientIds": [],
    "hideRecipientOnDocuments": False,
    "buyerReference": None,
    "orderReferenceId": None,
    "vatNumber": None,
    "debitorNumber": None,
    "paymentTermId": None,
}


def checked_customer(sent: Document, *, creating: bool) -> Document:
    """Return the fields to store; a 400 Refusal names the first that does not fit. Creating adds what was not sent."""
    fields = {name: value for name, value in sent.items() if name not in _SERVER_FIELDS}
    for name, value in fields.items():
        _check(name, value)
    if creating and not fields.get("name"):
        raise Refusal(400, "Missing parameters: name")
    if "name" in fields and not fields["name"]:
        raise Refusal(400, "name must not be empty")
    return _with_status({**_UNSET, **fields} if creating else fields)


def _check(name: str, value: Any) -> None:
    types = _CUSTOMER.get(name)
    if types is None:
        raise Refusal(400, f"Unknown parameter: {name}")
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise Refusal(400, f"{name} has the wrong type")
    for reference in _references(name, value):
        if reference is not None and not (isinstance(reference, str) and _ID.fullmatch(reference)):
            raise Refusal(400, f"Failed to parse Id: {reference}")


def _references(name: str, value: Any) -> list[Any]:
    if name == "invoiceCCRecipientIds":
        return value or []
    return [value] if name in ("invoiceRecipientId", "paymentTermId") else []


def _with_status(fields: Document) -> Document:
    """Write the status alone: 1 active, 2 passive; its stamps are the server's."""
    if "status" not in fields:
        return fields
    status = fields["status"].get("status")
    if str(status) not in ("1", "2"):
        raise Refusal(400, "status.status must be 1 or 2")
    return {**fields, "status": {"status": status}}


def checked_contact(sent: Document) -> Document:
    """Create a contact: it needs a customer, and a first and last name or an e-mail."""
    if not sent.get("customerId"):
        raise Refusal(400, "Missing parameters: customerId")
    if not (sent.get("firstName") and sent.get("lastName")) and not sent.get("email"):
        raise Refusal(400, "A contact needs first and last name, or an e-mail")
    return {name: value for name, value in sent.items() if name != "_id"}
