"""Decide which call starts next of those that a vendor counts together: of one client, or of several."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits.fair_queue import FairQueue, Lane, Waiter
from customer_gateway.wire.limits.redis_slots import RedisSlots
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS, RateBudget, Slot, StartedCall, first_common
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, Window
    from customer_gateway.wire.limits.store import BudgetStore
    from customer_gateway.wire.limits.worker_share import WorkerShare, WorkerSlot
    from customer_gateway.work.deadline import Deadline

_LONGEST_PAUSE_SECONDS: Final = 60.0  # a vendor that asks for more is tried again after this much
_FIRST_LAG_SECONDS: Final = 0.02
_UNKNOWN: Final = float("inf")


class RateLimitPastDeadline(Exception):
    """Refuse a call that may start in `seconds`, after its deadline. `paused`: because the vendor refused calls."""

    def __init__(self, seconds: float, *, paused: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.paused = paused


class RateLimiter:
    """Start calls as the windows have room, one of each request in turn; those that give way leave room for another.

    The first call of each lane has a slot reserved: those whose windows have room earlier do not take it. The
    wait of those behind is estimated: where it ends past their deadline they are refused at once
    (`RateLimitPastDeadline`), also when others come between or the vendor asks for a pause. With a `store` the windows
    are counted there under `name`; while it is lost, this worker keeps to its `share`.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        clock: Callable[[], float],
        share: WorkerShare = WHOLE,
        name: str = "",
        store: BudgetStore | None = None,
    ) -> None:
        self.budget = RateBudget(windows, share, name)
        self._windows = [*windows]
        self._clock = clock
        self._longest_window = 0.0
        self._share = share
        self.slot: WorkerSlot | None = None  # when calls may start at all; None: at any time
        self._lag = _FIRST_LAG_SECONDS  # from a call's start to its answer, lately
        self._closed_until = 0.0
        self._paused_until = 0.0  # as the vendor said in full
        self._queue = FairQueue()
        self._stale = False  # whether estimates have changed since those too late were refused
        self._timer: asyncio.TimerHandle | None = None
        self._redis = None if store is None else RedisSlots(store, name, clock, self._wake)
        if store is not None:
            store.on_loss.append(self._close_for_a_window)

    def join(self, limit: ConcurrencyLimit) -> None:
        """Start the calls of `limit` here from now on."""
        self._windows += limit.budget.windows
        self._longest_window = max((window.seconds for window in self._windows), default=0.0)
        self.slot = self._share.slot(self._windows)

    async def wait(
        self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], deadline: Deadline
    ) -> StartedCall:
        """Wait until a call of `limit` that `windows` count may start."""
        now = self._clock()
        deadline.calls += 1
        is_free = not self._queue.requests and limit.room > 0 and self._deciding(windows) is None
        if is_free and self._earliest(windows, now, deadline) <= now:
            return self._begin(limit, windows, now)
        waiter = Waiter(Lane(limit, windows), deadline, asyncio.get_running_loop().create_future())
        position = self._queue.add(waiter)
        if (refusal := self._too_late(waiter, position)) is not None:
            self._queue.remove(waiter)
            raise refusal
        self._stale = self._stale or len(self._queue.requests) > 1
        if not position:
            self._dispatch()
        return await self._start_of(waiter)

    def left(self, start: StartedCall) -> None:
        """End a call."""
        if self._longest_window:
            self._lag = max(start.arrived(self._clock()), self._lag * 0.9)
        if self._redis is not None:
            self._redis.count_from_answer(start)
        self.go_on()

    def go_on(self) -> None:
        """Start what can now that room has come."""
        if self._queue.requests:
            self._dispatch()

    def pause(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute: the vendor asked for it. Refusals name the whole of it."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)
        if self._redis is not None and self._longest_window:
            self._redis.pause(min(seconds, _LONGEST_PAUSE_SECONDS))
        self._close(seconds)

    def _close(self, seconds: float) -> None:
        until = self._clock() + min(seconds, _LONGEST_PAUSE_SECONDS)
        if until > self._closed_until:
            self._closed_until = until
            self._stale = True
            self._wake()

    def _close_for_a_window(self) -> None:
        """Start nothing for the longest window: the store is lost, and with it what other workers started last."""
        if self._longest_window:
            self._close(self._longest_window + SKEW_SECONDS)

    def _deciding(self, windows: tuple[SlidingWindow, ...]) -> RedisSlots | None:
        """Return what decides of calls that `windows` count, if that is not this worker alone."""
        if self._redis is None or not windows or not self._redis.decides(self._longest_window):
            return None
        return self._redis

    def _earliest(self, windows: tuple[SlidingWindow, ...], now: float, deadline: Deadline) -> float:
        moment = max(now, self._closed_until)
        if not windows:
            return moment
        fits = [partial(window.earliest, leaving=1) if deadline.gives_way else window.earliest for window in windows]
        return first_common(moment, fits if self.slot is None else [*fits, self.slot.next])

    def _begin(self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], now: float) -> StartedCall:
        start = StartedCall(now)
        limit.room -= 1
        for window in windows:
            window.commit(start)
        if self._redis is not None and windows:
            self._redis.count(Lane(limit, windows), start)
        return start

    async def _start_of(self, waiter: Waiter) -> StartedCall:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.cancelled():
                self._queue.remove(waiter)
                self._dispatch()
            elif waiter.future.exception() is None:
                waiter.lane.limit.leave(waiter.future.result())
            raise

    def _too_late(self, waiter: Waiter, position: int) -> RateLimitPastDeadline | None:
        """Return the refusal of a call at that place of its request's lane, if it has to wait past its deadline."""
        now, lane = self._clock(), waiter.lane
        redis = self._deciding(lane.windows)
        first = (
            self._earliest(lane.windows, now, waiter.deadline)
            if redis is None
            else max(self._closed_until, redis.next(lane, now))
        )
        slots = self.slot.every if redis is None and self.slot is not None else 0.0
        start = first
        for window in lane.windows:
            limit = window.part if redis is None else window.whole
            period = max(limit.seconds + self._lag, slots)
            start = max(start, window.estimate(limit, first, self._queue.ahead(waiter, position, window), period))
        return self._refusal(start - now, waiter.deadline.remaining())

    def _refusal(self, seconds: float, remaining: float) -> RateLimitPastDeadline | None:
        """Return the refusal of a call that may start in `seconds`: by the vendor's pause, if that is the cause."""
        if seconds <= remaining:
            return None
        asked = self._paused_until - self._clock()
        if min(asked, self._closed_until - self._clock()) > remaining:
            return RateLimitPastDeadline(max(seconds, asked), paused=True)
        return RateLimitPastDeadline(seconds)

    def _wake(self) -> None:
        if self._stale:
            self._stale = False
            self._queue.drop_late(self._too_late)
        self._dispatch()

    def _dispatch(self) -> None:
        """Start every call that may, and set the timer for the next."""
        now, blocked = self._clock(), dict[Lane, float]()
        while self._start_next(now, blocked):
            pass
        for lane in blocked:
            for window in lane.windows:
                window.release()
        if self._redis is not None and self._redis.release_unused(self._queue.sizes):
            self._dispatch()
            return
        if self._timer is not None:
            self._timer.cancel()
        wait = min(blocked.values(), default=_UNKNOWN) - now
        self._timer = None if wait == _UNKNOWN else asyncio.get_running_loop().call_later(max(wait, 0.001), self._wake)

    def _start_next(self, now: float, blocked: dict[Lane, float]) -> bool:
        """Start the next call that may; the lanes that may not are `blocked` until a moment, with a slot reserved."""
        for waiter in self._queue.heads(blocked.keys()):
            if waiter.future.done():
                continue  # it was cancelled: its task removes it
            lane, moment = waiter.lane, self._next_start(waiter, now)
            if moment <= now:
                self._queue.serve(waiter)
                waiter.future.set_result(self._begin(*lane, now))
                return True
            if moment < _UNKNOWN and (refusal := self._refusal(moment - now, waiter.deadline.remaining())) is not None:
                self._queue.refuse(waiter, refusal)
                return True
            blocked[lane] = moment
            for window in lane.windows:
                window.reserve(Slot(moment + self._lag, moment))
        return False

    def _next_start(self, waiter: Waiter, now: float) -> float:
        """Return when the call may start; infinity where another call's end or the store's answer decides."""
        lane, redis = waiter.lane, self._deciding(waiter.lane.windows)
        if redis is None and lane.limit.room <= 0:
            return _UNKNOWN
        if redis is None or waiter.deadline.gives_way:  # the store does not know who gives way
            moment = self._earliest(lane.windows, now, waiter.deadline)
            if redis is None or moment > now:
                return moment
        return redis.next_start(waiter, self._queue.size_of_kind(waiter), now, self._lag)
