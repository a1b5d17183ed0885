"""Rows that keep the JSON text they were sent as, for `raw`: numbers, escapes and spaces stay as the vendor wrote them.

    Call("GET", path, decode=WithTexts(drift, "data"))      each object under `data` is a `RawObject`

In a document a number is a double or an integer of 64 bits: `1.10` and thirty digits are lost there. The answer is gone
through once more for its texts, so only reads that return `raw` are decoded so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from customer_gateway.documents.json_parts import items, members
from customer_gateway.documents.json_text import BOM, decoded
from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from customer_gateway.documents.drift import Drift
    from customer_gateway.documents.record import Body, Document


class RawObject(dict[str, Any]):
    """A decoded object, and the JSON `text` that it was decoded from."""

    __slots__ = ("text",)

    def __init__(self, document: Document, text: bytes) -> None:
        super().__init__(document)
        self.text = text


class WithTexts:
    """Decodes answers whose rows are a list or a lone object: under `member` of an envelope, or without an envelope.

    The rows are `RawObject`s then; everything else is as it is without. Where each row stands in an object of its own,
    `row` is its name there.
    """

    def __init__(self, drift: Drift, member: str = "", row: str = "") -> None:
        self._drift = drift
        self._member = member
        self._row = row

    def __call__(self, body: Body) -> Any:
        """Return the document. Raises `orjson.JSONDecodeError`."""
        document = decoded(body, orjson.loads, self._drift)  # here, for the texts are those of the body as sent
        if is_list(document):
            return _with_texts(document, body, self._row)
        if is_object(document):
            if self._member not in document:
                return _with_text(document, bytes(body).removeprefix(BOM).strip(), self._row)
            document[self._member] = _with_texts(document[self._member], members(body)[self._member], self._row)
        return document


def _with_texts(rows: Any, text: Body, row: str) -> Any:
    if is_object(rows):
        return _with_text(rows, bytes(text), row)
    if not is_list(rows):
        return rows
    parts = zip(rows, items(text), strict=True)
    return [_with_text(each, part, row) if is_object(each) else each for each, part in parts]


def _with_text(found: Document, text: bytes, row: str) -> Document:
    if not row:
        return RawObject(found, text)
    inner = found.get(row)
    return {**found, row: RawObject(inner, members(text)[row])} if is_object(inner) else found
