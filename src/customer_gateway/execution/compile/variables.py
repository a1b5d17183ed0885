"""Variables and arguments, bound without walking the document."""

from __future__ import annotations

from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from graphql import GraphQLError, GraphQLNonNull, Undefined, get_argument_values, get_variable_values, is_leaf_type
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import (
    FragmentVariableValues,
    VariableValues,
    VariableValueSource,
    input_is_nested_too_deeply,
)
from graphql.utilities import coerce_input_value

from .literals import ANEW, UNFIT, Constant, compiled, given, read, reads_document, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from graphql import FieldNode, GraphQLField, GraphQLInputType, GraphQLSchema, OperationDefinitionNode

    from .literals import Make
    from .plan import FieldSite

MOST_ERRORS: Final = 50
"""How many errors of variables one answer lists."""

NO_VALUES: Final = VariableValues({}, {})


class Variables:
    """The variables of one operation."""

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, *, hide_suggestions: bool) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._hide_suggestions = hide_suggestions
        signatures = [get_variable_signature(schema, definition) for definition in self._definitions]
        self._prepared = _prepared(signatures)

    def coerce(self, values: Mapping[str, Any] | None) -> VariableValues | list[GraphQLError]:
        """Return the coerced values, or the errors that refuse the request."""
        values = values or {}
        try:
            bound = self._fitting(values)
        except RecursionError:
            bound = None
        if bound is not None:
            return bound
        return get_variable_values(
            self._schema,
            self._definitions,
            dict(values),
            max_errors=MOST_ERRORS,
            hide_suggestions=self._hide_suggestions,
        )

    def _fitting(self, values: Mapping[str, Any]) -> VariableValues | None:
        """Return the coerced values if all of them fit, else None: graphql-core then says which do not, and why."""
        if self._prepared is None:
            return None
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, coerce, default in self._prepared:
            value = values.get(name, Undefined)
            sources[name] = VariableValueSource(signature, value)
            if value is not Undefined:
                result = coerce(value)
            elif default is not None:
                result = default(NO_VALUES)
            elif isinstance(signature.type, GraphQLNonNull):
                return None
            else:
                continue
            if result is Undefined:
                return None
            coerced[name] = result
        return VariableValues(sources, coerced)


class _Variable(NamedTuple):
    """A variable, what coerces its values (to Undefined where they do not fit), and what makes its default."""

    name: str
    signature: GraphQLVariableSignature
    coerce: Callable[[Any], Any]
    default: Make | None


def _prepared(signatures: list[GraphQLVariableSignature | GraphQLError]) -> list[_Variable] | None:
    """Return the variables made ready; None where one of them is for graphql-core to refuse."""
    ready: list[_Variable] = []
    for signature in signatures:
        if isinstance(signature, GraphQLError):
            return None
        literal = signature.default.literal if signature.default else None
        try:
            default = None if literal is None else compiled(literal, signature.type)
        except (TypeError, RecursionError):
            return None
        ready.append(_Variable(signature.name, signature, _coercion(signature.type), default))
    return ready


def _coercion(input_type: GraphQLInputType) -> Callable[[Any], Any]:
    """Return graphql-core's coercion of values to that type, with the type looked at once."""
    non_null = isinstance(input_type, GraphQLNonNull)
    nullable = input_type.of_type if non_null else input_type
    if not is_leaf_type(nullable):
        return partial(_coerced, input_type)

    def coerced(value: Any) -> Any:
        if value is None:
            return Undefined if non_null else None
        try:
            return nullable.coerce_input_value(value)
        except Exception:
            return Undefined

    return coerced


def _coerced(input_type: GraphQLInputType, value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)) and input_is_nested_too_deeply(value, input_type):
        return Undefined
    return coerce_input_value(value, input_type)


class Arguments:
    """The arguments of one field of the operation."""

    __slots__ = (
        "_entries",
        "_field",
        "_fixed",
        "_fragment_variables",
        "_hide_suggestions",
        "_node",
        "_reads_document",
        "_shared",
        "constant",
    )

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
        # The variables of a fragment are bound anew wherever it is spread: compiling would not pay.
        self._entries = _entries(field, node) if fragment_variables is None else None
        same = self._entries is not None and all(isinstance(make, Constant) for _, make in self._entries)
        self._fixed = together(self._entries, NO_VALUES) if self._entries is not None and same else None
        self.constant = self._fixed is not None
        """Whether they fit, and are the same, in every execution."""
        makes = [make for _, make in self._entries or ()]
        self._shared = not any(isinstance(make, ANEW) for make in makes)
        self._reads_document = any(map(reads_document, makes))

    def values(self, variables: VariableValues) -> dict[str, Any]:
        """Keyword arguments for one call of the resolver. Raises GraphQLError where a value does not fit."""
        if self._fixed is not None:
            return self._fixed
        return self._fit(self._entries, variables)

    def of_each(self, variables: VariableValues, count: int) -> Iterable[dict[str, Any]]:
        """Keyword arguments for each of so many calls: what one call changes no other sees. Raises as `values`.

        Whatever there is to read of the document is read once for all of them.
        """
        if self._shared:
            return repeat(self.values(variables), count)
        entries = self._entries
        if entries is not None and self._reads_document:
            entries = [(name, read(make, variables)) for name, make in entries]
        return [self._fit(entries, variables) for _ in range(count)]

    def _fit(self, entries: list[tuple[str, Make]] | None, variables: VariableValues) -> dict[str, Any]:
        values = None if entries is None else together(entries, variables)
        if values is not None:
            return values
        return get_argument_values(self._field, self._node, variables, self._fragment_variables, self._hide_suggestions)


def arguments_of(site: FieldSite, *, hide_suggestions: bool) -> Arguments:
    """Return the arguments of a field as they are written where it comes first."""
    first = site.details[0]
    return Arguments(site.definition, first.node, first.fragment_variable_values, hide_suggestions=hide_suggestions)


def _entries(field: GraphQLField, node: FieldNode) -> list[tuple[str, Make]] | None:
    """Return what makes each argument; None where graphql-core must say why one never fits."""
    nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
    try:
        entries = [
            (definition.out_name or name, given(nodes.get(name), definition)) for name, definition in field.args.items()
        ]
    except Exception:
        return None
    return None if any(make is UNFIT for _, make in entries) else entries
