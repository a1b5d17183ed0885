"""Pland's assignments and invoices: few queries read them, so they are kept as documents and read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.documents.row import WrongForm
from customer_gateway.documents.shapes import Shape, currency_code, each, inside
from customer_gateway.documents.view import day, decimal, reads, text
from customer_gateway.model.nouns import Agreement, Invoice
from customer_gateway.model.value_objects import AgreementProduct
from customer_gateway.systems.identified import are_of_one_kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.documents.record import Body


_INVOICE_TYPES: Final = frozenset({"invoice", "storno", "credit"})
_OTHER_TYPES: Final = frozenset({"offer", "assignment_confirmation", "service_report", "invoice_reminder"})


class PlandEntity(Record):
    """Any entity of Pland, by its document."""

    __slots__ = ()

    @property
    @reads("_id")
    def key(self) -> str:
        """The entity's id; blank where it has none, so that it keeps its place in a list."""
        return (self.text("_id") or "").strip()


class Entities:
    """How lists of entities are decoded that few queries read: their documents are kept."""

    def __init__(self, context: DocumentContext) -> None:
        self._context = context

    def decode(self, body: Body) -> list[PlandEntity]:
        """Return the entities of a JSON list. Raises `orjson.JSONDecodeError`, or `WrongForm`."""
        return self.read(orjson.loads(body))

    def read(self, documents: object) -> list[PlandEntity]:
        """Return the entities of decoded JSON, in their places. Raises `WrongForm` where none has an `_id`."""
        if is_object(documents) and PlandEntity(documents, self._context).key:
            documents = [documents]
        if not is_list(documents):
            raise WrongForm("it is no list")
        entities = [PlandEntity(each if is_object(each) else {}, self._context) for each in documents]
        if not are_of_one_kind(documents, [entity.key for entity in entities]):
            raise WrongForm("it is no list of objects with _id")
        if not all(entity.key for entity in entities):
            self._context.drift.notice("_id", "missing: the row is left out of its list")
        return entities


_PRODUCT: Final = Shape(
    AgreementProduct,
    code=text("productId"),
    description=text("title"),
    amount=decimal("quantity"),
    unit=text("unit"),
    unit_price=decimal("price"),
)
AGREEMENT: Final = Shape(
    Agreement,
    key=PlandEntity.key,
    customer_key=text("customerId"),
    type=inside("billing", text("type")),
    description=text("title"),
    start_date=inside("iCalendar", day("dtstart")),
    end_date=inside("iCalendar", day("dtend")),
    products=inside("billing", each("positions", _PRODUCT)),
)
"""An assignment, what Pland has in the way of an agreement: `type` says how it is billed, positions for what."""
INVOICE: Final = Shape(
    Invoice,
    key=PlandEntity.key,
    customer_key=text("customerId"),
    number=text("documentNumber"),
    date=day("issuedOn"),
    due_date=day("paymentGoalDate"),
    total=inside("totals", decimal("gross")),
    currency=currency_code("currency"),
    status=text("status"),
)
"""An invoice, a storno or a credit; `total` is the gross amount."""


def agreements_of(entities: Iterable[PlandEntity], read_through: str | None = None) -> Iterable[Agreement]:
    return [AGREEMENT.read(each, read_through=read_through) for each in entities]


def invoices_of(entities: Iterable[PlandEntity], read_through: str | None = None) -> Iterable[Invoice]:
    return [INVOICE.read(each, read_through=read_through) for each in entities if _is_invoice(each)]


def _is_invoice(entity: PlandEntity) -> bool:
    """Read the invoices of a list that holds every document that Pland writes: offers, reports and reminders too.

    One of an undocumented kind is none, with a notice.
    """
    kind = (entity.text("documentType") or "").strip().casefold()
    if kind not in _INVOICE_TYPES and kind not in _OTHER_TYPES:
        entity.context.drift.notice("documentType", "not a known value: the row is left out of the invoices")
    return kind in _INVOICE_TYPES
