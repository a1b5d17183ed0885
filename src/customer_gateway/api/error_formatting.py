"""Errors as clients see them: a code of the closed list, and nothing of our insides or the vendors' words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog
from graphql import FieldNode, GraphQLError

from customer_gateway.errors import CatalogUnavailable, DatabaseUnavailable, ReadFault, RequestRefused, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MASK: Final = "Internal error; tell the operator the request id, under which the log has it."
NO_DATABASE: Final = "The gateway's database does not answer; try again later."
LONGEST_MESSAGE: Final = 500
"""Characters. GraphQL's own messages repeat parts of the document, which may be as long as the request."""

_OF_INPUT: Final = re.compile(r"(?:Variable '\$|Argument ')\w+' has invalid value(?: at [\w.\[\]]+)?: ")
_FOUND: Final = re.compile(r", but encountered error|, found: |(?<=\?) Found: ")

FormattedError: TypeAlias = dict[str, Any]

_log = structlog.get_logger("customer_gateway.api")


def format_errors(errors: Iterable[GraphQLError]) -> list[FormattedError]:
    """Return the errors of one executed operation; one cause of many of them is logged once."""
    logged: set[int] = set()
    return [format_error(error, logged) for error in _without_repeats(list(errors))]


def format_error(error: GraphQLError, logged: set[int] | None = None) -> FormattedError:
    """Return the error of an executed operation: message, locations, path and extensions, still without `requestId`.

    What the gateway raised on purpose keeps its text and code. Anything else is INTERNAL_SERVER_ERROR, masked, and
    logged, unless the cause's `id` is in `logged` already: with its traceback, which a `ReadFault` has in a line of its
    own.
    """
    cause = error.original_error
    if isinstance(cause, RequestRefused):
        return coded(error, cause.code)
    if isinstance(cause, ReadFault):
        _log_once(error, logged, system=cause.system, read=cause.read)
        return coded(error, cause.code, message=MASK)
    if isinstance(cause, CatalogUnavailable | DatabaseUnavailable):
        return _without_database(error, cause)
    if isinstance(cause, UpstreamError):
        return coded(error, cause.code, **_upstream_extensions(cause))
    code = _code_of(cause if isinstance(cause, GraphQLError) else error) if _is_graphql(cause) else None
    if code is not None:
        return coded(error, code)
    _log_once(error, logged, exc_info=cause or error)
    return coded(error, "INTERNAL_SERVER_ERROR", message=MASK)


def _without_database(error: GraphQLError, cause: CatalogUnavailable | DatabaseUnavailable) -> FormattedError:
    if isinstance(cause, CatalogUnavailable):
        return coded(error, cause.code, retryable=cause.retryable)
    return coded(error, "UPSTREAM_UNAVAILABLE", message=NO_DATABASE, retryable=True)


def coded(error: GraphQLError, code: str, *, message: str | None = None, **extensions: object) -> FormattedError:
    """Return the error under a code, with its own message unless another is given."""
    formatted: FormattedError = {"message": _shortened(_without_value(error.message) if message is None else message)}
    if error.locations:
        formatted["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    formatted["extensions"] = {"code": code, **extensions}
    return formatted


def request_error(message: str, code: str, **extensions: object) -> FormattedError:
    """Return an error of the request as a whole, which has no place in the document."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def stamped(errors: Iterable[FormattedError], request_id: str) -> list[FormattedError]:
    """Return the errors with the id of the request that gets them; those given stay as they are."""
    return [{**error, "extensions": {**error["extensions"], "requestId": request_id}} for error in errors]


def _without_repeats(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Return the errors; of those that are reported once for each field, the one of the first row."""
    first: dict[tuple[str, ...], GraphQLError] = {}
    for error in errors:
        field = _reported_once_for(error)
        if field is not None and (field not in first or _rows_of(error) < _rows_of(first[field])):
            first[field] = error
    return [error for error in errors if (field := _reported_once_for(error)) is None or first[field] is error]


def _reported_once_for(error: GraphQLError) -> tuple[str, ...] | None:
    """Return what failed and for which field of the document; None for an error that is of its own row."""
    cause = error.original_error
    if not isinstance(cause, UpstreamError) or not cause.reported_once:
        return None
    return (cause.code, str(cause), *(part for part in error.path or () if isinstance(part, str)))


def _rows_of(error: GraphQLError) -> list[int]:
    return [part for part in error.path or () if isinstance(part, int)]


def _log_once(error: GraphQLError, logged: set[int] | None, **what: object) -> None:
    cause = id(error.original_error or error)
    if logged is None or cause not in logged:
        _log.error("field failed", field=_field_of(error), **what)
    if logged is not None:
        logged.add(cause)


def _is_graphql(cause: BaseException | None) -> bool:
    return cause is None or isinstance(cause, GraphQLError)


def _code_of(error: GraphQLError) -> str | None:
    """Return the code of an error that GraphQL itself or a resolver raised as such; None where it is our own fault."""
    extensions: Mapping[str, Any] = error.extensions or {}
    if "code" in extensions:
        return str(extensions["code"])
    # The only execution errors that the caller can cure are those of arguments; graphql-core marks them so.
    return "BAD_USER_INPUT" if error.message.startswith("Argument '") else None


def _upstream_extensions(cause: UpstreamError) -> dict[str, Any]:
    known: dict[str, Any] = {"system": cause.system, "retryable": cause.retryable}
    if cause.retry_after_ms is not None:
        known["retryAfterMs"] = cause.retry_after_ms
    return known


def _field_of(error: GraphQLError) -> str | None:
    """Return the field's name in the schema. Its path is no matter for the log: aliases are the client's own words."""
    return next((node.name.value for node in error.nodes or () if isinstance(node, FieldNode)), None)


def _without_value(message: str) -> str:
    """Return what graphql-core says of an input, without the value: it may be personal, and is written as Python writes
    it.
    """
    of_input = _OF_INPUT.match(message)
    if of_input is None:
        return message
    return message[: of_input.end()] + _reason_alone(message[of_input.end() :])


def _reason_alone(reason: str) -> str:
    """Cut the value out of a reason; searched, not matched: names in it may be as long as the request."""
    if reason.startswith("Value '"):
        return "this value does not exist in" + reason[reason.rfind("' does not exist in") :].partition(" in")[2]
    if reason.endswith("not to be None."):
        return reason.removesuffix("None.") + "null."
    if reason.startswith("Expected "):
        expected = _FOUND.split(reason, 1)[0]
        return expected if expected.endswith("?") else expected + "."
    kept = reason.partition(": ")[0]
    if " cannot represent " in kept:
        return kept.replace("cannot represent value", "cannot represent this value") + "."
    return reason


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
