"""A client of one system: makes its calls within deadline, budget and bounds, and tells every failure by its kind.

A call passes, in this order: the breaker, the credentials, the limits (concurrency and rate), the transport, the
judge. The deadline lies around all of it. What may be repeated goes round again from the credentials.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from customer_gateway.documents.drift import Drift
from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire.attempt import CallState, concerns_the_system, is_healthy, wait_before_repeating
from customer_gateway.wire.breaker import Breaker
from customer_gateway.wire.call_record import CallRecord, logged
from customer_gateway.wire.health import Health
from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
from customer_gateway.wire.limits.rate_limiter import RateLimitPastDeadline
from customer_gateway.wire.policy import Limits
from customer_gateway.wire.refusals import circuit_open, no_slot
from customer_gateway.wire.request import standing_headers, wired
from customer_gateway.wire.response_reader import FailedCall, ResponseReader
from customer_gateway.wire.target import Environment, Policies, RateLimits
from customer_gateway.wire.transport import CutShort, Direct, HeadTooLarge, NotHttp, Through, Unanswered
from customer_gateway.work.batcher import KEYS

if TYPE_CHECKING:
    from customer_gateway.wire.auth import Auth, Headers
    from customer_gateway.wire.call import Answer, Call
    from customer_gateway.wire.policy import Limits
    from customer_gateway.wire.target import Target
    from customer_gateway.wire.transport import Transport
    from customer_gateway.work.deadline import Deadline

_NEW_LOGIN = 401


class CircuitOpen(Exception):
    """The breaker opened while the call waited for its turn."""


class Client:
    """One system under one set of credentials.

    Every exchange ends in a `CallRecord`, which is one log line, "upstream_call", and is told to all observers.
    """

    def __init__(
        self,
        target: Target,
        auth: Auth | None = None,
        policies: Policies | None = None,
        rates: RateLimits | None = None,
        environment: Environment | None = None,
    ) -> None:
        policies, rates = policies or Policies(), rates or RateLimits()
        environment = environment or Environment()
        limits, clock = policies.limits, environment.clock
        windows = (*rates.budget, *limits.windows())
        self.system = target.system
        self.refusal_seconds = policies.breaker.open_seconds / 2
        self.health = Health(clock)
        self._base_url = target.base_url.rstrip("/")
        self._auth = auth
        self._headers = standing_headers(target.headers)
        self._judge = ResponseReader(target.system, limits.most_bytes, target.error_in_body, Drift(target.system))
        self._breaker = Breaker(policies.breaker, clock)
        self._patience = policies.breaker.patience_seconds
        self._retry = policies.retry
        self._limit = ConcurrencyLimit(limits.most_parallel, windows, clock, rates.limiter, rates.share, rates.name)
        self._intake = environment.intake
        self._transport = _transport(self._base_url, limits, environment)
        self._clock = clock
        self._log: Any = environment.log or structlog.get_logger()
        self._observers = (logged(self._log), *environment.observers)

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """The answer to the call, or one of the `UpstreamError`s, whose cause tells an operator more than its message.

        When the deadline comes during a repetition the failure told is the last one: a timeout. A repetition is only
        begun when the wait before it, and an attempt as long as the last, fit the deadline; otherwise the failure
        of the last attempt is told at once.
        """
        if self._breaker.wait() is not None:
            raise self._circuit_open()
        keys = KEYS.get() if call.path == call.endpoint else 1
        progress = CallState(trial=self._breaker.enter(), keys=keys)
        self.health.began()
        try:
            answer = await self._within(call, deadline, progress)
        except UpstreamError as failure:
            self._failed(failure, progress)
            raise
        except CircuitOpen:
            self.health.ended(None)
            raise self._circuit_open() from None
        except BaseException:
            self._breaker.said_nothing(trial=progress.trial)
            self.health.ended(None)
            raise
        self._breaker.answered()
        self.health.ended(True)  # noqa: FBT003 - an outcome
        return answer

    async def call_anonymous(self, call: Call, deadline: Deadline) -> Answer:
        """The call without credentials: a login. Its end counts with the call that needed it."""
        progress = CallState(trial=True)  # the breaker has let in the call that needs it
        progress.attempt = 1
        try:
            async with deadline.enforce():
                return await self._exchange(call, (), deadline, progress)
        except TimeoutError:
            raise self._too_late(call) from None
        except RateLimitPastDeadline as error:
            raise no_slot(self.system, f"{call.method} {call.endpoint}", error) from None

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _within(self, call: Call, deadline: Deadline, progress: CallState) -> Answer:
        if not deadline.remaining():
            raise self._too_late(call)
        try:
            async with deadline.enforce():
                return await self._attempts(call, deadline, progress)
        except TimeoutError:
            raise self._too_late(call) from None

    async def _attempts(self, call: Call, deadline: Deadline, progress: CallState) -> Answer:
        last: UpstreamError | None = None
        while True:
            progress.attempt += 1
            began = self._clock()
            try:
                return await self._attempt(call, deadline, progress)
            except RateLimitPastDeadline as error:
                raise last or no_slot(self.system, f"{call.method} {call.endpoint}", error) from None
            except UpstreamError as failure:
                wait = wait_before_repeating(call, failure, progress.attempt, self._retry)
                if (
                    wait is None
                    or wait + self._clock() - began >= deadline.remaining()
                    or self._is_circuit_open(progress)
                ):
                    raise
                last = failure
            progress.waiting_since = None
            await asyncio.sleep(wait)

    async def _attempt(self, call: Call, deadline: Deadline, progress: CallState) -> Answer:
        if self._auth is None:
            return await self._exchange(call, (), deadline, progress)
        progress.waiting_since = self._clock()
        progress.in_session = self._auth.in_session
        credentials = await self._auth.headers(self, deadline)
        try:
            return await self._exchange(call, credentials, deadline, progress)
        except UpstreamError as failure:
            if progress.renewed or not progress.doubts_session:
                raise
            progress.renewed = True
            progress.waiting_since = self._clock()
            doubted_on = None if failure.status == _NEW_LOGIN else call.endpoint
            renewed = await self._auth.renewed(credentials, self, deadline, doubted_on)
            if renewed is None:
                raise
        try:
            return await self._exchange(call, renewed, deadline, progress)
        except UpstreamError:
            if progress.doubts_session:
                self._auth.keep_on(call.endpoint, renewed)
            raise

    async def _exchange(self, call: Call, credentials: Headers, deadline: Deadline, progress: CallState) -> Answer:
        request = wired(call, self._base_url, self._headers + credentials)
        progress.waiting_since = None
        asked = self._clock()
        turn = await self._limit.enter(call, deadline)
        if self._is_circuit_open(progress):
            self._limit.leave(turn)
            raise CircuitOpen
        began = progress.waiting_since = self._clock()
        progress.doubts_session = False
        seconds, reply, outcome, reason = 0.0, None, "cancelled", None
        try:
            try:
                reply = await self._transport.exchange(*request, explained=call.explain)
            finally:
                self._limit.leave(turn)
                seconds = self._clock() - began
            progress.waiting_since = None  # what is waited for from here on says nothing of the system
            await self._intake.turn(len(reply.body))
            answer = self._judge.answer(call, reply, in_session=progress.in_session)
            outcome = "ok"
        except (FailedCall, Unanswered, CutShort, NotHttp, HeadTooLarge) as error:
            progress.doubts_session = isinstance(error, FailedCall) and error.doubts_session
            failure = self._told(call, error)
            failure.explanation = self._judge.explanation(reply) if call.explain and reply is not None else None
            outcome, reason = failure.code, str(error)
            try:
                raise failure from error
            finally:
                del failure  # what is raised knows this frame: named here, the two would keep the answer's body
        except (TimeoutError, asyncio.CancelledError) as error:
            if isinstance(error, TimeoutError) or not deadline.remaining():
                outcome = UpstreamTimeout.code
            raise
        except Exception as error:
            # The last net: what a vendor sends may cost its own field, whatever we stumble over.
            outcome, reason = UpstreamBadResponse.code, f"stumbled over it: {type(error).__name__}"
            self._log.exception("upstream_call_stumbled", system=self.system, template=call.endpoint)
            raise self._judge.unreadable(call) from error
        finally:
            record = CallRecord(
                system=self.system,
                method=call.method,
                route=call.endpoint,
                status=reply.status if reply else None,
                tries=progress.attempt,
                wait=began - asked,
                seconds=seconds,
                bytes=len(reply.body) if reply else 0,
                outcome=outcome,
                reason=reason,
                keys=progress.keys,
                shared=max(1, deadline.joined),
            )
            for observe in self._observers:
                observe(record)
        return answer

    def _told(self, call: Call, error: Exception) -> UpstreamError:
        if isinstance(error, FailedCall):
            failure = error.failure
            del error.failure  # it becomes the failure's cause: both ways they would keep each other, and the body
            if isinstance(failure, UpstreamRateLimited):
                self._pause(failure)
            return failure
        return self._judge.not_received(call, error)

    def _pause(self, failure: UpstreamRateLimited) -> None:
        # 0: it does not say how long, or says that the wait is over, which a 429 belies.
        self._limit.pause((failure.retry_after_ms or 0) / 1000)

    def _is_circuit_open(self, progress: CallState) -> bool:
        """Whether the breaker has opened since the call was let in."""
        return self._breaker.is_open and not progress.trial

    def _circuit_open(self) -> UpstreamUnavailable:
        return circuit_open(self.system, self._breaker.failures, self._breaker.wait() or 0.0)

    def _failed(self, failure: UpstreamError, progress: CallState) -> None:
        since = progress.waiting_since
        waited = None if since is None else self._clock() - since
        concerned = concerns_the_system(failure, waited, self._patience)
        if isinstance(failure, UpstreamUnauthorized):
            self.health.ended(False)  # noqa: FBT003 - an outcome
        else:
            self.health.ended(is_healthy(failure) if concerned else None)
        if not concerned:
            self._breaker.said_nothing(trial=progress.trial)
        elif isinstance(failure, UpstreamUnavailable | UpstreamTimeout):
            self._breaker.failed(trial=progress.trial)
        else:
            self._breaker.answered()

    def _too_late(self, call: Call) -> UpstreamTimeout:
        return UpstreamTimeout.late(self.system, f"{call.method} {call.endpoint}")


def _transport(base_url: str, limits: Limits, environment: Environment) -> Transport:
    if environment.transport is not None:
        return Through(environment.transport, cap=limits.most_bytes)
    return Direct(base_url, cap=limits.most_bytes, idle=limits.most_parallel, authorities=environment.authorities)
