"""Let pages of listed origins ask from a browser (CORS, Fetch standard, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.middleware.cors import CORSMiddleware

from customer_gateway.http.origin import PREFLIGHT_HEADERS

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Receive, Scope, Send

_ASKED_WITH: Final = (
    "Authorization",
    "Idempotency-Key",
    "X-Request-Id",
    "X-Request-Timeout",
    "Apollographql-Client-Name",  # sent, and the next, by Apollo Client where the front end has a name; not read here
    "Apollographql-Client-Version",
    *(name.decode("ascii") for name in PREFLIGHT_HEADERS),
)
_READ_FROM_ANSWERS: Final = ("Idempotent-Replayed", "Retry-After", "X-Request-Id")


class Cors:
    """Serve an endpoint to pages of the `origins`, by Starlette's middleware; without cookies.

    A preflight request is answered here, so it is recorded here; all others by the endpoint.
    """

    def __init__(self, endpoint: ASGIApp, origins: Collection[str]) -> None:
        self._middleware = CORSMiddleware(
            endpoint,
            allow_origins=origins,
            allow_methods=("GET", "POST"),
            allow_headers=_ASKED_WITH,
            expose_headers=_READ_FROM_ANSWERS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_log = scope["request_log"]
        headers = request_log.headers
        if scope["method"] == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers:
            send = request_log.wrap_send(send)
        await self._middleware(scope, receive, send)
