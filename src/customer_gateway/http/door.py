"""The door that every request passes: it gets an id, which its answer tells, and one line in the log."""

from __future__ import annotations

import re
from random import getrandbits
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.http.negotiation import Media
from customer_gateway.http.reading import header_map
from customer_gateway.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACCEPTABLE_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""Ids taken over from the client: nothing that could break a log line or a header."""

_CLIENT_LEFT: Final = 499  # before anything was answered
_NO_SUCH_PATH: Final = 404
NO_SNIFFING: Final = (b"x-content-type-options", b"nosniff")

_log = structlog.get_logger("customer_gateway.http")


class Visit:
    """One request on its way through: its id, the media type of its answer, and what the log line will say of it.

    `notes` never holds a document, a variable or a header.
    """

    __slots__ = ("headers", "media", "notes", "request_id", "status")

    def __init__(self, headers: dict[bytes, bytes]) -> None:
        self.headers = headers
        self.request_id = _request_id(headers.get(b"x-request-id"))
        self.media = Media.JSON
        self.status = _CLIENT_LEFT
        self.notes: dict[str, Any] = {}

    def answered(self, status: int) -> tuple[tuple[bytes, bytes], ...]:
        """Take note of the status that the answer has; the headers that every answer carries."""
        self.status = status
        return NO_SNIFFING, (b"x-request-id", self.request_id.encode())

    def failed(self) -> None:
        """An exception ends it, as at the end of the process: if nothing was answered yet, the server answers 500."""
        if self.status == _CLIENT_LEFT:
            self.status = 500

    def heard(self, send: Send) -> Send:
        """`send`, with the status heard and the headers added."""

        async def send_heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = self.answered(int(message["status"]))
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        return send_heard


class Door:
    """The outermost ASGI application; `inner`, and what is hot, finds the `Visit` in `scope["visit"]`.

    `hot` has the way past Starlette for those few paths that must be fast: they bring their own last net, and tell the
    visit what they answered.
    """

    def __init__(self, inner: Starlette, hot: Mapping[str, ASGIApp]) -> None:
        self.inner = inner
        self._hot = hot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began = perf_counter()
        visit = scope["visit"] = Visit(header_map(scope["headers"]))
        before = REQUEST_ID.set(visit.request_id)
        try:
            hot = self._hot.get(scope["path"])
            if hot is not None:
                await hot(scope, receive, send)
            else:
                await self.inner(scope, receive, visit.heard(send))
        except BaseException:
            visit.failed()
            raise
        finally:
            _log.info(
                "request",
                method=scope["method"],
                path=scope["path"] if visit.status != _NO_SUCH_PATH else "unknown",  # it may hold anything
                status=visit.status,
                ms=round((perf_counter() - began) * 1000, 1),
                **visit.notes,
            )
            REQUEST_ID.reset(before)


def _request_id(given: bytes | None) -> str:
    if given is not None and ACCEPTABLE_ID.fullmatch(given):
        return given.decode("ascii")
    return f"{getrandbits(128):032x}"  # told apart, not guarded: nothing is granted by knowing one
