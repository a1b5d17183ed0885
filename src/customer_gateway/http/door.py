"""The door that every request passes: it gets an id, which its answer tells, and one line in the log."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

from customer_gateway.http.problem import problem
from customer_gateway.http.visit import Visit
from customer_gateway.logs import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from customer_gateway.http.hosts import Hosts

_MISDIRECTED: Final = problem(
    HTTPStatus.MISDIRECTED_REQUEST,
    "The gateway is not called by the name in the Host header; if it is to be, add it to `hosts` in [server].",
)


class Hot(Protocol):
    """An ASGI application that must be fast: it brings its own last net, and tells the visit what it answered."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Door:
    """The outermost ASGI application; `inner`, and what is hot, finds the `Visit` in `scope["visit"]`.

    `hot` has the way past Starlette, by path. Who calls the gateway by a name that `hosts` does not expect stays out.
    """

    def __init__(self, inner: Starlette, hot: Mapping[str, Hot], hosts: Hosts) -> None:
        self.inner = inner
        self._hot = hot
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        visit = scope["visit"] = Visit(scope)
        before = REQUEST_ID.set(visit.request_id)
        try:
            hot = self._hot.get(scope["path"])
            if not self._hosts.expect(scope.get("server"), visit.headers.get(b"host")):
                visit.notes["refused"] = "host"
                await _MISDIRECTED(scope, receive, visit.heard(send))
            elif hot is not None:
                await hot(scope, receive, send)
            else:
                await self.inner(scope, receive, visit.heard(send))
        except BaseException:
            visit.failed()
            raise
        finally:
            visit.over()
            REQUEST_ID.reset(before)
