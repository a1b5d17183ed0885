"""Record every request: its id, which its answer has in a header, and its line in the log."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus
from random import getrandbits
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.http.negotiation import Media
from customer_gateway.http.problem import problem
from customer_gateway.http.request import header_map
from customer_gateway.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from customer_gateway.api.error_formatting import FormattedError
    from customer_gateway.http.hosts import Hosts

ACCEPTABLE_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""Ids of a client's that are used: nothing that could break a log line or a header."""

NO_SNIFFING: Final = (b"x-content-type-options", b"nosniff")

_CLIENT_LEFT: Final = 499  # before anything was answered
_NO_SUCH_PATH: Final = 404

_MISDIRECTED: Final = problem(
    HTTPStatus.MISDIRECTED_REQUEST,
    "The gateway is not called by the name in the Host header; if it is to be, add it to `hosts` in [server].",
)

_log = structlog.get_logger("customer_gateway.http")


class RequestLog:
    """Record what the log line of a request says, and hold its headers, its id and the media type of its answer.

    `notes` never holds a document, a variable or a header.
    """

    __slots__ = ("_began", "_method", "_path", "headers", "media", "notes", "request_id", "status")

    def __init__(self, scope: Scope) -> None:
        self._began = perf_counter()
        self._method: str = scope["method"]
        self._path: str = scope["path"]
        self.headers = headers = header_map(scope["headers"])
        self.request_id = _request_id(headers.get(b"x-request-id"))
        self.media = Media.JSON
        self.status = _CLIENT_LEFT
        self.notes: dict[str, Any] = {}

    def record_status(self, status: int) -> tuple[tuple[bytes, bytes], ...]:
        """Record the status of the answer; return the headers that every answer has."""
        self.status = status
        return NO_SNIFFING, (b"x-request-id", self.request_id.encode())

    def record_errors(self, errors: Sequence[FormattedError]) -> None:
        """Record the errors of the answer: how many of each code, and of which systems."""
        self.notes["errors"] = len(errors)
        self.notes["codes"] = dict(Counter(error["extensions"]["code"] for error in errors))
        systems = {error["extensions"]["system"] for error in errors if "system" in error["extensions"]}
        if systems:
            self.notes["systems"] = sorted(systems)

    def record_failure(self) -> None:
        """Record that an exception ended it, as at the end of the process: the server sends 500, if nothing yet."""
        if self.status == _CLIENT_LEFT:
            self.status = 500

    def wrap_send(self, send: Send) -> Send:
        """Return a `send` that records the status and adds the headers."""

        async def recording_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = self.record_status(int(message["status"]))
                message["headers"] = [*message.get("headers", ()), *own]
            await send(message)

        return recording_send

    def finish(self) -> None:
        """Write the line."""
        _log.info(
            "request",
            request_id=self.request_id,
            method=self._method,
            path=self._path if self.status != _NO_SUCH_PATH else "unknown",  # it may hold anything
            status=self.status,
            ms=round((perf_counter() - self._began) * 1000, 1),
            **self.notes,
        )


def _request_id(given: bytes | None) -> str:
    if given is not None and ACCEPTABLE_ID.fullmatch(given):
        return given.decode("ascii")
    return f"{getrandbits(128):032x}"  # unique, not secret: nothing is granted by knowing one


class GatewayApp:
    """Be the outermost ASGI application; those within find the `RequestLog` in `scope["request_log"]`.

    `endpoints` are served past Starlette, by path: each answers its own exceptions and records its status. A request
    whose host `hosts` does not expect is refused.
    """

    def __init__(self, inner: Starlette, endpoints: Mapping[str, ASGIApp], hosts: Hosts) -> None:
        self.inner = inner
        self._endpoints = endpoints
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        request_log = scope["request_log"] = RequestLog(scope)
        before = REQUEST_ID.set(request_log.request_id)
        try:
            endpoint = self._endpoints.get(scope["path"])
            server = scope.get("server")
            if not self._hosts.expect(server[0] if server else None, request_log.headers.get(b"host")):
                request_log.notes["refused"] = "host"
                await _MISDIRECTED(scope, receive, request_log.wrap_send(send))
            elif endpoint is not None:
                await endpoint(scope, receive, send)
            else:
                await self.inner(scope, receive, request_log.wrap_send(send))
        except BaseException:
            request_log.record_failure()
            raise
        finally:
            request_log.finish()
            REQUEST_ID.reset(before)
