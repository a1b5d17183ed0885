"""Represent answers to a client, also those that refuse its request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import orjson
import structlog

from customer_gateway.api.error_formatting import MASK, request_error, stamped
from customer_gateway.errors import CredentialUnchecked, Unauthenticated
from customer_gateway.http.callers.authenticator import challenge, retry_after
from customer_gateway.http.negotiation import Media
from customer_gateway.http.request import ParametersInvalid, PersistedQueryUnknown, RequestInvalid

if TYPE_CHECKING:
    from customer_gateway.api.engine import RefusedOperation
    from customer_gateway.api.reply import Reply
    from customer_gateway.http.request_log import RequestLog

    Header: TypeAlias = tuple[bytes, bytes]

_REFUSED_STATUS: Final = {"parse": 400, "limits": 422, "validation": 422, "operation": 422}

_log = structlog.get_logger("customer_gateway.http")


@dataclass(frozen=True, slots=True)
class SharedReply:
    """Hold the reply to all requests that share an execution; `whole` is its body where that is the same for all.

    `operation_type` is None where a request leaves an execution that has no result so far.
    """

    reply: Reply
    whole: bytes | None
    operation_type: str | None


class HttpResponse(NamedTuple):
    """Hold a status, a body in JSON, and headers beside those that every answer has."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()


def response_to(error: Exception, log: RequestLog, media: Media | None) -> HttpResponse:
    """Return the answer to a request that cannot be served. A mistake of ours is logged, and masked for the client."""
    if isinstance(error, Unauthenticated | CredentialUnchecked):
        error = _refusal_of_caller(error)
    if isinstance(error, RequestInvalid):
        status = _status_of(error, media)
        log.notes["refused"] = "request"
        return HttpResponse(
            status, _errors_body([request_error(error.message, error.code, **error.extensions)], log), error.headers
        )
    _log.exception("request failed")
    return HttpResponse(500, _errors_body([request_error(MASK, "INTERNAL_SERVER_ERROR")], log))


def _refusal_of_caller(error: Unauthenticated | CredentialUnchecked) -> RequestInvalid:
    if isinstance(error, Unauthenticated):
        return RequestInvalid(401, str(error), error.code, (challenge(error),))
    return RequestInvalid(503, str(error), error.code, (retry_after(error),), error.retry_after_ms)


def _status_of(error: RequestInvalid, media: Media | None) -> int:
    if media is not Media.JSON or not isinstance(error, ParametersInvalid):
        return error.status
    # Clients that look for an unknown persisted query take 400 for a broken connection.
    return 200 if isinstance(error, PersistedQueryUnknown) else 400


def refusal_of(refused: RefusedOperation, log: RequestLog) -> HttpResponse:
    """Return the answer to an operation that is not executed."""
    status = 200 if log.media is Media.JSON else _REFUSED_STATUS[refused.stage]
    log.notes["refused"] = refused.stage
    return HttpResponse(status, _errors_body(refused.errors, log))


def _errors_body(errors: list[dict[str, Any]], log: RequestLog) -> bytes:
    log.record_errors(errors)
    return orjson.dumps({"errors": stamped(errors, log.request_id)})
