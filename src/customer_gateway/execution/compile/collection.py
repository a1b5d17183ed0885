"""Which fields an operation selects on each concrete type, conditions applied: graphql-core's own collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from graphql import GraphQLError, GraphQLObjectType, get_named_type, is_abstract_type, is_composite_type
from graphql.execution.collect_fields import CollectedFields, FragmentDetails, collect_fields, collect_subfields

from .declaration import CHECK
from .literals import variable_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from graphql import (
        FragmentDefinitionNode,
        GraphQLField,
        GraphQLNamedType,
        GraphQLOutputType,
        GraphQLSchema,
        OperationDefinitionNode,
    )
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.execution.values import VariableValues
    from graphql.language import ast

    Found = tuple[GraphQLObjectType, GraphQLField, FieldDetailsList]

Denied: TypeAlias = "Callable[[GraphQLObjectType, str], Exception | None]"
"""Called for each field when a plan is made; returns the error that takes its place, or None where it may be read.

Plans are kept by it, so it has to be hashable, equal to what answers alike, and always of the same answer.
"""

TYPENAME = "__typename"
CONDITIONS = frozenset({"skip", "include", "defer", "stream"})


class Operation:
    """What all executions of an operation share: the schema, the chosen operation and the fragments."""

    __slots__ = ("definition", "fragment_definitions", "fragments", "hide_suggestions", "schema", "serial")

    def __init__(
        self,
        schema: GraphQLSchema,
        definition: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        *,
        hide_suggestions: bool,
    ) -> None:
        self.schema = schema
        self.definition = definition
        self.fragments = fragments
        self.fragment_definitions: dict[str, FragmentDefinitionNode] = {
            name: details.definition for name, details in fragments.items()
        }
        self.hide_suggestions = hide_suggestions
        self.serial = definition.operation.value == "mutation"


class Collector:
    """Collects the fields of one operation under one setting of its conditions.

    Only the variables named in `condition_variables` are read from `variables`, unless fragments have arguments.
    """

    def __init__(self, operation: Operation, variables: VariableValues, denied: Denied | None = None) -> None:
        self.schema = operation.schema
        self.operation = operation.definition
        self.hide_suggestions = operation.hide_suggestions
        self._fragments = operation.fragments
        self._variables = variables
        self._denied = denied

    def denial(self, object_type: GraphQLObjectType, name: str) -> Exception | None:
        """Return the error that takes the place of a field, None where it may be read; `__typename` always may."""
        return None if self._denied is None or name == TYPENAME else self._denied(object_type, name)

    def root(self, object_type: GraphQLObjectType) -> CollectedFields:
        return collect_fields(
            self.schema, self._fragments, self._variables, object_type, self.operation, self.hide_suggestions
        )

    def under(self, details: FieldDetailsList, object_type: GraphQLObjectType) -> CollectedFields:
        """Return the merged fields below the given ones where the value is of `object_type`."""
        return collect_subfields(
            self.schema,
            self._fragments,
            self._variables,
            self.operation,
            object_type,
            details,
            self.hide_suggestions,
        )

    def concrete_types(self, output_type: GraphQLOutputType) -> Iterable[GraphQLObjectType]:
        """Return the object types that values of this type can have."""
        named: GraphQLNamedType = get_named_type(output_type)
        if is_abstract_type(named):
            return self.schema.get_possible_types(named)
        return [named] if isinstance(named, GraphQLObjectType) else []


class Selected(NamedTuple):
    """What an operation reads anywhere: nothing that is denied, and nothing below it.

    `fields_by_type` has the name of every field that is read, for each concrete type it can be read on. `checked` are
    the fields with arguments that are checked before anything is executed.
    """

    fields_by_type: dict[str, frozenset[str]]
    checked: list[tuple[GraphQLField, FieldDetailsList]]


def selected(collector: Collector, root_type: GraphQLObjectType) -> Selected:
    """Return all that the operation selects. Raises GraphQLError where the root itself cannot be collected."""
    names: dict[str, set[str]] = {}
    checked: list[tuple[GraphQLField, FieldDetailsList]] = []
    waiting = list(_on(collector, root_type, collector.root(root_type)))
    seen: set[tuple[str, tuple[int, ...]]] = set()
    while waiting:
        object_type, field, details = waiting.pop()
        # Interfaces within interfaces reach the same fields by many ways: one of them is enough.
        way = (object_type.name, tuple(id(detail.node) for detail in details))
        if way in seen:
            continue
        seen.add(way)
        name = details[0].node.name.value
        if collector.denial(object_type, name) is not None:
            continue
        names.setdefault(object_type.name, set()).add(name)
        if details[0].node.arguments and CHECK in field.extensions:
            checked.append((field, details))
        if is_composite_type(get_named_type(field.type)):
            for concrete in collector.concrete_types(field.type):
                waiting.extend(_below(collector, details, concrete))
    return Selected({type_name: frozenset(found) for type_name, found in names.items()}, checked)


def selected_below(
    collector: Collector, root_type: GraphQLObjectType, response_name: str, levels: int
) -> dict[str, frozenset[str]]:
    """Return what is read on so many levels below one field of the root, as `Selected.fields_by_type` has it."""
    names: dict[str, set[str]] = {}
    root = collector.root(root_type).grouped_field_set
    found = list(_of_groups(collector, root_type, [root[response_name]] if response_name in root else []))
    for _ in range(levels):
        found = [
            each
            for _, field, details in found
            for concrete in collector.concrete_types(field.type)
            for each in _below(collector, details, concrete)
            if collector.denial(concrete, each[2][0].node.name.value) is None
        ]
        for object_type, _, details in found:
            names.setdefault(object_type.name, set()).add(details[0].node.name.value)
    return {type_name: frozenset(each) for type_name, each in names.items()}


def _below(collector: Collector, details: FieldDetailsList, object_type: GraphQLObjectType) -> Iterator[Found]:
    try:
        collected = collector.under(details, object_type)
    except GraphQLError:
        return  # a condition that is null, say: the field above has this error, and nothing below it is read
    yield from _on(collector, object_type, collected)


def _on(collector: Collector, object_type: GraphQLObjectType, collected: CollectedFields) -> Iterator[Found]:
    return _of_groups(collector, object_type, collected.grouped_field_set.values())


def _of_groups(
    collector: Collector, object_type: GraphQLObjectType, groups: Iterable[FieldDetailsList]
) -> Iterator[Found]:
    for details in groups:
        field = collector.schema.get_field(object_type, details[0].node.name.value)
        if field is not None:
            yield object_type, field, details


def condition_variables(nodes: Iterable[ast.Node]) -> tuple[str, ...]:
    """Return the names, in order, of the variables in @skip, @include and @defer: they decide what is selected."""
    names: set[str] = set()
    waiting: list[Any] = list(nodes)
    while waiting:
        node = waiting.pop()
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value in CONDITIONS:
                names.update(*(variable_names(argument.value) for argument in directive.arguments or ()))
        selection_set = getattr(node, "selection_set", None)
        if selection_set is not None:
            waiting.extend(selection_set.selections)
    return tuple(sorted(names))
