"""How a field is resolved and what completes its values: chosen once, when its plan is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLNonNull, default_field_resolver, is_abstract_type, is_leaf_type, is_list_type
from graphql.type.introspection import TypeNameMetaFieldDef

from customer_gateway.execution.compile.declaration import Attribute, Batched, declared, getter
from customer_gateway.execution.compile.variables import arguments_of

from .field_errors import OutputPosition
from .fields import AttributeField, BatchedField, DeniedField, NativeField, PropertyField, TypenameField
from .leaves import LeafCompletion
from .lists import ListCompletion
from .objects import AbstractCompletion, ObjectCompletion

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLOutputType

    from customer_gateway.execution.compile.plan import FieldSite, Planner

    from .columns import ValueCompletion
    from .fields import ResolvedField


def resolved_field(planner: Planner[ResolvedField], site: FieldSite, denial: Exception | None) -> ResolvedField:
    """Return the field with the way it is resolved, or with the error that takes its place."""
    if site.definition is TypeNameMetaFieldDef:
        return TypenameField(site)
    if denial is not None:
        return DeniedField(_position(planner, site, site.definition.type), denial)
    return _resolved(planner, site)


def _resolved(planner: Planner[ResolvedField], site: FieldSite) -> ResolvedField:
    declaration = declared(site.definition)
    completion = completion_of(planner, site, site.definition.type)
    arguments = arguments_of(site, hide_suggestions=planner.hide_suggestions)
    if isinstance(declaration, Attribute) and arguments.constant:
        return AttributeField(site, declaration.name, completion)
    if isinstance(declaration, Attribute):
        # Arguments do not change an attribute, but one that does not fit is an error.
        return NativeField(site, _attribute(declaration.name), arguments, completion)
    if isinstance(declaration, Batched):
        return BatchedField(site, declaration, arguments, completion)
    if site.definition.resolve is None:
        return PropertyField(site, default_field_resolver, arguments, completion)
    return NativeField(site, site.definition.resolve, arguments, completion)


def completion_of(planner: Planner[ResolvedField], site: FieldSite, output_type: GraphQLOutputType) -> ValueCompletion:
    """Return what turns the values of a type into response values."""
    nullable: Any = output_type.of_type if isinstance(output_type, GraphQLNonNull) else output_type
    place = _position(planner, site, output_type)
    if is_list_type(nullable):
        return ListCompletion(place, completion_of(planner, site, nullable.of_type))
    if is_leaf_type(nullable):
        return LeafCompletion(place, nullable)
    if is_abstract_type(nullable):
        return AbstractCompletion(place, planner, nullable)
    return ObjectCompletion(place, planner, nullable)


def _position(planner: Planner[ResolvedField], site: FieldSite, output_type: GraphQLOutputType) -> OutputPosition:
    non_null = isinstance(output_type, GraphQLNonNull)
    return OutputPosition(site, non_null, non_null and planner.error_propagation)


def _attribute(name: str) -> Callable[..., Any]:
    get = getter(name)

    def resolve(source: Any, _info: object, **_arguments: object) -> Any:
        return get(source)

    return resolve
