"""Arguments that are refused before anything is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from .declaration import CHECK
from .variables import Arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLField
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.execution.values import VariableValues


class Check:
    """The check of one field's arguments, as they are written where the field comes first."""

    __slots__ = ("_arguments", "_check", "_node")

    def __init__(self, field: GraphQLField, details: FieldDetailsList, *, hide_suggestions: bool) -> None:
        first = details[0]
        self._node = first.node
        self._check: Callable[..., str | None] = field.extensions[CHECK]
        self._arguments = Arguments(
            field, first.node, first.fragment_variable_values, hide_suggestions=hide_suggestions
        )

    def refusal(self, variables: VariableValues, context: Any) -> GraphQLError | None:
        """Return why the arguments are refused; None where they are not, or where execution will say it."""
        try:
            arguments = self._arguments.values(variables)
        except GraphQLError:
            return None
        reason = self._check(context, **arguments)
        return None if reason is None else GraphQLError(reason, self._node)


def refusals(checks: Sequence[Check], variables: VariableValues, context: Any) -> list[GraphQLError]:
    """Return why the operation is refused; the same reason is reported once, where it is met first."""
    found: dict[str, GraphQLError] = {}
    for check in checks:
        error = check.refusal(variables, context)
        if error is not None:
            found.setdefault(error.message, error)
    return list(found.values())
