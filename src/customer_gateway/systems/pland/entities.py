"""Pland's assignments and invoices: few queries read them, so they are kept as documents and read in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from customer_gateway.documents import forms
from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.documents.rows import WrongForm
from customer_gateway.model.nouns import Agreement, Invoice
from customer_gateway.model.value_objects import AgreementProduct

if TYPE_CHECKING:
    from customer_gateway.documents.record import Body


class PlandEntity(Record):
    """Any entity of Pland, by its document."""

    __slots__ = ()

    @property
    def key(self) -> str:
        """The entity's id; blank where it has none, so that it keeps its place in a list."""
        return (self.text("_id") or "").strip()


class Entities:
    """How lists of entities are decoded that few queries read: their documents are kept."""

    def __init__(self, reading: DocumentContext) -> None:
        self._reading = reading

    def decode(self, body: Body) -> list[PlandEntity]:
        """Return the entities of a JSON list. Raises `orjson.JSONDecodeError`, or `WrongForm`."""
        return self.read(orjson.loads(body))

    def read(self, documents: object) -> list[PlandEntity]:
        """Return the entities of decoded JSON, in their places. Raises `WrongForm` where none has an `_id`."""
        if is_object(documents) and PlandEntity(documents, self._reading).key:
            documents = [documents]
        if not is_list(documents):
            raise WrongForm("it is no list")
        entities = [PlandEntity(each if is_object(each) else {}, self._reading) for each in documents]
        if (
            entities
            and not any(entity.key for entity in entities)
            and (len(entities) > 1 or not is_object(documents[0]))
        ):
            raise WrongForm("it is no list of objects with _id")
        if not all(entity.key for entity in entities):
            self._reading.drift.notice("_id", "missing: the row is left out of its list")
        return entities


def agreement(assignment: PlandEntity) -> Agreement:
    """Read an assignment, what Pland has in the way of an agreement: `type` says how it is billed, positions for
    what.
    """
    calendar = assignment.part("iCalendar")
    billing = assignment.part("billing")
    return Agreement(
        system=assignment.reading.system,
        key=assignment.key,
        customer_key=assignment.text("customerId"),
        type=billing.text("type"),
        description=assignment.text("title"),
        start_date=calendar.day("dtstart"),
        end_date=calendar.day("dtend"),
        products=[_product(position) for position in billing.parts("positions")],
    )


def _product(position: Record) -> AgreementProduct:
    return AgreementProduct(
        code=position.text("productId"),
        description=position.text("title"),
        amount=position.decimal("quantity"),
        unit=position.text("unit"),
        unit_price=position.decimal("price"),
    )


def invoice(entity: PlandEntity) -> Invoice:
    """Return an invoice, a storno or a credit; `total` is the gross amount."""
    return Invoice(
        system=entity.reading.system,
        key=entity.key,
        customer_key=entity.text("customerId"),
        number=entity.text("documentNumber"),
        date=entity.day("issuedOn"),
        due_date=entity.day("paymentGoalDate"),
        total=entity.part("totals").decimal("gross"),
        currency=entity.code("currency", forms.currency_code),
        status=entity.text("status"),
    )
