"""What can be done with each unified field in a system of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from customer_gateway.system import Kind


@dataclass(frozen=True, slots=True)
class FieldCapability:
    """`field` by its GraphQL name. Writing and filtering come with the write side and the catalog: none yet."""

    field: str
    readable: bool
    writable: bool = False
    filterable: bool = False


@cache
def capabilities(kind: Kind, withheld: frozenset[str] = frozenset()) -> list[FieldCapability]:
    """Return what a kind supplies; `withheld` are the fields that one installation was found not to have."""
    readable = kind.supplies - withheld
    return [FieldCapability(graphql_name(name), readable=name in readable) for name in UNIFIED_FIELDS]
