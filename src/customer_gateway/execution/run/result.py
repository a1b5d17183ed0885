"""The result of an execution, and its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql.execution import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult

from .encoding import encoded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from graphql import GraphQLError

    Formatter = Callable[[GraphQLError], Mapping[str, Any]]


def formatted(error: GraphQLError) -> Mapping[str, Any]:
    """Return the error as the GraphQL specification writes it."""
    return error.formatted


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """`data` as Python objects, and the errors, None where there are none.

    `executed` is False where the request was refused before anything ran (variables that do not fit, an
    operation that the schema has not): the response then has no `data` at all.
    """

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None = None
    executed: bool = True

    def response(self, formatter: Formatter = formatted, extensions: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the response as the specification orders its keys: errors, data, extensions."""
        response: dict[str, Any] = {}
        if self.errors:
            response["errors"] = [formatter(error) for error in self.errors]
        if self.executed:
            response["data"] = self.data
        if extensions:
            response["extensions"] = extensions
        return response

    def to_bytes(self, formatter: Formatter = formatted, extensions: Mapping[str, Any] | None = None) -> bytes:
        """Return the response as UTF-8 JSON. Raises as `encoded` where a scalar gave what JSON has no words for."""
        return encoded(self.response(formatter, extensions))


@dataclass(frozen=True, slots=True)
class IncrementalResults:
    """An execution delivered in parts, in graphql-core's format of incremental delivery."""

    initial: InitialIncrementalExecutionResult
    subsequent: AsyncGenerator[SubsequentIncrementalExecutionResult]


def payload(
    result: InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult, formatter: Formatter = formatted
) -> dict[str, Any]:
    """Return one part of an incremental response as it is sent, its errors by `formatter`."""
    document: dict[str, Any] = dict(result.formatted)
    if isinstance(result, InitialIncrementalExecutionResult):
        _put_errors(document, result.errors, formatter)
        return document
    for parts, name in ((result.incremental, "incremental"), (result.completed, "completed")):
        for part, entry in zip(parts or (), document.get(name, ()), strict=True):
            _put_errors(entry, part.errors, formatter)
    return document


def _put_errors(document: dict[str, Any], errors: list[GraphQLError] | None, formatter: Formatter) -> None:
    if errors:
        document["errors"] = [formatter(error) for error in errors]
