"""Billbee's envelopes: what says that an answer is an error, and the rows of a page or of a whole list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from customer_gateway.documents import exact
from customer_gateway.documents.json_text import decoded
from customer_gateway.documents.record import Record, is_object
from customer_gateway.documents.values import is_blank
from customer_gateway.systems.identified import those_with_ids, with_integer_ids
from customer_gateway.systems.pages import Listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.record import Document, DocumentContext

MOST_ROWS_PER_CALL: Final = 250
_NUMBER: Final = re.compile(r"([0-9]{1,9})(?:\.0+)?")
_ERROR_CODES: Final = range(1, 30)
_NO_ERROR: Final = (None, 0, "", "NoError")  # the last as ErrorDescription has it


def objection(_status: int, document: Any) -> str | None:
    """Why an answer under 2xx is an error: Billbee says so in the envelope."""
    if not is_object(document):
        return None
    code = document.get("ErrorCode")
    if isinstance(code, (str, float)) and (number := _NUMBER.fullmatch(str(code).strip())):
        code = int(number[1])
    if type(code) is int and code in _ERROR_CODES:
        return f"its ErrorCode is {code}"
    if not is_blank(document.get("ErrorMessage")):
        return "its ErrorMessage is set"
    if code not in _NO_ERROR:
        return "its ErrorCode is set"
    return "it has a `Message` and no `Data`" if document.get("Message") and "Data" not in document else None


def rows_of(document: Any, size: int, context: DocumentContext) -> Listed[Document] | None:
    """Return the page in an envelope; None for what is no page of entities, or one of a greater size than was asked
    for.
    """
    if not is_object(document):
        return None
    paging = Record(document, context).part("Paging")
    total, told = paging.integer("TotalRows"), paging.integer("PageSize")
    if total is None or (paging.holds("PageSize") and (told is None or not 0 < told <= size)):
        return None
    identified = with_integer_ids(document.get("Data"), "Id", context)
    return None if identified is None else Listed(identified, total, told)


def all_rows_of(answer: Any, most: int, context: DocumentContext) -> Sequence[Document] | None:
    """Return the rows of a list of which a writer has the first page, exact; None where they may not be all of them."""
    page = rows_of(decoded(exact.encode(answer), orjson.loads, context.drift), most, context)
    rows = [] if page is None else list(those_with_ids(page.rows, "Id"))
    return None if page is None or len({row["Id"] for row in rows}) != page.total else rows
