"""Change a document at places: dotted paths of the vendor's names (`contact.email`), each with a new value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeGuard

from customer_gateway.documents.values import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.documents.values import Document


class _Absence(Enum):
    ABSENT = "absent"


ABSENT: Final = _Absence.ABSENT
"""Stands for a member that a document does not have, and as a new value for one that is to go."""

Absent: TypeAlias = Literal[_Absence.ABSENT]


@dataclass(frozen=True, slots=True)
class Change:
    """One place of a document with its value before and after; `ABSENT` where it has none."""

    place: str
    before: Any
    after: Any


def value_at(document: Document, place: str) -> Any:
    """Return the value at a place; `ABSENT` where the document has no such member."""
    value: Any = document
    for name in place.split("."):
        if not is_object(value) or name not in value:
            return ABSENT
        value = value[name]
    return value


def with_values(document: Document, values: Mapping[str, Any]) -> Document:
    """Return the document with new values at places; what is on the way there and missing, or null, becomes an object.

    The document itself and all that does not change are shared, not copied; members keep their order.
    """
    result = document
    for place, value in values.items():
        result = _with_value(result, place.split("."), value)
    return result


def changes_of(document: Document, values: Mapping[str, Any]) -> list[Change]:
    """Return what the values change in the document, in their order; a value that stands there already is no change."""
    compared = ((place, value_at(document, place), value) for place, value in values.items())
    return [Change(place, before, after) for place, before, after in compared if not same(before, after)]


def same(one: Any, other: Any) -> bool:
    """Return whether two values of documents are equal: numbers by their value, absent members as null."""
    if one is other or (type(one) is type(other) and isinstance(one, (str, int)) and one == other):
        return True
    if is_object(one) and is_object(other):
        return all(same(one.get(name), other.get(name)) for name in {**one, **other})
    if is_list(one) and is_list(other):
        return len(one) == len(other) and all(map(same, one, other))
    if _is_number(one) and _is_number(other):
        return Decimal(str(one)) == Decimal(str(other))
    one, other = (None if value is ABSENT else value for value in (one, other))
    return type(one) is type(other) and one == other


def shows(found: Any, wanted: Any) -> bool:
    """Return whether a value read from a vendor shows what was written there: objects may have got more members."""
    if is_list(wanted) and is_list(found):
        return len(wanted) == len(found) and all(map(shows, found, wanted))
    if is_object(wanted) and is_object(found):
        return all(shows(found.get(name), value) for name, value in wanted.items())
    return same(found, wanted) or (found in (None, ABSENT, []) and wanted in (None, ABSENT, []))


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _with_value(part: Document, names: list[str], value: Any) -> Document:
    name, *deeper = names
    if deeper:
        inner = part.get(name)
        value = _with_value(inner if is_object(inner) else {}, deeper, value)
    elif value is ABSENT:
        return {each: kept for each, kept in part.items() if each != name}
    return {**part, name: value}
