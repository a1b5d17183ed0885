"""Call one system within deadline, budget and bounds, and raise every failure by its kind.

A call passes, in this order: the breaker, the credentials, the limits (concurrency and rate), its own last check, the
transport, the response reader. The deadline bounds all of it. What may be repeated begins again with the credentials.
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
from customer_gateway.wire.attempt import concerns_the_system, is_healthy, wait_before_repeating
from customer_gateway.wire.auth import StaticHeaders
from customer_gateway.wire.call import CallRecord, CallState, build_request, default_headers, logged
from customer_gateway.wire.health import Breaker, Health
from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.refusals import RateLimitPastDeadline, circuit_open, no_slot, not_sent
from customer_gateway.wire.response_reader import FailedCall, ResponseReader
from customer_gateway.wire.target import Environment, Policies, RateLimits
from customer_gateway.wire.transport import (
    CutShort,
    HeadTooLarge,
    HttpxTransport,
    NotHttp,
    ReqwestTransport,
    Unanswered,
)
from customer_gateway.work.batcher import KEYS
from customer_gateway.work.kept_reads import ANSWERED_CALLS

if TYPE_CHECKING:
    from customer_gateway.wire.auth import Auth, Headers
    from customer_gateway.wire.call import Answer, Call
    from customer_gateway.wire.policy import Limits
    from customer_gateway.wire.target import Target
    from customer_gateway.wire.transport import Transport
    from customer_gateway.work.deadline import Deadline

_NEW_LOGIN = 401


class CircuitOpen(Exception):
    """The breaker opened while the call waited for a slot."""


class Client:
    """Call one system under one set of credentials.

    Every exchange ends in a `CallRecord`, which all observers get; one of them logs it as "upstream_call".
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
        self._credentials = auth.fixed if isinstance(auth, StaticHeaders) else ()
        self._session = None if isinstance(auth, StaticHeaders) else auth
        self._headers = default_headers(target.headers)
        self._reader = ResponseReader(target.system, limits.most_bytes, target.error_in_body, Drift(target.system))
        self._breaker = Breaker(policies.breaker, clock)
        self._patience = policies.breaker.min_wait_seconds
        self._retry = policies.retry
        limiter = rates.limiter or RateLimiter((), clock)
        self._limit = ConcurrencyLimit(limiter, limits.most_parallel, windows, rates.name)
        self._decode_queue = environment.decode_queue
        self._transport = _transport(self._base_url, limits, environment)
        self._clock = clock
        self._log: Any = environment.log or structlog.get_logger()
        self._observers = (logged(self._log), *environment.observers)

    async def call(self, call: Call, deadline: Deadline) -> Answer:
        """Return the answer to the call, or raise an `UpstreamError`, whose cause says more than its message.

        When the deadline comes during a repetition the failure raised is the last one: a timeout. A repetition is only
        begun when the wait before it, and an attempt as long as the last, fit the deadline; otherwise the failure
        of the last attempt is raised at once. A reading call that was made before and kept is answered without one.
        """
        answered = ANSWERED_CALLS.get() if call.idempotent else None
        if answered is not None and (known := answered.find(call)) is not None:
            return known
        if self._breaker.wait() is not None:
            raise circuit_open(self.system, self._breaker, applied=False)
        keys = KEYS.get() if call.path == call.endpoint else 1
        state = CallState(trial=self._breaker.enter(), keys=keys)
        self.health.began()
        try:
            answer = await self._within(call, deadline, state)
        except UpstreamError as failure:
            failure.applied = state.applied
            self._failed(failure, state)
            raise
        except CircuitOpen:
            self.health.ended(None)
            raise circuit_open(self.system, self._breaker, applied=state.applied) from None
        except BaseException:
            self._breaker.inconclusive(trial=state.trial)
            self.health.ended(None)
            raise
        self._breaker.answered()
        self.health.ended(True)  # noqa: FBT003 - an outcome
        if answered is not None:
            answered.note(call, answer)
        return answer

    async def call_anonymous(self, call: Call, deadline: Deadline) -> Answer:
        """Make a call without credentials: a login. Its end counts with the call that needed it."""
        state = CallState(trial=True)  # the breaker has let the call through that needs it
        state.attempt = 1
        try:
            async with deadline.enforce():
                return await self._exchange(call, (), deadline, state)
        except TimeoutError:
            raise self._too_late(call) from None
        except RateLimitPastDeadline as error:
            raise no_slot(self.system, f"{call.method} {call.endpoint}", error) from None

    @property
    def calls_per_second(self) -> float | None:
        """Return how many calls that give way may start in a second; None where nothing bounds them."""
        return self._limit.calls_per_second()

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _within(self, call: Call, deadline: Deadline, state: CallState) -> Answer:
        if not deadline.remaining():
            raise self._too_late(call)
        try:
            async with deadline.enforce():
                return await self._attempts(call, deadline, state)
        except TimeoutError:
            raise self._too_late(call) from None

    async def _attempts(self, call: Call, deadline: Deadline, state: CallState) -> Answer:
        last: UpstreamError | None = None
        while True:
            state.attempt += 1
            began = self._clock()
            try:
                return await self._attempt(call, deadline, state)
            except RateLimitPastDeadline as error:
                raise last or no_slot(self.system, f"{call.method} {call.endpoint}", error) from None
            except UpstreamError as failure:
                wait = wait_before_repeating(call, failure, state.attempt, self._retry)
                if wait is None or wait + self._clock() - began >= deadline.remaining() or self._is_circuit_open(state):
                    raise
                last = failure.again()  # a copy: what was raised knows this frame, and the two would keep each other
            state.waiting_since = None
            await asyncio.sleep(wait)

    async def _attempt(self, call: Call, deadline: Deadline, state: CallState) -> Answer:
        if self._session is None:
            return await self._exchange(call, self._credentials, deadline, state)
        state.waiting_since = self._clock()
        state.in_session = True
        credentials = await self._session.headers(self, deadline)
        try:
            return await self._exchange(call, credentials, deadline, state)
        except UpstreamError as failure:
            if state.renewed or not state.doubts_session:
                raise
            if not (call.idempotent or isinstance(failure, UpstreamUnauthorized)):
                raise  # it may have been done: only a refused session says that it was not
            state.renewed = True
            state.waiting_since = self._clock()
            doubted_on = None if failure.status == _NEW_LOGIN else call.endpoint
            renewed = await self._session.renewed(credentials, self, deadline, doubted_on)
            if renewed is None:
                raise
        try:
            return await self._exchange(call, renewed, deadline, state)
        except UpstreamError:
            if state.doubts_session:
                self._session.confirm(call.endpoint, renewed)
            raise

    async def _exchange(self, call: Call, credentials: Headers, deadline: Deadline, state: CallState) -> Answer:
        request = build_request(call, self._base_url, self._headers + credentials)
        state.waiting_since = None
        entered = self._clock()
        start = await self._limit.enter(call, deadline)
        why = None if call.last_check is None else call.last_check()
        if why is not None or self._is_circuit_open(state):
            self._limit.leave(start)
            raise CircuitOpen if why is None else not_sent(self.system, f"{call.method} {call.endpoint}", why)
        began = state.waiting_since = self._clock()
        state.doubts_session = False
        applied, state.applied = state.applied, None  # it may have been done from here on
        seconds, reply, outcome, reason = 0.0, None, "cancelled", None
        try:
            try:
                reply = await self._transport.exchange(*request, explained=call.explain)
            finally:
                self._limit.leave(start)
                seconds = self._clock() - began
            state.waiting_since = None  # what is waited for from here on says nothing of the system
            await self._decode_queue.wait(len(reply.body))
            answer = self._reader.answer(call, reply, in_session=state.in_session)
            outcome = "ok"
        except (FailedCall, Unanswered, CutShort, NotHttp, HeadTooLarge) as error:
            state.doubts_session = isinstance(error, FailedCall) and error.doubts_session
            failure = self._failure_of(call, error)
            state.applied = applied if failure.applied is False else None
            failure.explanation = self._reader.explanation(reply) if call.explain and reply is not None else None
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
            # Whatever a vendor sends costs its own field at most, also where our own code fails on it.
            outcome, reason = UpstreamBadResponse.code, f"unexpected {type(error).__name__}"
            self._log.exception("upstream_answer_failed", system=self.system, template=call.endpoint)
            raise self._reader.unreadable(call) from error
        finally:
            record = CallRecord(
                system=self.system,
                method=call.method,
                route=call.endpoint,
                status=reply.status if reply else None,
                tries=state.attempt,
                wait=began - entered,
                seconds=seconds,
                bytes=len(reply.body) if reply else 0,
                outcome=outcome,
                reason=reason,
                keys=state.keys,
                shared=max(1, deadline.joined),
            )
            for observe in self._observers:
                observe(record)
        return answer

    def _failure_of(self, call: Call, error: Exception) -> UpstreamError:
        if not isinstance(error, FailedCall):
            return self._reader.not_received(call, error)
        failure = error.failure
        del error.failure  # it becomes the failure's cause: both ways they would keep each other, and the body
        if isinstance(failure, UpstreamRateLimited):
            # 0: it does not say how long, or says that the wait is over, which a 429 belies.
            self._limit.pause((failure.retry_after_ms or 0) / 1000)
        return failure

    def _is_circuit_open(self, state: CallState) -> bool:
        """Return whether the breaker has opened since it let the call through."""
        return self._breaker.is_open and not state.trial

    def _failed(self, failure: UpstreamError, state: CallState) -> None:
        since = state.waiting_since
        waited = None if since is None else self._clock() - since
        concerned = concerns_the_system(failure, waited, self._patience)
        if isinstance(failure, UpstreamUnauthorized):
            self.health.ended(False)  # noqa: FBT003 - an outcome
        else:
            self.health.ended(is_healthy(failure) if concerned else None)
        if not concerned:
            self._breaker.inconclusive(trial=state.trial)
        elif isinstance(failure, UpstreamUnavailable | UpstreamTimeout):
            self._breaker.failed(trial=state.trial)
        else:
            self._breaker.answered()

    def _too_late(self, call: Call) -> UpstreamTimeout:
        return UpstreamTimeout.late(self.system, f"{call.method} {call.endpoint}")


def _transport(base_url: str, limits: Limits, environment: Environment) -> Transport:
    if environment.transport is not None:
        return HttpxTransport(environment.transport, cap=limits.most_bytes)
    return ReqwestTransport(
        base_url, cap=limits.most_bytes, idle=limits.most_parallel, authorities=environment.authorities
    )
