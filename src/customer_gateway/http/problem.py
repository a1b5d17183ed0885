"""Answer failures outside of GraphQL by a problem document (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import orjson
from starlette.responses import Response

from customer_gateway.errors import CredentialUnchecked
from customer_gateway.http.callers.authenticator import challenge, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.errors import Unauthenticated

OF_ITS_CALLER: Final = {"vary": "Authorization", "cache-control": "no-store"}
"""The headers of what is another answer for another caller."""


def problem(status: int, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with the status in its own words, and in `detail` what to do."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = orjson.dumps(document if detail is None else {**document, "detail": detail})
    return Response(body, status, headers=headers, media_type="application/problem+json")


def problem_of_caller(error: Unauthenticated | CredentialUnchecked) -> Response:
    """Return the response to a request whose caller is not known: 401, or 503 where that cannot be found out."""
    if isinstance(error, CredentialUnchecked):
        status, (name, value) = HTTPStatus.SERVICE_UNAVAILABLE, retry_after(error)
    else:
        status, (name, value) = HTTPStatus.UNAUTHORIZED, challenge(error)
    return problem(status, str(error), {name.decode(): value.decode(), **OF_ITS_CALLER})
