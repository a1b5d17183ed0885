"""One vendor: its dialect behind a call log, a fault switch and rate limits, as one ASGI application."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from customer_gateway.sandbox.admin import admin
from customer_gateway.sandbox.call_log import Call, CallLog
from customer_gateway.sandbox.churn import Churn
from customer_gateway.sandbox.clock import VendorClock
from customer_gateway.sandbox.exchange import Refusal
from customer_gateway.sandbox.faults import Answer, Scene, play
from customer_gateway.sandbox.hooks import Hooks
from customer_gateway.sandbox.limits import Parallel, RateLimits, Window
from customer_gateway.sandbox.population import Population
from customer_gateway.sandbox.switch import Faults
from customer_gateway.sandbox.tenants import Tenants
from customer_gateway.sandbox.views import Views, seen_through

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from customer_gateway.sandbox.changes import Changes
    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.fault import Fault
    from customer_gateway.sandbox.people import Market, Party
    from customer_gateway.sandbox.store import Kind, Store


class Dialect(Protocol):
    """What makes a vendor this vendor. Paths are relative to `base_path`.

    `credentials` are the keys of the gateway's configuration table; `other_credentials` are further ways to log in,
    named as the vendor names them. `retry_after` says whether a 429 says how long to wait.
    """

    name: str
    base_path: str
    credentials: Mapping[str, str | int]
    other_credentials: Mapping[str, str]
    login_paths: tuple[str, ...]
    windows: tuple[Window, ...]
    parallel: Parallel
    retry_after: bool
    error_under_200: bytes

    def authenticate(self, request: Request) -> None:
        """Raise a Refusal for a caller without valid credentials."""
        ...

    def routes(self) -> Sequence[Route]: ...

    def refusal(self, refusal: Refusal) -> Response:
        """Return the refusal in the vendor's own error shape."""
        ...


@dataclass(frozen=True, slots=True)
class VendorDefinition:
    """What a vendor's folder says of it. `fill` puts parties into an empty store, in order, as its `customers`.

    `port` is the vendor's in the sandbox as a command, and its place among the vendors. `changes` says what a customer
    looks like after somebody changed it there; `listed` are further collections that faults of lists concern.
    """

    name: str
    dialect: Callable[[Store, Clock], Dialect]
    market: Market
    customers: Kind
    fill: Callable[[Store, Sequence[Party]], None]
    port: int
    changes: Changes
    listed: tuple[Kind, ...] = ()


class Vendor:
    """A running vendor. `app` is the ASGI application; `rate_limits` switches its limits on and off.

    `customers` are its customers as they are stored, `store` holds everything else; `hooks` run at its calls.
    `population` lets customers come and go, `churn` does so by itself.
    """

    def __init__(
        self, definition: VendorDefinition, store: Store, clock: Clock, *, customers: int, rate_limits: bool
    ) -> None:
        self.clock = VendorClock(clock)
        dialect = definition.dialect(store, self.clock)
        self.name = dialect.name
        self.base_path = dialect.base_path
        self.credentials = dict(dialect.credentials)
        self.other_credentials = dict(dialect.other_credentials)
        self.rate_limits = rate_limits
        self.log = CallLog()
        self.faults = Faults()
        self.hooks = Hooks()
        self.store = store
        self.customers = store[definition.customers]
        self.dialect = dialect
        self.app: ASGIApp = self._serve
        self._views = Views(definition.customers.name, [kind.name for kind in definition.listed])
        self._limits = RateLimits(dialect.windows, clock)
        self.population = Population(definition, store, self.clock, customers)
        self.churn = Churn(self.population, self.clock)
        self.tenants = Tenants(definition, store, customers)
        self._admin = admin(self)
        self._api = Starlette(
            routes=list(dialect.routes()),
            exception_handlers={Refusal: self._refused, HTTPException: self._unrouted},
        )
        self._api.router.redirect_slashes = False

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["path"].startswith("/_sandbox/"):
            await self._admin(scope, receive, send)
        else:
            await self._call(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _body(receive)
        call = self._logged(scope, body)
        inner: Scope = {**scope, "path": call.path, "raw_path": call.path.encode(), "root_path": ""}
        noting = _noting(call, send)
        request = Request(inner)
        if refusal := self._over_the_limit(request):
            await self.dialect.refusal(refusal)(inner, receive, noting)
            return
        if not call.login:
            self.churn.meet_call()
        try:
            await self._met(self.faults.take(call.method, call.path), inner, body, receive, noting)
        finally:
            self.dialect.parallel.leave(request)

    async def _met(self, fault: Fault | None, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        if fault is None:
            await self._answer(scope, _replayed(body), send)
        else:
            await play(fault, self._scene(fault, scope, body, receive, send))

    def _over_the_limit(self, request: Request) -> Refusal | None:
        """Return None where the call is let in, and count it: until it leaves, and in its windows."""
        if self.rate_limits and self.dialect.parallel.is_full(request):
            return Refusal(503, "Too many requests at the same time.")
        if self.rate_limits and (wait := self._limits.seconds_to_wait(request)):
            headers = {"Retry-After": str(max(1, ceil(wait)))} if self.dialect.retry_after else None
            return Refusal(429, "Too many requests.", headers=headers)
        self.dialect.parallel.enter(request)
        return None

    def _logged(self, scope: Scope, body: bytes) -> Call:
        path = scope["path"]
        # A path outside the base path is no call of this API: it stays as it is and finds no route.
        below = path.removeprefix(self.base_path) if path.startswith(f"{self.base_path}/") else f"/?{path}"
        relative = below if self.base_path else path
        call = Call(scope["method"], relative, scope["query_string"].decode("ascii", "replace"), body)
        call.login = relative in self.dialect.login_paths
        self.log.entries.append(call)
        return call

    def _scene(self, fault: Fault, scope: Scope, body: bytes, receive: Receive, send: Send) -> Scene:
        async def true_answer() -> Answer:
            with seen_through(self._views.of(fault) if _is_read(scope) else None):
                return await _kept_back(self._answer, scope, _replayed(body))

        return Scene(scope, receive, send, true_answer, self._error_body, self.dialect.error_under_200)

    def _error_body(self, status: int) -> bytes:
        return bytes(self.dialect.refusal(Refusal(status, "The service is not available.")).body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        call = f"{scope['method']} {scope['path']}"
        with seen_through(None):
            await self.hooks.run("before", call)
        if request.url.path not in self.dialect.login_paths:
            try:
                self.dialect.authenticate(request)
            except Refusal as refusal:
                await self.dialect.refusal(refusal)(scope, receive, send)
                return
        await self._api(scope, receive, self._before_sending(call, send))

    def _before_sending(self, call: str, send: Send) -> Send:
        async def run_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                with seen_through(None):
                    await self.hooks.run("after", call)
            await send(message)

        return run_and_send

    async def _refused(self, _request: Request, error: Any) -> Response:
        return self.dialect.refusal(error)

    async def _unrouted(self, _request: Request, error: Any) -> Response:
        return self.dialect.refusal(Refusal(error.status_code, str(error.detail), headers=error.headers))


def _is_read(scope: Scope) -> bool:
    return scope["method"] == "GET" or scope["path"].endswith("search")


async def _lifespan(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _replayed(body: bytes) -> Receive:
    """Return a channel that gives the body, which has been read already, once more."""

    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _noting(call: Call, send: Send) -> Send:
    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.status = message["status"]
        await send(message)

    return note


async def _kept_back(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    headers = [(name, value) for name, value in messages[0]["headers"] if name != b"content-length"]
    return Answer(messages[0]["status"], headers, body)
