"""Who may start a call now: bounded concurrency and the vendor's call budget, first come, first served."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.wire.budget import Budget, Mark, Start, first_common

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.model.deadline import Deadline
    from customer_gateway.wire.budget import Tally
    from customer_gateway.wire.call import Call
    from customer_gateway.wire.policy import Window

LONGEST_PAUSE_SECONDS = 60.0  # a vendor that asks for more is asked again after this much
_FIRST_LAG_SECONDS = 0.02


class TurnTooLate(Exception):
    """The call's turn would come after its deadline: in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Waiter:
    __slots__ = ("deadline", "future", "mark", "start", "tallies")

    def __init__(self, tallies: tuple[Tally, ...], deadline: Deadline) -> None:
        self.tallies = tallies
        self.deadline = deadline
        self.mark = Mark(0.0, 0.0)
        self.start: Start | None = None
        self.future: asyncio.Future[Start] = asyncio.get_running_loop().create_future()


class Gate:
    """Lets at most `parallel` calls be under way, and starts none before every window has room for it.

    A call is promised the first turn that is free when it asks; is that after its deadline, it hears so at once
    (`TurnTooLate`). The promises are made anew, in the order of asking, when things come otherwise: a vendor's pause,
    a call that left, a turn taken late.
    """

    def __init__(self, parallel: int, windows: Sequence[Window], clock: Callable[[], float]) -> None:
        self._parallel = parallel
        self._budget = Budget(windows)
        self._clock = clock
        self._under_way = 0
        self._paused_until = 0.0
        self._lag = _FIRST_LAG_SECONDS
        self._waiting: list[_Waiter] = []
        self._stale = False
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, call: Call, deadline: Deadline) -> Start:
        """Wait for the call's turn; whoever was let in hands the `Start` back to `leave`."""
        now = self._clock()
        tallies = self._budget.tallies(call) if self._budget else ()
        if not self._waiting and self._under_way < self._parallel and self._turn(tallies, now) <= now:
            return self._start(tallies, now)
        waiter = _Waiter(tallies, deadline)
        self._promise(waiter, now)
        self._waiting.append(waiter)
        if waiter.mark.at <= now:
            self._pump()
        else:
            self._set_timer(now)
        return await self._granted(waiter)

    def leave(self, start: Start) -> None:
        """The call has ended, however it did."""
        self._under_way -= 1
        if self._budget:
            self._lag = max(start.arrived(self._clock()), self._lag * 0.9)
        if self._waiting:
            self._pump()

    def pause(self, seconds: float) -> None:
        """Nobody starts for so long: the vendor asked for it."""
        until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)
        if until > self._paused_until:
            self._paused_until = until
            self._stale = True
            self._pump()

    def pause_for_a_window(self) -> float | None:
        """Pause for the longest window: the vendor counts otherwise and does not say how long; None without windows."""
        if not self._budget:
            return None
        self.pause(self._budget.longest_window)
        return self._budget.longest_window

    def _turn(self, tallies: tuple[Tally, ...], now: float) -> float:
        moment = max(now, self._paused_until)
        return first_common(moment, [tally.earliest for tally in tallies]) if tallies else moment

    def _start(self, tallies: tuple[Tally, ...], now: float) -> Start:
        start = Start(now)
        self._under_way += 1
        for tally in tallies:
            tally.begin(start)
        return start

    def _promise(self, waiter: _Waiter, now: float) -> None:
        turn = self._turn(waiter.tallies, now)
        if turn - now > waiter.deadline.remaining():
            raise TurnTooLate(turn - now)
        waiter.mark = Mark(turn + self._lag, turn)
        for tally in waiter.tallies:
            tally.promise(waiter.mark)

    async def _granted(self, waiter: _Waiter) -> Start:
        try:
            return await waiter.future
        except asyncio.CancelledError:
            if waiter.start is not None:
                self.leave(waiter.start)
            elif waiter.future.done() and not waiter.future.cancelled():
                waiter.future.exception()  # heard, if by nobody
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
                self._stale = True
                self._pump()
            raise

    def _pump(self) -> None:
        """Start every call whose turn has come, and set the clock for the next."""
        now = self._clock()
        if self._stale or not self._start_ready(now):
            self._promise_anew(now)
            self._start_ready(now)
        self._set_timer(now)

    def _start_ready(self, now: float) -> bool:
        """Start the calls whose turn it is; False when a promise turns out not to hold."""
        started: list[_Waiter] = []
        held = True
        for waiter in self._waiting:
            if self._under_way >= self._parallel:
                break
            if waiter.mark.at > now or waiter.future.done():
                continue
            held = first_common(now, [tally.free for tally in waiter.tallies]) <= now
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
        waiter.start = self._start(waiter.tallies, now)
        waiter.future.set_result(waiter.start)

    def _promise_anew(self, now: float) -> None:
        self._stale = False
        self._budget.forget_promises()
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if waiter.future.done():
                continue
            try:
                self._promise(waiter, now)
            except TurnTooLate as error:
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
