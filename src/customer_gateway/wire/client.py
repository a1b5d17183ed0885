"""A client of one system: makes its calls within deadline, budget and bounds, and tells every failure by its kind."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import orjson
import structlog

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire.breaker import Breaker
from customer_gateway.wire.call import Answer
from customer_gateway.wire.decode import Undecodable, document
from customer_gateway.wire.gate import Gate
from customer_gateway.wire.health import Health
from customer_gateway.wire.policy import BreakerPolicy, Limits, Retry
from customer_gateway.wire.retry_after import milliseconds
from customer_gateway.wire.transport import CutShort, Direct, NotHttp, Through, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.model.deadline import Deadline
    from customer_gateway.wire.auth import Auth, Headers
    from customer_gateway.wire.call import Call
    from customer_gateway.wire.policy import Window
    from customer_gateway.wire.transport import Reply


def no_objection(status: int, document: Any) -> str | None:
    """Every decoded answer is what it seems: the verdict of vendors whose errors have error statuses."""
    del status, document


class Client:
    """One system under one set of credentials.

    `verdict(status, document)` gives a reason when a decoded 2xx answer is an error in disguise. `share` is the number
    of workers that call with the same credentials: each keeps to its part of the budget. `transport` replaces the
    gateway's own way to the network.
    """

    def __init__(  # noqa: PLR0913 - a composition root hands in every policy by name
        self,
        *,
        system: str,
        base_url: str,
        auth: Auth | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        budget: Sequence[Window] = (),
        share: int = 1,
        breaker: BreakerPolicy | None = None,
        retry: Retry | None = None,
        verdict: Callable[[int, Any], str | None] = no_objection,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        log: Any = None,
    ) -> None:
        limits = limits or Limits()
        self.system = system
        self.health = Health(clock)
        self._base_url = base_url.rstrip("/")
        self._auth = auth
        self._headers = tuple({**_ALWAYS, **{name.lower(): value for name, value in (headers or {}).items()}}.items())
        self._cap = limits.answer_bytes
        self._breaker = Breaker(breaker or BreakerPolicy(), clock)
        self.refusal_seconds = (breaker or BreakerPolicy()).open_seconds / 2
        self._patience = (breaker or BreakerPolicy()).patience_seconds
        self._retry = retry or Retry()
        self._verdict = verdict
        windows = [window.shared_by(share) for window in (*budget, *limits.windows())]
        self._gate = Gate(limits.parallel, windows, clock)
        self._transport = (
            Through(transport, cap=self._cap)
            if transport
            else Direct(self._base_url, cap=self._cap, idle=limits.parallel)
        )
        self._log = log or structlog.get_logger()

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """Make the call; every failure is one of the `UpstreamError`s."""
        self.health.began()
        ok: bool | None = None
        try:
            async with deadline.enforce():
                answer = await self._exchange(call, deadline)
            ok = True
            return answer
        except TimeoutError:
            ok = False
            raise UpstreamTimeout(self.system, f"{call.method} {call.endpoint} was not answered in time") from None
        except UpstreamError:
            ok = False
            raise
        finally:
            self.health.ended(ok)

    async def _exchange(self, call: Call, deadline: Deadline) -> Answer:
        headers: Headers = ()
        if self._auth is not None:
            headers = await self._auth.headers(self, deadline)
        async with self._gate.turn(call, deadline.remaining()):
            reply = await self._sent(call, headers)
        return self._judged(call, reply)

    async def plain(self, call: Call, deadline: Deadline) -> Answer:
        async with self._gate.turn(call, deadline.remaining()):
            reply = await self._sent(call, ())
        return self._judged(call, reply)

    async def _sent(self, call: Call, credentials: Headers) -> Reply:
        headers = [*self._headers, *credentials]
        content = None
        if call.body is not None:
            content = orjson.dumps(call.body)
            headers.append(("content-type", "application/json"))
        elif call.form is not None:
            content = encoded(call.form.items()).encode()
            headers.append(("content-type", "application/x-www-form-urlencoded"))
        url = self._base_url + call.path
        if call.query:
            url = f"{url}?{encoded(call.query)}"
        what = f"{call.method} {call.endpoint}"
        try:
            return await self._transport.exchange(call.method, url, headers, content)
        except Unanswered:
            raise UpstreamUnavailable(self.system, f"{what}: no connection, or it was dropped") from None
        except CutShort:
            raise UpstreamBadResponse(self.system, f"{what}: the answer was cut short", retryable=True) from None
        except NotHttp:
            raise UpstreamBadResponse(self.system, f"{what}: the answer is not HTTP") from None

    def _judged(self, call: Call, reply: Reply) -> Answer:
        status, headers, body = reply
        what = f"{call.method} {call.endpoint}"
        if 200 <= status < 300:
            return self._decoded(call, reply)
        if status == 404 and call.missing_is_none:
            return Answer(status, None, headers)
        if status >= 500:
            raise UpstreamUnavailable(self.system, f"{what} answered {status}", status=status)
        if status == 429:
            raise UpstreamRateLimited(
                self.system,
                f"{what}: too many calls",
                status=status,
                retry_after_ms=milliseconds(headers.get("retry-after")),
            )
        if status in {401, 403}:
            raise UpstreamUnauthorized(self.system, f"{what}: credentials refused", status=status)
        raise UpstreamBadResponse(self.system, f"{what} answered {status}", status=status)

    def _decoded(self, call: Call, reply: Reply) -> Answer:
        status, headers, body = reply
        what = f"{call.method} {call.endpoint}"
        if not body and (status in {204, 205} or not call.reads):
            return Answer(status, None, headers)
        if len(body) > self._cap:
            raise UpstreamBadResponse(self.system, f"{what}: more than {self._cap} bytes", status=status)
        try:
            found = document(body, headers.get("content-type"), headers.get("content-encoding"), self._cap)
        except Undecodable as error:
            raise UpstreamBadResponse(
                self.system, f"{what}: {error.reason}", status=status, retryable=error.cut_short
            ) from None
        if self._verdict(status, found) is not None:
            raise UpstreamBadResponse(self.system, f"{what}: an error under {status}", status=status)
        return Answer(status, found, headers)

    async def aclose(self) -> None:
        await self._transport.aclose()


_ALWAYS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "customer-gateway"}


def encoded(pairs: Any) -> str:
    """`name=value` pairs percent-encoded and joined; a key may repeat."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
