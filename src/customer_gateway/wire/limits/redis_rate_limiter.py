"""The queue of the calls that a vendor counts together, over all processes that keep their budgets in one store.

The store promises each call the first turn that is free, in the order of asking, and is asked again when the turn has
come: only then is the call counted. While the store is lost, each worker keeps to its own share.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits import scripts
from customer_gateway.wire.limits.rate_limiter import LONGEST_PAUSE_SECONDS, RateLimiter
from customer_gateway.wire.limits.store import RETRY_SECONDS
from customer_gateway.wire.limits.window import SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, StartedCall
    from customer_gateway.wire.limits.store import BudgetStore
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline

_GRACE_SECONDS: Final = 1.0  # a turn that nobody came for within this is anybody's


class _Waiter:
    __slots__ = ("asking", "at", "deadline", "future", "gate", "longest", "name", "start", "tallies")

    def __init__(
        self, name: str, gate: ConcurrencyLimit, tallies: tuple[SlidingWindow, ...], deadline: Deadline
    ) -> None:
        self.name = name
        self.gate = gate
        self.tallies = tallies
        self.deadline = deadline
        self.at = 0.0
        self.longest = 0
        self.asking = False
        self.start: StartedCall | None = None
        self.future: asyncio.Future[StartedCall | None] = asyncio.get_running_loop().create_future()

    @property
    def started_keys(self) -> list[str]:
        return [_started(tally) for tally in self.tallies]

    @property
    def promised_keys(self) -> list[str]:
        return [_promised(tally) for tally in self.tallies]


class RedisRateLimiter:
    """As `RateLimiter`, the windows kept in `store` under `name`; the share is what this worker has while it is lost.

    On a loss nobody starts for the longest window, because what the other workers started last is not known. When the
    store is back, each worker keeps to its share, and notes its calls in the store, until every other has had the time
    to find the store back, too, and for a window more.
    """

    def __init__(
        self, windows: Sequence[Window], clock: Callable[[], float], store: BudgetStore, share: WorkerShare, name: str
    ) -> None:
        self._alone = RateLimiter(windows, clock, share, name)
        self.budget = self._alone.budget
        self._clock = clock
        self._store = store
        self._pause_key = f"{name}:pause"
        self._longest_window = self.budget.longest_window
        self._losses = store.losses
        self._waiting: list[_Waiter] = []
        self._members: dict[StartedCall, tuple[str, list[str]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._stale = False

    def join(self, gate: ConcurrencyLimit) -> None:
        """From now on the calls of `gate` take their turns here."""
        self._alone.join(gate)
        self._longest_window = max(self._longest_window, gate.budget.longest_window)

    async def wait(self, gate: ConcurrencyLimit, tallies: tuple[SlidingWindow, ...], deadline: Deadline) -> StartedCall:
        """Wait for a turn of `gate` that fits `tallies`. A call that nothing counts asks nobody."""
        if not tallies:
            return await self._alone.wait(gate, tallies, deadline)
        while True:
            if self._is_shared():
                granted = await self._granted(_Waiter(self._store.new_name(), gate, tallies, deadline))
                if granted is not None:
                    return granted
            start = await self._alone.wait(gate, tallies, deadline)
            if not self._is_shared():
                self._note(tallies)
                return start
            gate.leave(start)  # a turn of the share does not count any more: the store decides again

    def left(self, start: StartedCall, *, counted: bool) -> None:
        """A call has ended, which was `counted` in a window or in none."""
        member, keys = self._members.pop(start, ("", []))
        if member:
            self._store.ask(scripts.SETTLE, keys, [member])
        self._alone.left(start, counted=counted)
        self._go_on()

    def pause(self, seconds: float) -> None:
        """Nobody starts for so long, up to a minute, in no process: the vendor asked for it."""
        self._alone.pause(seconds)
        if not self._longest_window:
            return
        milliseconds = round(min(seconds, LONGEST_PAUSE_SECONDS) * 1000)
        self._store.ask(scripts.PAUSE, [self._pause_key], [milliseconds])
        self._ask_anew()

    def _is_shared(self) -> bool:
        """Whether the store decides now."""
        self._mind_losses()
        known_to_all = self._store.back_at + RETRY_SECONDS + self._longest_window
        return self._store.is_up and self._clock() >= known_to_all

    def _mind_losses(self) -> None:
        if self._losses != self._store.losses:
            self._losses = self._store.losses
            self._alone.close(self._store.lost_at + self._longest_window + SKEW_SECONDS - self._clock())

    def _note(self, tallies: tuple[SlidingWindow, ...]) -> None:
        windows = [_micros(tally.whole.seconds) for tally in tallies]
        arguments = [self._store.new_name(), _micros(SKEW_SECONDS), *windows]
        self._store.ask(scripts.NOTE, [_started(tally) for tally in tallies], arguments)

    async def _granted(self, waiter: _Waiter) -> StartedCall | None:
        """The start that the store granted; None when it is lost."""
        self._waiting.append(waiter)
        self._go_on()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._given_up(waiter)
            raise

    def _given_up(self, waiter: _Waiter) -> None:
        if waiter.start is not None:
            waiter.gate.leave(waiter.start)
        elif waiter.future.done() and not waiter.future.cancelled():
            waiter.future.exception()  # heard, if by nobody
        elif waiter in self._waiting:
            self._waiting.remove(waiter)
            if not waiter.asking and waiter.longest:
                self._store.ask(scripts.GIVE_BACK, waiter.promised_keys, [waiter.name])
                self._ask_anew()

    def _ask_anew(self) -> None:
        """Turns have come otherwise than promised: let everybody ask once more, when this moment's changes are told."""
        if not self._stale:
            self._stale = True
            asyncio.get_running_loop().call_soon(self._all_ask)

    def _all_ask(self) -> None:
        self._stale = False
        for waiter in self._waiting:
            waiter.at = 0.0
        self._go_on()

    def _go_on(self) -> None:
        """Ask for every call whose turn has come, and set the clock for the next."""
        if not self._waiting:
            return
        if not self._is_shared():
            self._send_home()
            return
        now = self._clock()
        for waiter in self._waiting:
            if waiter.at <= now and not waiter.asking and waiter.gate.has_room:
                self._ask(waiter)
        self._set_timer(now)

    def _send_home(self) -> None:
        """The store is lost: those who wait take their turns here. Those who have just asked will hear it."""
        self._mind_losses()
        here = [waiter for waiter in self._waiting if not waiter.asking]
        self._waiting = [waiter for waiter in self._waiting if waiter.asking]
        for waiter in here:
            if not waiter.future.done():
                waiter.future.set_result(None)

    def _ask(self, waiter: _Waiter) -> None:
        """Ask for a turn; the call holds its place among those under way meanwhile."""
        waiter.asking = True
        waiter.gate.hold()
        waiter.longest = _micros(waiter.deadline.remaining())
        keys = [self._pause_key]
        arguments = [waiter.name, waiter.longest, *map(_micros, (self._alone.lag, SKEW_SECONDS, _GRACE_SECONDS))]
        for tally in waiter.tallies:
            keys += (_started(tally), _promised(tally))
            arguments += (tally.whole.calls, _micros(tally.whole.seconds))
        self._store.ask(scripts.RESERVE, keys, arguments).add_done_callback(partial(self._heard, waiter))

    def _heard(self, waiter: _Waiter, answer: asyncio.Future[list[int]]) -> None:
        waiter.asking = False
        waiter.gate.let_go()
        if answer.cancelled() or answer.exception() is not None:
            self._send_home()
        else:
            self._answered(waiter, *answer.result())
        self._alone.go_on()
        self._go_on()

    def _answered(self, waiter: _Waiter, wait: int, now: int) -> None:
        member = f"{now}:{waiter.name}"
        if waiter.future.done():
            self._store.ask(scripts.GIVE_BACK, waiter.started_keys + waiter.promised_keys, [member, waiter.name])
            self._ask_anew()
            return
        if 0 < wait <= waiter.longest:
            waiter.at = self._clock() + wait / 1e6
            return
        self._waiting.remove(waiter)
        if wait > 0:
            waiter.future.set_exception(self._alone.too_late(wait / 1e6, waiter.longest / 1e6))
            return
        waiter.start = waiter.gate.begin(waiter.tallies, self._clock())
        self._members[waiter.start] = member, waiter.started_keys
        waiter.future.set_result(waiter.start)

    def _set_timer(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        later = min((waiter.at for waiter in self._waiting if waiter.at > now), default=None)
        if later is not None:
            self._timer = asyncio.get_running_loop().call_later(max(later - now, 0.001), self._go_on)


def _started(tally: SlidingWindow) -> str:
    return f"{tally.key}:started"


def _promised(tally: SlidingWindow) -> str:
    return f"{tally.key}:promised"


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
