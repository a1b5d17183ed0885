"""Literals of the document as functions of the variables: compiled once, so that no execution looks at them again.

What such a function gives is what graphql-core's `coerce_input_literal` gives, lists and objects anew each time. Two
leaves are left to graphql-core, because what their scalar makes of the literal cannot be known or copied before: a
list or object literal with variables in it, which the scalar is given with the variables put in; and a literal of
which it makes an object of a class of its own. Those are read once for all objects of a level (see `read`).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    VariableNode,
    is_required_argument,
    is_required_input_field,
)
from graphql.language import ast
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from graphql import GraphQLInputField, GraphQLInputType, ValueNode
    from graphql.execution.values import VariableValues

    Make = Callable[[VariableValues], Any]
    """The value under these variables, `Undefined` where it does not fit."""

SHAREABLE: Final = frozenset(
    {str, int, float, bool, type(None), bytes, Decimal, date, datetime, time, timedelta, UUID, type(Undefined)}
)
"""Classes of values that several executions may share, because they are immutable."""


class Constant(NamedTuple):
    """A value that does not depend on variables."""

    value: Any

    def __call__(self, variables: VariableValues) -> Any:
        return self.value


class Copied(NamedTuple):
    """Lists and objects that do not depend on variables, made anew for each call."""

    value: Any

    def __call__(self, variables: VariableValues) -> Any:
        return _copied(self.value)


class OfDocument(NamedTuple):
    """A literal that graphql-core reads again."""

    node: ValueNode
    leaf_type: Any

    def __call__(self, variables: VariableValues) -> Any:
        return coerce_input_literal(self.node, self.leaf_type, variables)


class Items(NamedTuple):
    """A list: each item, and whether it is null where it is missing."""

    items: tuple[tuple[Make, bool], ...]

    def __call__(self, variables: VariableValues) -> Any:
        made: list[Any] = []
        for make, may_be_missing in self.items:
            value = make(variables)
            if value is Undefined:
                if not may_be_missing:
                    return Undefined
                value = None
            made.append(value)
        return made


class Fields(NamedTuple):
    """An input object."""

    entries: tuple[tuple[str, Make], ...]
    input_type: GraphQLInputObjectType

    def __call__(self, variables: VariableValues) -> Any:
        made = together(self.entries, variables)
        if made is None or (self.input_type.is_one_of and [value is None for value in made.values()] != [False]):
            return Undefined
        return self.input_type.out_type(made)


ANEW: Final = (Copied, OfDocument, Items, Fields)
"""What makes another value each time it is asked: two resolvers may each change theirs."""

NULL: Final = Constant(None)
UNFIT: Final = Constant(Undefined)
OMITTED: Final = object()


def compiled(node: ValueNode, input_type: GraphQLInputType) -> Make:
    """Return the literal as a value of that type.

    Raises TypeError where a default of the schema does not fit its own type, RecursionError where the literal nests
    too deeply.
    """
    non_null = isinstance(input_type, GraphQLNonNull)
    nullable: Any = input_type.of_type if isinstance(input_type, GraphQLNonNull) else input_type
    if isinstance(node, VariableNode):
        return partial(_required_variable if non_null else _variable, node.name.value)
    if isinstance(node, ast.NullValueNode):
        return UNFIT if non_null else NULL
    if isinstance(nullable, GraphQLList):
        return _list(node, nullable.of_type)
    if isinstance(nullable, GraphQLInputObjectType):
        return _object(node, nullable)
    return _leaf(node, nullable)


def given(node: ValueNode | None, definition: GraphQLArgument | GraphQLInputField) -> Make:
    """Return what an argument or a field of an input object gets: `OMITTED` where it is neither written nor has a
    default.

    `node` is None where it is not written. Raises as `compiled`.
    """
    if _is_required(definition):
        return UNFIT if node is None else compiled(node, definition.type)
    if node is not None and not isinstance(node, VariableNode):
        return compiled(node, definition.type)
    # All executions share a default, as they do in graphql-core.
    default = coerce_default_value(definition)
    missing = OMITTED if default is Undefined else default
    if node is None:
        return Constant(missing)
    return partial(_optional_variable, node.name.value, missing, isinstance(definition.type, GraphQLNonNull))


def _is_required(definition: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(definition, GraphQLArgument):
        return is_required_argument(definition)
    return is_required_input_field(definition)


def _variable(name: str, variables: VariableValues) -> Any:
    return variables.coerced.get(name, Undefined)


def _required_variable(name: str, variables: VariableValues) -> Any:
    value = variables.coerced.get(name, Undefined)
    return Undefined if value is None else value


def _optional_variable(name: str, missing: Any, non_null: bool, variables: VariableValues) -> Any:  # noqa: FBT001  a fact of the type, not a switch
    value = variables.coerced.get(name, Undefined)
    if value is Undefined:
        return missing
    return Undefined if non_null and value is None else value


def _leaf(node: ValueNode, leaf_type: Any) -> Make:
    if variable_names(node):
        return OfDocument(node, leaf_type)
    value = coerce_input_literal(node, leaf_type)
    # An enum gives its own values, and gives the same ones each time.
    if isinstance(leaf_type, GraphQLEnumType) or type(value) in SHAREABLE:
        return Constant(value)
    return Copied(value) if _can_be_copied(value) else OfDocument(node, leaf_type)


def _can_be_copied(value: Any) -> bool:
    """Return whether it is made of lists, dicts and immutable values."""
    if type(value) is list:
        return all(map(_can_be_copied, value))
    if type(value) is dict:
        return all(map(_can_be_copied, value.values()))
    return type(value) in SHAREABLE


def _copied(value: Any) -> Any:
    if type(value) is list:
        return [_copied(item) for item in value]
    if type(value) is dict:
        return {key: _copied(item) for key, item in value.items()}
    return value


def _list(node: ValueNode, item_type: GraphQLInputType) -> Make:
    """Return a list; what is none counts as its only item. A variable that is missing is null among the items."""
    if not isinstance(node, ast.ListValueNode):
        return Items(((compiled(node, item_type), False),))
    nullable = not isinstance(item_type, GraphQLNonNull)
    return Items(
        tuple((compiled(item, item_type), nullable and isinstance(item, VariableNode)) for item in node.values)
    )


def _object(node: ValueNode, input_type: GraphQLInputObjectType) -> Make:
    if not isinstance(node, ast.ObjectValueNode):
        return UNFIT
    values = {field.name.value: field.value for field in node.fields}
    if not values.keys() <= input_type.fields.keys() or (input_type.is_one_of and len(values) != 1):
        return UNFIT
    entries = [(field.out_name or name, given(values.get(name), field)) for name, field in input_type.fields.items()]
    return Fields(tuple(entries), input_type)


def reads_document(make: Make) -> bool:
    """Return whether graphql-core reads some literal in it again."""
    if isinstance(make, Items):
        return any(reads_document(item) for item, _ in make.items)
    if isinstance(make, Fields):
        return any(reads_document(entry) for _, entry in make.entries)
    return isinstance(make, OfDocument)


def read(make: Make, variables: VariableValues) -> Make:
    """Return the same for these variables, with every literal read that graphql-core reads again.

    What a scalar made an object of its own class of is shared from here on.
    """
    if isinstance(make, Items):
        return Items(tuple((read(item, variables), may_be_missing) for item, may_be_missing in make.items))
    if isinstance(make, Fields):
        return Fields(tuple((name, read(entry, variables)) for name, entry in make.entries), make.input_type)
    if isinstance(make, OfDocument):
        value = make(variables)
        return Copied(value) if _can_be_copied(value) else Constant(value)
    return make


def together(entries: Iterable[tuple[str, Make]], variables: VariableValues) -> dict[str, Any] | None:
    """Return the values by their names, without those omitted; None where one does not fit."""
    made: dict[str, Any] = {}
    for name, make in entries:
        value = make(variables)
        if value is Undefined:
            return None
        if value is not OMITTED:
            made[name] = value
    return made


def variable_names(node: ast.Node) -> set[str]:
    """Return the names of the variables used anywhere in a value."""
    if isinstance(node, VariableNode):
        return {node.name.value}
    if isinstance(node, ast.ListValueNode):
        return set[str]().union(*map(variable_names, node.values))
    if isinstance(node, ast.ObjectValueNode):
        return set[str]().union(*(variable_names(field.value) for field in node.fields))
    return set()
