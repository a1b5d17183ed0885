"""Answers to operations, which several requests may share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

import orjson
import structlog

from customer_gateway.api.error_formatting import MASK, FormattedError, coded, format_errors, request_error, stamped
from customer_gateway.api.limits import MOST_ERRORS
from customer_gateway.execution import drop_tracebacks, encoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graphql import GraphQLError

    from customer_gateway.api.audit import CustomersRead

ReplyStage: TypeAlias = Literal["variables", "executed", "failed"]

_log = structlog.get_logger("customer_gateway.api")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an operation. `data` is JSON, the same for all requests that are the same; None where nothing ran.

    `errors` are formatted, without request id. `read` is for the audit, where there is one. `replayed` says
    that it is the outcome of an earlier request with the same idempotency key.
    """

    data: bytes | None
    errors: list[FormattedError]
    extensions: Mapping[str, Any]
    stage: ReplyStage
    read: CustomersRead | None = None
    replayed: bool = False

    def encode(self, request_id: str) -> bytes:
        """Return the whole body; `request_id` stands in each error, so bodies without errors are the same for all."""
        fields: list[bytes] = []
        if self.errors:
            fields += b",", b'"errors":', orjson.dumps(stamped(self.errors, request_id))
        if self.data is not None:
            fields += b",", b'"data":', self.data
        if self.extensions:
            fields += b",", b'"extensions":', orjson.dumps(self.extensions)
        return b"".join((b"{", *fields[1:], b"}"))


LATE: Final = Reply(
    b"null",
    [request_error("No whole answer before the deadline; try again later", "UPSTREAM_TIMEOUT", retryable=True)],
    {},
    "executed",
)
"""The answer at a deadline before which nothing was read."""


class Outcome(Protocol):
    """What both executors give."""

    @property
    def data(self) -> dict[str, Any] | None: ...
    @property
    def errors(self) -> list[GraphQLError] | None: ...


def failed() -> Reply:
    """Return the reply to a mistake of ours; to be called where it is caught."""
    _log.exception("operation failed")
    return Reply(None, [request_error(MASK, "INTERNAL_SERVER_ERROR")], {}, "failed")


def reply_to(outcome: Outcome, extensions: Mapping[str, Any]) -> Reply:
    """Encode an outcome."""
    errors = outcome.errors or []
    # Whatever went wrong while executing has a path; without one, the variables were refused and nothing ran.
    if errors and outcome.data is None and all(error.path is None for error in errors):
        return Reply(None, [coded(error, "BAD_USER_INPUT") for error in errors[:MOST_ERRORS]], extensions, "variables")
    formatted = format_errors(errors) if errors else []
    drop_tracebacks(errors)
    return Reply(b"null" if outcome.data is None else encoded(outcome.data), formatted, extensions, "executed")
