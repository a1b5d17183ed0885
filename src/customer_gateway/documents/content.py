"""Compare what two reads of a record have brought, in C as far as Python lets."""

from __future__ import annotations

from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec.structs import fields

from customer_gateway.documents.row import OWN, Row

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.model.nouns import Customer


def content_of(view: Customer) -> Any:
    """Return what is equal in two reads, at the same width, of a record that has not changed.

    It is the document; of a row, which may have none, its fields.
    """
    return _fields_of(type(view))(view) if isinstance(view, Row) else view.document


@cache
def _fields_of(row: Any) -> Callable[[Any], Any]:
    """Return what reads the vendor's fields of a row at once."""
    return attrgetter(*(each.name for each in fields(row) if each.name not in OWN))
