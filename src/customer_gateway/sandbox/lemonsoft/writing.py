"""What Lemonsoft does with a customer body: scalars are replaced as a whole, lists only when they are sent."""

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
_SERVER_FIELDS: Final = ("id", "number", "created", "modified", "due_invoice_sum", "open_invoice_sum")
_NUMBERS: Final = frozenset(
    [
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
_SCALARS: Final = sorted(_NUMBERS | _FLAGS | _TEXTS)


def replaced(customer: Document, sent: Document, next_id: Callable[[], int]) -> Document:
    """Return the customer after a PUT: unsent scalars become null, unsent lists and the dimension stay."""
    _check(sent)
    scalars = {name: sent.get(name) for name in _SCALARS}
    kept = {name: customer.get(name) for name in (*LISTS, "dimension", *_SERVER_FIELDS)}
    lists = {name: _entries(sent[name], name, customer["id"], next_id) for name in LISTS if sent.get(name) is not None}
    dimension = {"dimension": sent["dimension"]} if sent.get("dimension") is not None else {}
    return {**scalars, **kept, **lists, **dimension}


def entry(sent: Document, name: str, customer_id: int, next_id: Callable[[], int]) -> Document:
    """Return one entry of an embedded list, with an id of its own when it brings none."""
    key = LISTS[name]
    owner = {} if name in ("attributes", "texts", "agreements") else {"customer_id": customer_id}
    made = {**sent, key: sent.get(key) or next_id(), **owner}
    if name == "agreements":
        products: list[Document] = sent.get("products") or []
        made["products"] = [product(row, made["id"], next_id) for row in products]
    return made


def product(sent: Document, agreement_id: int, next_id: Callable[[], int]) -> Document:
    key = sent.get("agreement_product_id") or next_id()
    return {**sent, "agreement_product_id": key, "agreement_id": agreement_id}


def _entries(sent: Any, name: str, customer_id: int, next_id: Callable[[], int]) -> list[Document]:
    if not isinstance(sent, list):
        raise _wrong(name)
    rows: list[Document] = sent  # pyright: ignore[reportUnknownVariableType] - of JSON, only its being a list is known
    return [entry(row, name, customer_id, next_id) for row in rows]


def _check(sent: Document) -> None:
    missing = [name for name in ("name", "email") if not sent.get(name)]
    if missing:
        state = {f"customer.{name}": [f"{name} is required."] for name in missing}
        raise Refusal(400, "The request is invalid.", detail=state)
    for name, value in sent.items():
        if value is not None and not _fits(name, value):
            raise _wrong(name)


def _fits(name: str, value: object) -> bool:
    if name in _FLAGS:
        return isinstance(value, bool)
    if name in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) if name in _TEXTS else True


def _wrong(name: str) -> Refusal:
    return Refusal(400, "The request is invalid.", detail={f"customer.{name}": [f"{name} has the wrong type."]})
