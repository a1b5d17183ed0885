"""Who may start a call now of those that a vendor counts together: the calls of one client, or of several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.wire.limits.sliding_window import Budget, Slot, StartedCall, first_common
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import SlidingWindow
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline

LONGEST_PAUSE_SECONDS = 60.0  # a vendor that asks for more is asked again after this much
_FIRST_LAG_SECONDS = 0.02


class RateLimitPastDeadline(Exception):
    """The call's turn would come after its deadline: in `seconds`. `paused`: because the vendor refused calls."""

    def __init__(self, seconds: float, *, paused: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.paused = paused


class _Waiter:
    __slots__ = ("deadline", "future", "gate", "mark", "start", "tallies")

    def __init__(self, gate: ConcurrencyLimit, tallies: tuple[SlidingWindow, ...], deadline: Deadline) -> None:
        self.gate = gate
        self.tallies = tallies
        self.deadline = deadline
        self.mark = Slot(0.0, 0.0)
        self.start: StartedCall | None = None
        self.future: asyncio.Future[StartedCall] = asyncio.get_running_loop().create_future()


class RateLimiter:
    """The queue of the calls that a vendor counts together.

    A call is promised the first turn that is free when it asks; is that after its deadline, it hears so at once
    (`RateLimitPastDeadline`). The promises are made anew, in the order of asking, when things come otherwise: a
    vendor's pause, a call that left, a turn taken late.
    """

    def __init__(
        self, windows: Sequence[Window], clock: Callable[[], float], share: WorkerShare = WHOLE, name: str = ""
    ) -> None:
        self.budget = Budget(windows, share, name)
        self.clock = clock
        self._share = share
        self._openings = share.openings(windows)
        self._gates: list[ConcurrencyLimit] = []
        self._closed_until = 0.0
        self._asked_until = 0.0
        self.lag = _FIRST_LAG_SECONDS  # from a call's start to its answer, lately
        self._waiting: list[_Waiter] = []
        self._stale = False
        self._timer: asyncio.TimerHandle | None = None

    def join(self, gate: ConcurrencyLimit) -> None:
        """From now on the calls of `gate` take their turns here."""
        self._gates.append(gate)
        self._openings = self._share.openings(window for budget in self._budgets() for window in budget.wholes)

    async def wait(self, gate: ConcurrencyLimit, tallies: tuple[SlidingWindow, ...], deadline: Deadline) -> StartedCall:
        """Wait for a turn of `gate` that fits `tallies`."""
        now = self.clock()
        if not self._waiting and gate.has_room and self._turn(tallies, now) <= now:
            return gate.begin(tallies, now)
        waiter = _Waiter(gate, tallies, deadline)
        self._promise(waiter, now)
        self._waiting.append(waiter)
        if waiter.mark.at <= now:
            self._pump()
        else:
            self._set_timer(now)
        return await self._granted(waiter)

    def left(self, start: StartedCall, *, counted: bool) -> None:
        """A call has ended, which was `counted` in a window or in none."""
        if counted:
            self.lag = max(start.arrived(self.clock()), self.lag * 0.9)
        self.go_on()

    def go_on(self) -> None:
        """Room has come: start whoever can."""
        if self._waiting:
            self._pump()

    def pause(self, seconds: float) -> None:
        """Nobody starts for so long, up to a minute: the vendor asked for it, which is told in full."""
        self._asked_until = max(self._asked_until, self.clock() + seconds)
        self.close(seconds)

    def close(self, seconds: float) -> None:
        """Nobody starts for so long, up to a minute."""
        until = self.clock() + min(seconds, LONGEST_PAUSE_SECONDS)
        if until > self._closed_until:
            self._closed_until = until
            self._stale = True
            self._pump()

    def too_late(self, seconds: float, remaining: float) -> RateLimitPastDeadline:
        """The refusal of a call whose turn comes in `seconds`: it tells the vendor's own wait, if that is the cause."""
        asked = self._asked_until - self.clock()
        if min(asked, self._closed_until - self.clock()) > remaining:
            return RateLimitPastDeadline(max(seconds, asked), paused=True)
        return RateLimitPastDeadline(seconds)

    def _turn(self, tallies: tuple[SlidingWindow, ...], now: float) -> float:
        moment = max(now, self._closed_until)
        return self._common(moment, [tally.earliest for tally in tallies]) if tallies else moment

    def _common(self, moment: float, fits: list[Callable[[float], float]]) -> float:
        """The first moment that fits, and at which this worker may start calls at all."""
        return first_common(moment, fits if self._openings is None else [*fits, self._openings.next])

    def _budgets(self) -> list[Budget]:
        return [self.budget, *(gate.budget for gate in self._gates)]

    def _promise(self, waiter: _Waiter, now: float) -> None:
        turn = self._turn(waiter.tallies, now)
        remaining = waiter.deadline.remaining()
        if turn - now > remaining:
            raise self.too_late(turn - now, remaining)
        waiter.mark = Slot(turn + self.lag, turn)
        for tally in waiter.tallies:
            tally.promise(waiter.mark)

    async def _granted(self, waiter: _Waiter) -> StartedCall:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.start is not None:
                waiter.gate.leave(waiter.start)
            elif waiter.future.done() and not waiter.future.cancelled():
                waiter.future.exception()  # heard, if by nobody
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
                self._stale = True
                self._pump()
            raise

    def _pump(self) -> None:
        """Start every call whose turn has come, and set the clock for the next."""
        now = self.clock()
        if self._stale or not self._start_ready(now):
            self._promise_anew(now)
            self._start_ready(now)
        self._set_timer(now)

    def _start_ready(self, now: float) -> bool:
        """StartedCall the calls whose turn it is; False when a promise turns out not to hold."""
        started: list[_Waiter] = []
        held = True
        for waiter in self._waiting:
            if not waiter.gate.has_room or waiter.mark.at > now or waiter.future.done():
                continue
            held = self._common(now, [tally.free for tally in waiter.tallies]) <= now
            if not held:
                break
            self._admit(waiter, now)
            started.append(waiter)
        for waiter in started:
            self._waiting.remove(waiter)
        return held

    def _admit(self, waiter: _Waiter, now: float) -> None:
        for tally in waiter.tallies:
            tally.redeem(waiter.mark)
        waiter.start = waiter.gate.begin(waiter.tallies, now)
        waiter.future.set_result(waiter.start)

    def _promise_anew(self, now: float) -> None:
        self._stale = False
        for budget in self._budgets():
            budget.forget_promises()
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if waiter.future.done():
                continue
            try:
                self._promise(waiter, now)
            except RateLimitPastDeadline as error:
                waiter.future.set_exception(error)
            else:
                self._waiting.append(waiter)

    def _set_timer(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        later = min((waiter.mark.at for waiter in self._waiting if waiter.mark.at > now), default=None)
        if later is not None:
            self._timer = asyncio.get_running_loop().call_later(max(later - now, 0.001), self._pump)
