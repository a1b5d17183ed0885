"""What can be done with each unified field in a system of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.catalog import INDEXED_FIELDS
from customer_gateway.model.changes import PATCH_FIELDS
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.writing import Writes
    from customer_gateway.system import Kind

_READ_AS: Final = {
    "phone": "phones",
    "mobile": "phones",
    "fax": "phones",
    "external_id": "external_ids",
    "owner_id": "owner",
}
"""The unified fields by whose patch another one changes, too."""

_PARTS_READ_AS: Final = {"recipient_ids": "recipients"}

_LINES: Final = "lines"
"""The part that every address has, whatever else it holds."""

_TYPES: Final = {
    "address": "Address",
    "billing": "Billing",
    "billing.address": "Address",
    "billing.einvoice": "EInvoice",
}
"""The unified types of the objects whose parts a patch names."""

_INDEXED_AS: Final = {"city": "address.city", "country_code": "address.country_code"}
"""Indexed fields that are parts of a unified one."""


@dataclass(frozen=True, slots=True)
class FieldCapability:
    """`field` by its GraphQL name, a part of an object with those before it: `address.city`.

    An address is filterable where its city or its country is.
    """

    field: str
    readable: bool
    writable: bool = False
    filterable: bool = False
    required: bool = False
    max_length: int | None = None
    clearable: bool = False


@cache
def capabilities(kind: Kind, withheld: frozenset[str] = frozenset()) -> list[FieldCapability]:
    """Return what a kind supplies, then each field that a patch writes and that is none of the customer's own: the
    parts of its objects, and `mobile`, `ownerId` and the like.

    `withheld` are the fields that one installation was found not to have.
    """
    readable = kind.supplies - withheld
    filterable = frozenset(name for name in INDEXED_FIELDS if can_be_filtered(kind, name, withheld))
    supplied = [_capability(name, kind.writes, filterable, readable=name in readable) for name in UNIFIED_FIELDS]
    if kind.writes is None:
        return supplied
    writes = kind.writes
    parts = [name for name in PATCH_FIELDS if name in writes.fields and name not in UNIFIED_FIELDS]
    further = (_of_patch(name, writes, filterable, readable=_is_readable(name, kind, readable)) for name in parts)
    return [*supplied, *further]


def can_be_filtered(kind: Kind, name: str, withheld: frozenset[str] = frozenset()) -> bool:
    """Return whether customers of a kind can be filtered by an indexed field: whether they have it."""
    whole, _, part = _INDEXED_AS.get(name, name).partition(".")
    if whole not in kind.supplies or whole in withheld:
        return False
    return not part or kind.tells(_TYPES[whole], part)


def _is_filterable(name: str, filterable: frozenset[str]) -> bool:
    """Return whether a field is among the indexed ones that can be filtered, as a whole or by a part of it."""
    return any(f"{_INDEXED_AS.get(each, each)}.".startswith(f"{name}.") for each in filterable)


def _is_readable(name: str, kind: Kind, readable: frozenset[str]) -> bool:
    before, _, part = name.rpartition(".")
    if not before:
        return _READ_AS.get(name, name) in readable
    is_read = part == _LINES or kind.tells(_TYPES[before], _PARTS_READ_AS.get(part, part))
    return name.partition(".")[0] in readable and is_read


def _of_patch(name: str, writes: Writes, filterable: frozenset[str], *, readable: bool) -> FieldCapability:
    return FieldCapability(
        ".".join(map(graphql_name, name.split("."))),
        readable=readable,
        writable=True,
        filterable=_is_filterable(name, filterable),
        required=writes.is_required(name),
        max_length=_shortest(writes, name),
        clearable=writes.is_clearable(name),
    )


def _capability(name: str, writes: Writes | None, filterable: frozenset[str], *, readable: bool) -> FieldCapability:
    is_filterable = _is_filterable(name, filterable)
    written = [] if writes is None else [each for each in writes.fields if _writes(each, name)]
    if writes is None or not written:
        return FieldCapability(graphql_name(name), readable=readable, filterable=is_filterable)
    return FieldCapability(
        graphql_name(name),
        readable=readable,
        writable=True,
        filterable=is_filterable,
        required=any(map(writes.is_required, written)),
        max_length=_most(writes, written),
        clearable=any(map(writes.is_clearable, written)),
    )


def _writes(written: str, name: str) -> bool:
    """Return whether a field of a patch writes a unified field, or a part of it."""
    return name in {written, written.partition(".")[0], _READ_AS.get(written)}


def _most(writes: Writes, written: Sequence[str]) -> int | None:
    """Return the longest text of a field that is written as a whole: the parts of one have a length each."""
    if len(written) > 1 or "." in written[0]:
        return None
    return _shortest(writes, written[0])


def _shortest(writes: Writes, name: str) -> int | None:
    return min((writes.most[place] for place in writes.fields[name].places if place in writes.most), default=None)
