"""Decide which call starts next of those that a vendor counts together: of one client, or of several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.wire.limits.fair_queue import FairQueue, Lane, Waiter
from customer_gateway.wire.limits.sliding_window import Budget, SlidingWindow, Slot, first_common
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import StartedCall
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline

LONGEST_PAUSE_SECONDS = 60.0  # a vendor that asks for more is asked again after this much
_FIRST_LAG_SECONDS = 0.02


class RateLimitPastDeadline(Exception):
    """Refuse a call that may start in `seconds`, after its deadline. `paused`: because the vendor refused calls."""

    def __init__(self, seconds: float, *, paused: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.paused = paused


class RateLimiter:
    """Start calls as the windows have room, one of each request in turn.

    The first call of each lane has a slot reserved: those whose windows have room earlier do not take it. The
    wait of those behind is estimated: is it past their deadline, they are refused at once (`RateLimitPastDeadline`),
    and so they are when others come between or the vendor asks for a pause.
    """

    def __init__(
        self, windows: Sequence[Window], clock: Callable[[], float], share: WorkerShare = WHOLE, name: str = ""
    ) -> None:
        self.budget = Budget(windows, share, name)
        self.clock = clock
        self.lag = _FIRST_LAG_SECONDS  # from a call's start to its answer, lately
        self._share = share
        self._slot = share.slot(windows)
        self._limits: list[ConcurrencyLimit] = []
        self._closed_until = 0.0
        self._asked_until = 0.0
        self._queue = FairQueue()
        self._stale = False
        self._timer: asyncio.TimerHandle | None = None

    def join(self, limit: ConcurrencyLimit) -> None:
        """From now on the calls of `limit` are started here."""
        self._limits.append(limit)
        budgets = (self.budget, *(each.budget for each in self._limits))
        self._slot = self._share.slot(window for budget in budgets for window in budget.wholes)

    async def wait(
        self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], deadline: Deadline
    ) -> StartedCall:
        """Wait until a call of `limit` that `windows` count may start."""
        now = self.clock()
        if not self._queue and limit.has_room and self._earliest(windows, now) <= now:
            return limit.begin(windows, now)
        waiter = Waiter(Lane(limit, windows), deadline)
        refusal = self._too_late(waiter, self._queue.place(deadline.request, waiter.lane))
        if refusal is not None:
            raise refusal
        self._queue.add(waiter)
        self._stale = self._stale or self._queue.is_contended
        if self._queue.size(waiter.lane) == 1:
            self._dispatch()
        return await self._granted(waiter)

    def left(self, start: StartedCall, *, counted: bool) -> None:
        """A call has ended, which was `counted` in a window or in none."""
        if counted:
            self.lag = max(start.arrived(self.clock()), self.lag * 0.9)
        self.go_on()

    def go_on(self) -> None:
        """Room has come: start what can."""
        if self._queue:
            self._dispatch()

    def pause(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute: the vendor asked for it, which is told in full."""
        self._asked_until = max(self._asked_until, self.clock() + seconds)
        self.close(seconds)

    def close(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute."""
        until = self.clock() + min(seconds, LONGEST_PAUSE_SECONDS)
        if until > self._closed_until:
            self._closed_until = until
            self._refuse_late()
            self._dispatch()

    def refusal(self, seconds: float, remaining: float) -> RateLimitPastDeadline:
        """Refuse a call that may start in `seconds`: told is the vendor's own wait, if that is the cause."""
        asked = self._asked_until - self.clock()
        if min(asked, self._closed_until - self.clock()) > remaining:
            return RateLimitPastDeadline(max(seconds, asked), paused=True)
        return RateLimitPastDeadline(seconds)

    def _earliest(self, windows: tuple[SlidingWindow, ...], now: float) -> float:
        moment = max(now, self._closed_until)
        if not windows:
            return moment
        fits = [window.earliest for window in windows]
        return first_common(moment, fits if self._slot is None else [*fits, self._slot.next])

    def _too_late(self, waiter: Waiter, place: int) -> RateLimitPastDeadline | None:
        """The refusal of a call at that place of its request's lane, if it has to wait past its deadline."""
        now, windows = self.clock(), waiter.lane.windows
        moment = start = self._earliest(windows, now)
        for window in windows:
            ahead = self._queue.ahead(waiter.deadline.request, waiter.lane, place, window)
            period = window.seconds + self.lag
            if self._slot is not None and window.whole.calls < self._share.workers:
                period = max(period, self._slot.every)
            start = max(start, window.estimate(moment, ahead, period))
        remaining = waiter.deadline.remaining()
        return self.refusal(start - now, remaining) if start - now > remaining else None

    def _refuse_late(self) -> None:
        self._stale = False
        self._queue.drop_late(self._too_late)

    async def _granted(self, waiter: Waiter) -> StartedCall:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.start is not None:
                waiter.lane.limit.leave(waiter.start)
            elif waiter in self._queue:
                self._queue.remove(waiter)
                self._dispatch()
            elif not waiter.future.cancelled():
                waiter.future.exception()  # heard, if by nobody
            raise

    def _wake(self) -> None:
        if self._stale:
            self._refuse_late()
        self._dispatch()

    def _dispatch(self) -> None:
        """Start every call that may, and set the timer for the next."""
        now, blocked, reserved = self.clock(), dict[Lane, float](), list[SlidingWindow]()
        while self._start_next(now, blocked, reserved):
            pass
        for window in reserved:
            window.release()
        self._set_timer(now, min(blocked.values(), default=float("inf")))

    def _start_next(self, now: float, blocked: dict[Lane, float], reserved: list[SlidingWindow]) -> bool:
        """Start the next call that may; the lanes that may not are `blocked` until a moment, with a slot reserved."""
        for waiter in self._queue.heads(blocked.keys()):
            lane = waiter.lane
            if waiter.future.done():
                self._queue.remove(waiter)
                return True
            if not lane.limit.has_room:
                blocked[lane] = float("inf")
                continue
            start = self._earliest(lane.windows, now)
            if start <= now:
                self._queue.serve(waiter)
                waiter.grant(now)
                return True
            if start - now > (remaining := waiter.deadline.remaining()):
                self._queue.remove(waiter)
                waiter.future.set_exception(self.refusal(start - now, remaining))
                return True
            blocked[lane] = start
            for window in lane.windows:
                window.reserve(Slot(start + self.lag, start))
            reserved.extend(lane.windows)
        return False

    def _set_timer(self, now: float, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue and moment != float("inf"):
            self._timer = asyncio.get_running_loop().call_later(max(moment - now, 0.001), self._wake)
