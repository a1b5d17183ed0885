"""What callers may select: the scopes that fields need, in the schema, and the fields denied to a caller."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from graphql import (
    DirectiveLocation,
    GraphQLArgument,
    GraphQLDirective,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
)

from customer_gateway.documents.structs import Struct
from customer_gateway.model.callers import EVERY_SCOPE, Rights
from customer_gateway.model.required_scopes import FIELDS, OTHERWISE, RAW, forbidden

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema

    from customer_gateway.errors import Forbidden
    from customer_gateway.system import Kind

NEEDED: Final = "customer_gateway.scopes"
"""The extension of a field that holds the scopes it needs."""

_ALL_OF: Final = GraphQLNonNull(GraphQLList(GraphQLNonNull(GraphQLString)))


REQUIRES_SCOPES: Final = GraphQLDirective(
    "requiresScopes",
    [DirectiveLocation.FIELD_DEFINITION],
    {"scopes": GraphQLArgument(GraphQLNonNull(GraphQLList(_ALL_OF)), description="One of the lists is enough.")},
    description="What a caller needs to read the field: all scopes of a list. Without them it is null, with FORBIDDEN.",
)
"""Apollo Federation's directive, with `String` for its scalar `Scope`."""


@dataclass(frozen=True)
class DeniedFields:
    """Denies the fields for which a caller lacks a scope; equal for all callers of the same scopes."""

    scopes: frozenset[str]

    def __call__(self, object_type: GraphQLObjectType, name: str) -> Forbidden | None:
        """Return the error that takes the field's place, None where it may be read."""
        needed = scopes_of(object_type, name)
        if needed <= self.scopes or any(each <= self.scopes for each in _other_scopes(object_type, name)):
            return None
        return forbidden(needed, Rights(self.scopes), f"{object_type.name}.{name}")


@lru_cache(maxsize=1_000)
def denied_to(rights: Rights) -> DeniedFields | None:
    """Return what denies a caller fields; None where it has every scope, so that nothing is asked."""
    return None if rights.scopes >= EVERY_SCOPE else DeniedFields(rights.scopes)


def scopes_of(object_type: Any, name: str) -> frozenset[str]:
    """Return the scopes that a field needs; introspection is a field of the root."""
    field = object_type.fields.get(name)
    if field is None:
        return FIELDS["Query"].get(name, frozenset())
    return field.extensions.get(NEEDED, frozenset())


def _other_scopes(object_type: Any, name: str) -> tuple[frozenset[str], ...]:
    return OTHERWISE.get(object_type.name, {}).get(name, ())


def require_scopes(schema: GraphQLSchema, kinds: Iterable[Kind], names: Mapping[str, Mapping[str, str]]) -> None:
    """Write the scopes that fields need into their extensions; `names` are the model names of the types' fields."""
    for type_name, needed in FIELDS.items():
        for name, field in _fields(schema, type_name).items():
            _require(field, needed.get(names.get(type_name, {}).get(name, name), frozenset()))
    for kind in kinds:
        for struct in structs_of(kind.record):
            fields = _fields(schema, struct.name)
            for each in struct.fields:
                _require(fields[each.name], each.scopes)
        _require(_fields(schema, kind.record.name)["raw"], RAW | carried_scopes(kind))


def with_scopes(sdl: str, schema: GraphQLSchema) -> str:
    """Return a printed schema with `@requiresScopes` at the fields that need scopes, which no printer knows of."""
    places: list[tuple[int, list[frozenset[str]]]] = []
    for definition in parse(sdl).definitions:
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            fields = _fields(schema, definition.name.value)
            for node in definition.fields or ():
                needed = fields[node.name.value].extensions.get(NEEDED)
                if needed and node.loc:
                    others = OTHERWISE.get(definition.name.value, {}).get(node.name.value, ())
                    places.append((node.loc.end, [needed, *others]))
    for end, alternatives in reversed(places):
        scopes = ", ".join(f"[{_quoted(each)}]" for each in alternatives)
        sdl = f"{sdl[:end]} @requiresScopes(scopes: [{scopes}]){sdl[end:]}"
    return sdl


def _quoted(scopes: frozenset[str]) -> str:
    return ", ".join(f'"{scope}"' for scope in sorted(scopes))


def carried_scopes(kind: Kind) -> frozenset[str]:
    """Return the scopes of all that a whole document of the kind carries."""
    return frozenset[str]().union(*(each.scopes for struct in structs_of(kind.record) for each in struct.fields))


def structs_of(struct: Struct) -> list[Struct]:
    """Return a documented object and all that stand in it, each once."""
    found: dict[str, Struct] = {}
    waiting = [struct]
    while waiting:
        each = waiting.pop()
        if each.name not in found:
            found[each.name] = each
            waiting += [field.type for field in each.fields if isinstance(field.type, Struct)]
    return list(found.values())


def _fields(schema: GraphQLSchema, type_name: str) -> Mapping[str, GraphQLField]:
    return getattr(schema.type_map[type_name], "fields", {})


def _require(field: GraphQLField, needed: frozenset[str]) -> None:
    if needed:
        field.extensions[NEEDED] = needed
