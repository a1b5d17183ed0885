"""Route every request: it gets an id, which its answer has in a header, and one line in the log."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from customer_gateway.http.problem import problem
from customer_gateway.http.request_log import RequestLog
from customer_gateway.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.http.hosts import Hosts

_MISDIRECTED: Final = problem(
    HTTPStatus.MISDIRECTED_REQUEST,
    "The gateway is not called by the name in the Host header; if it is to be, add it to `hosts` in [server].",
)


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
