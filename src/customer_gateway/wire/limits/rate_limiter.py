"""Decide which call starts next of those that a vendor counts together: of one client, or of several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from customer_gateway.wire.limits.fair_queue import FairQueue, Lane, Waiter
from customer_gateway.wire.limits.sliding_window import ScopedWindow, StartedCall, first_common
from customer_gateway.wire.limits.worker_share import WHOLE
from customer_gateway.wire.refusals import RateLimitPastDeadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline

_LONGEST_PAUSE_SECONDS: Final = 60.0  # a vendor that asks for more is tried again after this much
_FIRST_LAG_SECONDS: Final = 0.02
_UNKNOWN: Final = float("inf")


class SharedCounts(Protocol):
    """Count the calls of several processes together, for the limiter that these are the `shared` counts of."""

    def decides(self) -> bool:
        """Return whether calls start by these counts; else the limiter decides alone, and its calls count here, too."""
        ...

    def next(self, lane: Lane, now: float) -> float:
        """Return when the next call of the lane may start, as far as is known."""
        ...

    def next_start(self, waiter: Waiter, now: float, earliest: float) -> float:
        """Return when its lane's next call may start, not before `earliest` unless counted; infinity until known."""
        ...

    def count(self, lane: Lane, start: StartedCall) -> None: ...

    def count_from_answer(self, start: StartedCall) -> None: ...

    def pause(self, seconds: float) -> None: ...

    def release_unused(self, waiting: Mapping[Lane, int]) -> None: ...


class RateLimiter:
    """Start calls as the windows have room, one of each request in turn; those that give way leave room for another.

    The first call of each lane has a slot reserved, which no call of another lane takes. The start of the calls after
    it is estimated: one that would start past its deadline is refused at once (`RateLimitPastDeadline`), also when
    others come between or the vendor asks for a pause. With `shared` counts other processes' calls count as well; while
    those cannot be had, this worker keeps to its `share`.
    """

    def __init__(
        self, windows: Sequence[Window], clock: Callable[[], float], share: WorkerShare = WHOLE, name: str = ""
    ) -> None:
        self.clock = clock
        self.shared: SharedCounts | None = None
        self.lag = _FIRST_LAG_SECONDS  # from a call's start to its answer, lately
        self._share = share
        self._joined: list[Window] = []
        self.windows = self.join(windows, name)
        self._closed_until = 0.0
        self._paused_until = 0.0  # as the vendor said in full
        self._queue = FairQueue()
        self._stale = False  # whether estimates have changed since those too late were refused
        self._timer: asyncio.TimerHandle | None = None

    def join(self, windows: Sequence[Window], name: str) -> tuple[ScopedWindow, ...]:
        """Return the counts of `windows` for calls that start here, under a name that is the same in all processes."""
        self._joined += windows
        self.longest_window = max((window.seconds for window in self._joined), default=0.0)
        self.slot = self._share.slot(self._joined)  # when calls may start at all; None: at any time
        return tuple(ScopedWindow(each, self._share.of(each), f"{name}:{n}") for n, each in enumerate(windows))

    async def wait(
        self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], deadline: Deadline
    ) -> StartedCall:
        """Wait until a call of `limit` that `windows` count may start."""
        now = self.clock()
        deadline.calls += 1
        is_free = not self._queue.requests and limit.room > 0 and self._deciding(windows) is None
        if is_free and self._earliest(windows, now, deadline) <= now:
            return self._begin(limit, windows, now)
        waiter = Waiter(Lane(limit, windows), deadline, asyncio.get_running_loop().create_future())
        position = self._queue.add(waiter)
        if not self._refuse_late(waiter, self._estimate(waiter, position)):
            self._stale = self._stale or len(self._queue.requests) > 1
            if not position:
                self._dispatch()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.future.cancelled():
                self._queue.remove(waiter)
                self._dispatch()
            elif waiter.future.exception() is None:
                limit.leave(waiter.future.result())
            raise

    def left(self, start: StartedCall) -> None:
        """End a call."""
        if self.longest_window:
            self.lag = max(start.arrived(self.clock()), self.lag * 0.9)
        if self.shared is not None:
            self.shared.count_from_answer(start)
        if self._queue.requests:
            self._dispatch()

    def pause(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute: the vendor asked for it. Refusals name the whole of it."""
        self._paused_until = max(self._paused_until, self.clock() + seconds)
        if self.shared is not None and self.longest_window:
            self.shared.pause(min(seconds, _LONGEST_PAUSE_SECONDS))
        self.close(seconds)

    def close(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute."""
        until = self.clock() + min(seconds, _LONGEST_PAUSE_SECONDS)
        if until > self._closed_until:
            self._closed_until = until
            self._stale = True
            self.wake()

    def wake(self) -> None:
        """Start what may start now, and refuse what has come to be too late."""
        if self._stale:
            self._stale = False
            for waiter, position in self._queue.in_rounds():
                self._refuse_late(waiter, self._estimate(waiter, position))
        self._dispatch()

    def _deciding(self, windows: tuple[SlidingWindow, ...]) -> SharedCounts | None:
        """Return what decides of calls that `windows` count, if that is not this worker alone."""
        return self.shared if self.shared is not None and windows and self.shared.decides() else None

    def _earliest(self, windows: tuple[SlidingWindow, ...], now: float, deadline: Deadline) -> float:
        all_of = (*windows, self.slot) if windows and self.slot is not None else windows
        return first_common(max(now, self._closed_until), all_of, leaving=1 if deadline.gives_way else 0)

    def _begin(self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], now: float) -> StartedCall:
        start = StartedCall(now)
        limit.room -= 1
        for window in windows:
            window.commit(start)
        if self.shared is not None and windows:
            self.shared.count(Lane(limit, windows), start)
        return start

    def _estimate(self, waiter: Waiter, position: int) -> float:
        """Estimate when a call at that place of its request's lane may start."""
        now, lane, every = self.clock(), waiter.lane, 0.0
        if (shared := self._deciding(lane.windows)) is not None:
            start = first = max(self._closed_until, shared.next(lane, now))
        else:
            start = first = self._earliest(lane.windows, now, waiter.deadline)
            every = self.slot.every if self.slot else 0.0
        for window in lane.windows:
            limit = window.part if shared is None else window.whole
            period = max(limit.seconds + self.lag, every)
            start = max(start, window.estimate(limit, first, self._queue.ahead(waiter, position, window), period))
        return start

    def _refuse_late(self, waiter: Waiter, moment: float) -> bool:
        """Refuse a call if the moment at which it may start is known and past its deadline."""
        now, remaining = self.clock(), waiter.deadline.remaining()
        if moment == _UNKNOWN or moment - now <= remaining or waiter.future.done():
            return False
        paused = min(self._paused_until, self._closed_until) - now > remaining
        seconds = max(moment, self._paused_until if paused else moment) - now
        self._queue.remove(waiter)
        waiter.future.set_exception(RateLimitPastDeadline(seconds, paused=paused))
        return True

    def _dispatch(self) -> None:
        """Start every call that may, reserve a slot for the next one of each other lane, and set the timer for it."""
        now, blocked = self.clock(), dict[Lane, float]()
        while (waiter := self._queue.first(blocked.keys())) is not None:
            lane, moment = waiter.lane, self._next_start(waiter, now)
            if moment <= now:
                self._queue.serve(waiter)
                waiter.future.set_result(self._begin(*lane, now))
            elif not self._refuse_late(waiter, moment):
                blocked[lane] = moment
                for window in lane.windows:
                    window.reserve(moment, moment + self.lag)
        for lane in blocked:
            for window in lane.windows:
                window.release()
        if self._timer is not None:
            self._timer.cancel()
        wait = min(blocked.values(), default=_UNKNOWN) - now
        self._timer = None if wait == _UNKNOWN else asyncio.get_running_loop().call_later(max(wait, 0.001), self.wake)
        if self.shared is not None:
            self.shared.release_unused(self._queue.sizes)

    def _next_start(self, waiter: Waiter, now: float) -> float:
        """Return when the call may start; infinity where another call's end or the shared counts decide."""
        lane = waiter.lane
        shared = self._deciding(lane.windows)
        if shared is None and lane.limit.room <= 0:
            return _UNKNOWN
        is_ours = shared is None or waiter.deadline.gives_way  # other processes do not know who gives way
        moment = self._earliest(lane.windows, now, waiter.deadline) if is_ours else now
        return moment if shared is None else shared.next_start(waiter, now, moment)
