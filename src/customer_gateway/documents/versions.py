"""Hash what can be written of a record: another version says that what a writer may change has changed."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

from customer_gateway.documents import exact
from customer_gateway.documents.sources import reads
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.values import is_list, is_object

if TYPE_CHECKING:
    from customer_gateway.documents.record import Record
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Writes

_BYTES: Final = 12
_EXACT: Final = 10**18


def version_of(writes: Writes, document: Document) -> str:
    """Return the version of a document as hexadecimal digits.

    Documented members count that a client may write, and parts with calls of their own; null counts as absent, numbers
    count by their value as a double, the order of members does not. So it is the same of a document that was read by
    doubles and of one that was read exactly.
    """
    beside = sorted(writes.resources.keys() - {""} - writes.record.by_vendor_name.keys())
    parts = [_beside(writes, name, document.get(name)) for name in beside]
    said = [_members(writes, writes.record, document, ""), *parts]
    return hashlib.blake2b(exact.encode(said), digest_size=_BYTES).hexdigest()


def written_version(writes: Writes) -> str:
    """Declare the version of a view whose document has all that a client may write."""
    names = sorted(field.vendor for field in writes.record.fields if field.vendor not in writes.server_made)

    @reads(*names)
    def read(record: Record) -> str:
        return version_of(writes, record.document)

    return cast("str", property(read))


def _beside(writes: Writes, name: str, part: Any) -> Any:
    """Return what counts of a part with calls of its own."""
    if not is_object(part):
        return None
    return _normal({member: part[member] for member in part if f"{name}.{member}" not in writes.server_made})


def _members(writes: Writes, struct: Struct, document: Document, before: str) -> dict[str, Any]:
    """Return the members of an object that can be written, by their names in order."""
    found: dict[str, Any] = {}
    for field in sorted(struct.fields, key=lambda field: field.vendor):
        place = f"{before}{field.vendor}"
        value = None if place in writes.server_made else document.get(field.vendor)
        if value is None:
            continue
        if isinstance(field.type, Struct):
            items: list[Any] = value if is_list(value) else [value]
            inner = [
                _members(writes, field.type, item, f"{place}.") if is_object(item) else _normal(item) for item in items
            ]
            value = inner if is_list(value) else inner[0]
            if value == {}:  # all that it holds is the server's
                continue
        found[field.vendor] = _normal(value)
    return found


def _normal(value: Any) -> Any:
    if is_object(value):
        return {name: _normal(value[name]) for name in sorted(value) if value[name] is not None}
    if is_list(value):
        return [_normal(item) for item in value]
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _number(value)
    return value


def _number(value: float | Decimal) -> str:
    """Spell a number: an integer of up to 18 digits with all of them, any other as the double nearest to it."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    double = float(str(value))
    return str(int(double)) if double.is_integer() and abs(double) < _EXACT else repr(double)
