"""Keys of the nouns that are embedded in a customer's document: the vendor's id, else a digest of the content."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.record import Record, content_digest

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable

    from customer_gateway.documents.record import Document, DocumentContext

ITEM_KEY: Final = r"(?:[1-9][0-9]{0,17}|~[0-9a-f]{16}(?:-[1-9][0-9]{0,5})?)"
"""The form of such a key where ids are integers; a digest begins with a tilde, so that it is never taken for an id."""

_MOST: Final = 10**18
_DIGEST_BYTES: Final = 8


class EmbeddedRecord(Record):
    """An object inside of a customer's document, with the customer's key and its own."""

    __slots__ = ("customer_key", "key")

    def __init__(self, document: Document, context: DocumentContext, customer_key: str, key: str) -> None:
        super().__init__(document, context)
        self.customer_key = customer_key
        self.key = key


def keyed(
    parts: Iterable[Record], field: str, identity: str, form: re.Pattern[str] | None = None
) -> list[tuple[str, Record]]:
    """Return every object of the list `field` with a key that no other in it has.

    The key is the integer under `identity`, or where `form` is given a text of it, without a tilde. An object that has
    none, or 0, or one that an object before it has, is known by its content for as long as that stays; equal ones are
    distinguished by their order.
    """
    found: dict[str, Record] = {}
    alike: Counter[str] = Counter()
    for part in parts:
        key = _integer_id(part, identity) if form is None else part.foreign_key(identity, form) or ""
        if key in found:
            part.context.drift.notice(f"{field}[].{identity}", "the same in several")
        if not key or key in found:
            key = f"~{content_digest(part.document, _DIGEST_BYTES)}"
            alike[key] += 1
            key = key if alike[key] == 1 else f"{key}-{alike[key]}"
        found[key] = part
    return list(found.items())


def _integer_id(part: Record, identity: str) -> str:
    number = part.integer(identity)
    return str(number) if number is not None and 0 < number < _MOST else ""
