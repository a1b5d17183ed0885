"""What an operation has read of which customers, for the audit: never a value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from customer_gateway.api.access import scopes_of
from customer_gateway.model.required_scopes import NODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLSchema

_GROUPS: Final = {"Contact": "contacts", "Agreement": "agreements", "AgreementProduct": "agreements", "User": "users"}
_OF_A_CUSTOMER: Final = "customer"
_BARE: Final = frozenset({"id", "__typename"})


@dataclass(frozen=True, slots=True)
class CustomersRead:
    """The groups of fields that an operation selects, and the keys of the records it has read, by system."""

    groups: tuple[str, ...]
    records: Mapping[str, tuple[str, ...]]


def customers_read(
    schema: GraphQLSchema, fields: Mapping[str, frozenset[str]], records: Mapping[str, Mapping[str, None]]
) -> CustomersRead | None:
    """Return what was read by an operation that selects `fields`; None where it read no customer."""
    if not records:
        return None
    groups = _groups(schema, frozenset(fields.items()))
    return CustomersRead(groups, {system: tuple(keys) for system, keys in records.items()})


@lru_cache(maxsize=1_024)
def _groups(schema: GraphQLSchema, fields: frozenset[tuple[str, frozenset[str]]]) -> tuple[str, ...]:
    return tuple(sorted({group for type_name, names in fields for group in _groups_of(schema, type_name, names)}))


def _groups_of(schema: GraphQLSchema, type_name: str, names: frozenset[str]) -> Iterator[str]:
    """Yield the groups of a type's fields: the scopes that they, or the noun, need name one, else the type does."""
    object_type = schema.type_map[type_name]
    nouns = {type_name, *(each.name for each in getattr(object_type, "interfaces", ()))}
    of_noun = frozenset[str]().union(*(NODES.get(noun, ()) for noun in nouns))
    for name in names - _BARE:
        scopes = (scopes_of(object_type, name) | of_noun) - {"customers:read", "schema:read"}
        if scopes:
            yield from (scope.removesuffix(":read") for scope in scopes)
        elif type_name in _GROUPS:
            yield _GROUPS[type_name]
        elif type_name == "Customer" or type_name.endswith("Customer"):
            yield _OF_A_CUSTOMER
