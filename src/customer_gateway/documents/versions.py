"""Hash what can be written of a record: another version says that what a writer may change has changed."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents import exact
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.values import is_list, is_object

if TYPE_CHECKING:
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Writes

_BYTES: Final = 12


def version_of(writes: Writes, document: Document) -> str:
    """Return the version of a document as hexadecimal digits.

    Documented members count that a client may write, and parts with calls of their own; null counts as absent, numbers
    count by their value, the order of members does not.
    """
    beside = sorted(writes.resources.keys() - {""} - writes.record.by_vendor_name.keys())
    said = [_members(writes, writes.record, document, ""), *(_normal(document.get(name)) for name in beside)]
    return hashlib.blake2b(exact.encode(said), digest_size=_BYTES).hexdigest()


def _members(writes: Writes, struct: Struct, document: Document, before: str) -> dict[str, Any]:
    """Return the members of an object that can be written, by their names in order."""
    found: dict[str, Any] = {}
    for field in sorted(struct.fields, key=lambda field: field.vendor):
        place, value = f"{before}{field.vendor}", document.get(field.vendor)
        if value is None or place in writes.server_made:
            continue
        if isinstance(field.type, Struct):
            items: list[Any] = value if is_list(value) else [value]
            inner = [
                _members(writes, field.type, item, f"{place}.") if is_object(item) else _normal(item) for item in items
            ]
            value = inner if is_list(value) else inner[0]
        found[field.vendor] = _normal(value)
    return found


def _normal(value: Any) -> Any:
    if is_object(value):
        return {name: _normal(value[name]) for name in sorted(value) if value[name] is not None}
    if is_list(value):
        return [_normal(item) for item in value]
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return format(Decimal(str(value)).normalize(), "f")
    return value
