"""Variables and arguments, bound without walking the document where their types allow it."""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graphql import (
    GraphQLError,
    GraphQLNonNull,
    Undefined,
    VariableNode,
    get_argument_values,
    get_variable_values,
    is_leaf_type,
    is_required_argument,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import FragmentVariableValues, VariableValues, VariableValueSource
from graphql.language import ast
from graphql.utilities import coerce_input_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import FieldNode, GraphQLArgument, GraphQLField, GraphQLSchema, OperationDefinitionNode

MOST_ERRORS: Final = 50
"""How many errors of variables one answer lists."""

SHAREABLE: Final = frozenset({str, int, float, bool, type(None)})
"""Classes of argument values that several executions may share, because nobody can change them."""


class Variables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, hide_suggestions: bool) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._hide_suggestions = hide_suggestions
        signatures = [get_variable_signature(schema, definition) for definition in self._definitions]
        self._signatures = [known for known in signatures if isinstance(known, GraphQLVariableSignature)]
        self._sound = len(self._signatures) == len(signatures)

    def coerce(self, given: Mapping[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """The coerced values, or the errors that refuse the request."""
        given = given or {}
        bound = self._quickly(given) if self._sound else None
        if bound is not None:
            return bound
        return get_variable_values(
            self._schema,
            self._definitions,
            dict(given),
            max_errors=MOST_ERRORS,
            hide_suggestions=self._hide_suggestions,
        )

    def _quickly(self, given: Mapping[str, Any]) -> VariableValues | None:
        """The coerced values if none of them needs an error, a default or a look into nested input, else None."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature in self._signatures:
            value = given.get(signature.name, Undefined)
            if value is Undefined:
                if signature.default is not None or isinstance(signature.type, GraphQLNonNull):
                    return None
                sources[signature.name] = VariableValueSource(signature)
                continue
            inner = signature.type.of_type if isinstance(signature.type, GraphQLNonNull) else signature.type
            result = coerce_input_value(value, signature.type) if is_leaf_type(inner) else Undefined
            if result is Undefined:
                return None
            sources[signature.name] = VariableValueSource(signature, value)
            coerced[signature.name] = result
        return VariableValues(sources, coerced)


class Arguments:
    """The arguments of one field of the operation."""

    def __init__(
        self,
        field: GraphQLField,
        node: FieldNode,
        fragment_variables: FragmentVariableValues | None,
        *,
        hide_suggestions: bool,
    ) -> None:
        self._field = field
        self._node = node
        self._fragment_variables = fragment_variables
        self._hide_suggestions = hide_suggestions
        self._fixed: dict[str, Any] = {}
        self._bound: list[tuple[str, str, bool]] = []
        self._quick = fragment_variables is None and self._prepare()
        self.constant = self._quick and not self._bound

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """Keyword arguments for the resolver. Raises GraphQLError where a value does not fit."""
        if self.constant:
            return self._fixed
        if self._quick:
            values = dict(self._fixed)
            coerced = variables.coerced
            for out_name, variable, required in self._bound:
                value = coerced.get(variable, Undefined)
                if value is Undefined or (required and value is None):
                    break
                values[out_name] = value
            else:
                return values
        return get_argument_values(self._field, self._node, variables, self._fragment_variables, self._hide_suggestions)

    def _prepare(self) -> bool:
        given = {argument.name.value: argument.value for argument in self._node.arguments or ()}
        for name, definition in self._field.args.items():
            out_name = definition.out_name or name
            value_node = given.get(name)
            if isinstance(value_node, VariableNode):
                self._bound.append((out_name, value_node.name.value, isinstance(definition.type, GraphQLNonNull)))
            elif not self._fix(name, definition, absent=value_node is None):
                return False
        return True

    def _fix(self, name: str, definition: GraphQLArgument, *, absent: bool) -> bool:
        """Note the value that an argument has in every execution; False where there is no such value."""
        if absent and is_required_argument(definition):
            return False
        value_node = None if absent else next(a.value for a in self._node.arguments or () if a.name.value == name)
        if value_node is not None and variable_names(value_node):
            return False
        try:
            alone = _Lone({name: definition})
            values = get_argument_values(alone, self._node)  # pyright: ignore[reportArgumentType]  only args is read
        except GraphQLError:
            return False
        if any(type(value) not in SHAREABLE for value in values.values()):
            return False
        self._fixed.update(values)
        return True


class _Lone:
    """A field definition with one argument, to have that argument's value by itself."""

    def __init__(self, args: dict[str, GraphQLArgument]) -> None:
        self.args = args


def variable_names(node: ast.Node) -> set[str]:
    """The names of the variables used anywhere in a value."""
    if isinstance(node, VariableNode):
        return {node.name.value}
    if isinstance(node, ast.ListValueNode):
        return set[str]().union(*map(variable_names, node.values))
    if isinstance(node, ast.ObjectValueNode):
        return set[str]().union(*(variable_names(field.value) for field in node.fields))
    return set()
