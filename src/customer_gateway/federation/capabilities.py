"""What can be done with each unified field in a system of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.structs import graphql_name
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


@dataclass(frozen=True, slots=True)
class FieldCapability:
    """`field` by its GraphQL name. Filtering comes with the catalog: none yet."""

    field: str
    readable: bool
    writable: bool = False
    filterable: bool = False
    required: bool = False
    max_length: int | None = None
    clearable: bool = False


@cache
def capabilities(kind: Kind, withheld: frozenset[str] = frozenset()) -> list[FieldCapability]:
    """Return what a kind supplies; `withheld` are the fields that one installation was found not to have."""
    readable = kind.supplies - withheld
    return [_capability(name, kind.writes, readable=name in readable) for name in UNIFIED_FIELDS]


def _capability(name: str, writes: Writes | None, *, readable: bool) -> FieldCapability:
    written = [] if writes is None else [each for each in writes.fields if _writes(each, name)]
    if writes is None or not written:
        return FieldCapability(graphql_name(name), readable=readable)
    return FieldCapability(
        graphql_name(name),
        readable=readable,
        writable=True,
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
    lengths = [writes.most[place] for place in writes.fields[written[0]].places if place in writes.most]
    return min(lengths, default=None)
