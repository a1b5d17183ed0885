"""Hash what can be written of a record: another version says that what a writer may change has changed."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from customer_gateway.documents.sources import reads
from customer_gateway.documents.values import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.record import Record
    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import WritableMember, Writes

_BYTES: Final = 12
_EXACT: Final = 10**18
_SORTED: Final = msgspec.json.Encoder(order="sorted")


def version_of(writes: Writes, document: Document) -> str:
    """Return the version of a document as hexadecimal digits.

    Documented members count that a client may write, and parts with calls of their own; null counts as absent, numbers
    count by their value as a double, the order of members does not. So it is the same of a document that was read by
    doubles and of one that was read exactly.
    """
    beside = sorted(writes.resources.keys() - {""} - writes.record.by_vendor_name.keys())
    parts = [_beside(writes, name, document.get(name)) for name in beside]
    said = [_members(writes.writable, document), *parts]
    return hashlib.blake2b(_SORTED.encode(said), digest_size=_BYTES).hexdigest()


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


def _members(members: Sequence[WritableMember], document: Document) -> dict[str, Any]:
    """Return the members of an object that can be written."""
    found: dict[str, Any] = {}
    for name, _, inner in members:
        if (value := document.get(name)) is None:
            continue
        counted = _normal(value) if inner is None else _inner(inner, value)
        if inner is None or counted != {}:  # else all that it holds is the server's
            found[name] = counted
    return found


def _inner(members: Sequence[WritableMember], value: Any) -> Any:
    """Return what counts of an object, or of a list of objects."""
    if is_object(value):
        return _members(members, value)
    if is_list(value):
        return [_members(members, item) if is_object(item) else _normal(item) for item in value]
    return _normal(value)


def _normal(value: Any) -> Any:
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return value
    if is_object(value):
        return {name: _normal(item) for name, item in value.items() if item is not None}
    if is_list(value):
        return [_normal(item) for item in value]
    return _number(value) if isinstance(value, (int, float, Decimal)) else value


def _number(value: float | Decimal) -> str:
    """Spell a number: an integer of up to 18 digits with all of them, any other as the double nearest to it."""
    if isinstance(value, int) and abs(value) < _EXACT:
        return str(value)
    double = float(str(value))
    return str(int(double)) if double.is_integer() and abs(double) < _EXACT else repr(double)
