"""What Lemonsoft makes of a customer body.

PUT replaces the scalars as a whole: one that is left out becomes null (inferred; absent and null are the same to
Lemonsoft, so one that was absent stays so). A list, and `dimension`, changes only when it is sent: then it is replaced
whole, entries without an id get one, and null leaves it as it was (inferred). A member that nobody documents is stored
as it was sent, in entries too, and gone when it is left out. What a body says of the server's own members is passed
over: id, created, modified, the two sums, and whose customer an entry is. `number` stays when it is left out, and must
be free. Name and e-mail are required (documented).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox.exchange import Refusal
from customer_gateway.sandbox.lemonsoft.documents import BASE_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.sandbox.store import Document

# Each embedded list and the key of its entries.
LISTS: Final = {
    "attributes": "id",
    "contacts": "id",
    "texts": "id",
    "agreements": "id",
    "accounts": "account_id",
    "circulations": "id",
}
_SERVER_FIELDS: Final = ("id", "created", "modified", "due_invoice_sum", "open_invoice_sum")
_NUMBERS: Final = frozenset(
    [
        "number",
        "invoicing_customer_number",
        "orderer_customer_number",
        "delivery_method_number",
        "delivery_term",
        "payment_term_number",
        "interest",
        "invoice_method_id",
        "creditlimit",
        "reseller",
        "invoiceperiod",
        "person_responsible_number",
        "group",
        "customer_group_id",
        "type",
        "seller_number",
    ]
)
_FLAGS: Final = frozenset(
    [
        "is_customer",
        "is_nonactive",
        "is_prospect",
        "is_supplier",
        "deny_credit",
        "prevent_delivery",
        "partial_delivery_disabled",
    ]
)
_TEXTS: Final = frozenset(
    [
        "searchname",
        "email",
        "currency_code",
        "costcenter",
        "delivery_code",
        "sales_account",
        "purchase_account",
        "receivables_account",
        "accountspayable_account",
        "customer_edi",
        "invoice_code",
        "finvoice_address",
        "reference",
        "default_reference",
        "invoicedates",
    ]
) | (set(BASE_FIELDS) - _NUMBERS - set(_SERVER_FIELDS))
_SCALARS: Final = (*sorted((_NUMBERS | _FLAGS | _TEXTS) - {"number"}),)
UNSET: Final[Document] = {
    **dict.fromkeys(_SCALARS),
    "due_invoice_sum": 0.0,
    "open_invoice_sum": 0.0,
    "dimension": None,
    **{name: [] for name in LISTS},
}


def replaced(customer: Document, sent: Document, next_id: Callable[[], int]) -> Document:
    """Return the customer after a PUT, its members in the order in which they were sent."""
    _check(sent)
    unsent = [name for name in (*LISTS, "dimension", "number") if sent.get(name) is None]
    kept = {name: customer[name] for name in (*_SERVER_FIELDS, *unsent) if name in customer}
    lists = {name: _entries(sent[name], name, customer["id"], next_id) for name in LISTS if name not in unsent}
    taken = {name: value for name, value in sent.items() if name in kept or name not in _SERVER_FIELDS}
    emptied = {name: None for name in _SCALARS if name in customer and name not in sent}
    return {**taken, **emptied, **kept, **lists}


def entry(sent: Document, name: str, customer_id: int, next_id: Callable[[], int]) -> Document:
    """Return one entry of an embedded list, with an id of its own when it brings none."""
    key = LISTS[name]
    owner = {} if name in ("attributes", "texts", "agreements") else {"customer_id": customer_id}
    made = {**sent, key: sent.get(key) or next_id(), **owner}
    if name == "agreements":
        products = _objects(sent.get("products") or [], "agreements.products")
        made["products"] = [product(row, made["id"], next_id) for row in products]
    return made


def product(sent: Document, agreement_id: int, next_id: Callable[[], int]) -> Document:
    key = sent.get("agreement_product_id") or next_id()
    return {**sent, "agreement_product_id": key, "agreement_id": agreement_id}


def _entries(sent: Any, name: str, customer_id: int, next_id: Callable[[], int]) -> list[Document]:
    return [entry(row, name, customer_id, next_id) for row in _objects(sent, name)]


def _objects(sent: Any, name: str) -> list[Document]:
    rows: list[Any] = sent
    if not isinstance(sent, list) or not all(isinstance(row, dict) for row in rows):
        raise wrong(name)
    return rows


def _check(sent: Document) -> None:
    missing = [name for name in ("name", "email") if not sent.get(name)]
    if missing:
        state = {f"customer.{name}": [f"{name} is required."] for name in missing}
        raise Refusal(400, "The request is invalid.", detail=state)
    for name, value in sent.items():
        if value is not None and not _fits(name, value):
            raise wrong(name)


def _fits(name: str, value: object) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    if name == "dimension":
        return isinstance(value, dict)
    if name in ("number", "group", "type"):
        return isinstance(value, int) and not isinstance(value, bool)
    if name in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) if name in _TEXTS else True


def wrong(name: str) -> Refusal:
    return Refusal(400, "The request is invalid.", detail={f"customer.{name}": [f"{name} has the wrong type."]})
