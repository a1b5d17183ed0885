"""The result of an execution, and its bytes."""

# Data are nested containers of whatever scalars give.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import orjson
from graphql.execution import InitialIncrementalExecutionResult, SubsequentIncrementalExecutionResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from graphql import GraphQLError

    Formatter = Callable[[GraphQLError], Mapping[str, Any]]


def formatted(error: GraphQLError) -> Mapping[str, Any]:
    """The error as the GraphQL specification writes it."""
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
        """The response as the specification orders its keys: errors, data, extensions."""
        response: dict[str, Any] = {}
        if self.errors:
            response["errors"] = [formatter(error) for error in self.errors]
        if self.executed:
            response["data"] = self.data
        if extensions:
            response["extensions"] = extensions
        return response

    def to_bytes(self, formatter: Formatter = formatted, extensions: Mapping[str, Any] | None = None) -> bytes:
        """The response as UTF-8 JSON. Raises TypeError where a scalar gave what JSON has no words for."""
        return encoded(self.response(formatter, extensions))


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document as UTF-8 JSON; a number that JSON has not is null. Raises TypeError on what JSON cannot say."""
    try:
        return orjson.dumps(document)
    except TypeError:
        # orjson refuses lone surrogates, integers above 64 bits and keys that are no strings: JSON can say them.
        return _encoded_at_length(document)


def _encoded_at_length(document: Mapping[str, Any]) -> bytes:
    """As orjson would, with what it refuses."""
    try:
        return _JSON.encode(document).encode()
    except ValueError:
        return _JSON.encode(_finite(document)).encode()


def _finite(value: Any) -> Any:
    """The value with null for each number that is not finite, as orjson writes it."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, (list, tuple)) else value


def _as_orjson(value: object) -> Any:
    """What orjson has words for and Python's own encoder has not: dates, identifiers, members of enums."""
    return orjson.loads(orjson.dumps(value))


_JSON: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_as_orjson)


@dataclass(frozen=True, slots=True)
class IncrementalResults:
    """An execution delivered in parts, in graphql-core's format of incremental delivery."""

    initial: InitialIncrementalExecutionResult
    subsequent: AsyncGenerator[SubsequentIncrementalExecutionResult]


def payload(
    result: InitialIncrementalExecutionResult | SubsequentIncrementalExecutionResult, formatter: Formatter = formatted
) -> dict[str, Any]:
    """One part of an incremental response as it is sent, its errors by `formatter`."""
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
