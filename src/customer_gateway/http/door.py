"""The door that every request passes: it gets an id, which its answer tells, and one line in the log."""

from __future__ import annotations

import re
from random import getrandbits
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.http.negotiation import Media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""Ids taken over from the client: nothing that could break a log line or a header."""

NO_SNIFFING: Final = (b"x-content-type-options", b"nosniff")

_log = structlog.get_logger("customer_gateway.http")


class Visit:
    """One request on its way through: its id, the media type of its answer, and what the log line will say of it.

    `notes` never holds a document, a variable or a header.
    """

    __slots__ = ("media", "notes", "request_id", "status")

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.media = Media.JSON
        self.status = 499  # the client left before anything was answered
        self.notes: dict[str, Any] = {}


class Door:
    """ASGI middleware; what is inside finds the `Visit` in `scope["visit"]`.

    `hot` has the way past the router for those few paths that must be fast: they bring their own last net.
    """

    def __init__(self, app: ASGIApp, hot: Mapping[str, ASGIApp]) -> None:
        self._app = app
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        visit = scope["visit"] = Visit(_request_id(scope["headers"]))

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = int(message["status"])
                own = (b"x-request-id", visit.request_id.encode())
                message["headers"] = [*message.get("headers", ()), NO_SNIFFING, own]
            await send(message)

        tokens = structlog.contextvars.bind_contextvars(request_id=visit.request_id)
        try:
            await self._hot.get(scope["path"], self._app)(scope, receive, send_safely)
        finally:
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=visit.status,
                ms=round((perf_counter() - began) * 1000, 1),
                **visit.notes,
            )
            structlog.contextvars.reset_contextvars(**tokens)


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode("ascii")
    return f"{getrandbits(128):032x}"  # told apart, not guarded: nothing is granted by knowing one
