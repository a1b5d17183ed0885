"""Decide which call starts next over all processes that keep their budgets in one Redis.

The store keeps a slot for the first call of each lane, in the order of asking over all processes, and is asked again
when its moment has come: only then is the call counted. While the store is lost, each worker keeps to its own share.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits import scripts
from customer_gateway.wire.limits.fair_queue import FairQueue, Lane, Waiter
from customer_gateway.wire.limits.rate_limiter import LONGEST_PAUSE_SECONDS, RateLimiter
from customer_gateway.wire.limits.store import RETRY_SECONDS, StoreLost
from customer_gateway.wire.limits.window import SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.rate_limiter import RateLimitPastDeadline
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, StartedCall
    from customer_gateway.wire.limits.store import BudgetStore
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline

_GRACE_SECONDS: Final = 1.0  # a turn that nobody came for within this is anybody's


class _Reservation:
    """What the store said of a lane: `at` is when its next call may start, `name` is the slot it keeps until then.

    `asking` counts the calls that ask now.
    """

    __slots__ = ("asking", "at", "name")

    def __init__(self) -> None:
        self.asking = 0
        self.at = 0.0
        self.name: str | None = None


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
        self._queue = FairQueue()
        self._reserved: dict[Lane, _Reservation] = {}
        self._members: dict[StartedCall, tuple[str, list[str]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._stale = self._asks_anew = False

    def join(self, limit: ConcurrencyLimit) -> None:
        """From now on the calls of `limit` are started here."""
        self._alone.join(limit)
        self._longest_window = max(self._longest_window, limit.budget.longest_window)

    async def wait(
        self, limit: ConcurrencyLimit, windows: tuple[SlidingWindow, ...], deadline: Deadline
    ) -> StartedCall:
        """Wait until a call of `limit` that `windows` count may start. A call that nothing counts asks nobody."""
        if not windows:
            return await self._alone.wait(limit, windows, deadline)
        while True:
            if self._is_shared():
                with suppress(StoreLost):
                    return await self._granted(Waiter(Lane(limit, windows), deadline))
            start = await self._alone.wait(limit, windows, deadline)
            if not self._is_shared():
                self._note(windows)
                return start
            limit.leave(start)  # a slot of the share does not count any more: the store decides again

    def left(self, start: StartedCall, *, counted: bool) -> None:
        """A call has ended, which was `counted` in a window or in none."""
        member, keys = self._members.pop(start, ("", []))
        if member:
            self._store.ask(scripts.SETTLE, keys, [member])
        self._alone.left(start, counted=counted)
        self._go_on()

    def pause(self, seconds: float) -> None:
        """Start nothing for so long, up to a minute, in no process: the vendor asked for it."""
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

    def _note(self, windows: tuple[SlidingWindow, ...]) -> None:
        seconds = [_micros(window.whole.seconds) for window in windows]
        arguments = [self._store.new_name(), _micros(SKEW_SECONDS), *seconds]
        self._store.ask(scripts.NOTE, _started(windows), arguments)

    async def _granted(self, waiter: Waiter) -> StartedCall:
        """Wait for the start that the store grants; `StoreLost` when it is lost."""
        lane = waiter.lane
        refusal = self._too_late(waiter, self._queue.place(waiter.deadline.request, lane))
        if refusal is not None:
            raise refusal
        reserved = self._reserved.setdefault(lane, _Reservation())
        nobody_waits = self._queue.size(lane) == reserved.asking and reserved.at <= self._clock()
        self._queue.add(waiter)
        self._stale = self._stale or self._queue.is_contended
        if nobody_waits and lane.limit.has_room:
            self._ask(waiter, self._store.new_name(), reserved, longest=-1)
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._given_up(waiter)
            raise

    def _too_late(self, waiter: Waiter, place: int) -> RateLimitPastDeadline | None:
        """The refusal of a call at that place of its request's lane, if it has to wait past its deadline."""
        lane, reserved = waiter.lane, self._reserved.get(waiter.lane)
        seconds = first = max(0.0, reserved.at - self._clock()) if reserved else 0.0
        for window in lane.windows:
            ahead = self._queue.ahead(waiter.deadline.request, lane, place, window)
            full = ahead // window.whole.calls
            seconds = max(seconds, first + full * (window.whole.seconds + self._alone.lag))
        remaining = waiter.deadline.remaining()
        return self._alone.refusal(seconds, remaining) if seconds > remaining else None

    def _given_up(self, waiter: Waiter) -> None:
        if waiter.start is not None:
            waiter.lane.limit.leave(waiter.start)
        elif waiter in self._queue:
            self._queue.remove(waiter)
            self._release_empty(waiter.lane)
            self._go_on()
        elif waiter.future.done() and not waiter.future.cancelled():
            waiter.future.exception()  # heard, if by nobody

    def _release_empty(self, lane: Lane) -> None:
        """Give the slot back that is reserved for a lane where nobody waits any more."""
        if not self._queue.size(lane):
            reserved = self._reserved.pop(lane, None)
            if reserved is not None and reserved.name is not None:
                self._store.ask(scripts.GIVE_BACK, _promised(lane.windows), [reserved.name])
                self._ask_anew()

    def _ask_anew(self) -> None:
        """Ask for all lanes once more, when this moment's changes are told: slots have come otherwise than reserved."""
        if not self._asks_anew:
            self._asks_anew = True
            asyncio.get_running_loop().call_soon(self._all_ask)

    def _all_ask(self) -> None:
        self._asks_anew = False
        for reserved in self._reserved.values():
            reserved.at = 0.0
        self._stale = True
        self._go_on()

    def _go_on(self) -> None:
        """Ask for the next call of every lane that may start or has no slot reserved, and set the timer."""
        if not self._queue:
            return
        if not self._is_shared():
            self._send_home()
            return
        now = self._clock()
        for lane in self._queue.lanes():
            reserved = self._reserved[lane]
            if not reserved.asking and lane.limit.has_room and (reserved.at <= now or reserved.name is None):
                waiter = self._queue.head(lane)
                name = reserved.name or self._store.new_name()
                self._ask(waiter, name, reserved, _micros(waiter.deadline.remaining()))
        self._set_timer(now)

    def _send_home(self) -> None:
        """The store is lost: those who wait are started here."""
        self._mind_losses()
        waiters = [waiter for _, waiter in self._queue.waiters()]
        self._queue, self._reserved = FairQueue(), {}
        for waiter in waiters:
            if not waiter.future.done():
                waiter.future.set_exception(StoreLost())

    def _ask(self, waiter: Waiter, name: str, reserved: _Reservation, longest: int) -> None:
        """Ask to start a call, or to keep a slot within `longest` for its lane; it counts as under way meanwhile."""
        limit, windows = waiter.lane
        limit.hold()
        reserved.asking += 1
        keys = [self._pause_key]
        arguments = [name, longest, *map(_micros, (self._alone.lag, SKEW_SECONDS, _GRACE_SECONDS))]
        for window in windows:
            keys += (f"{window.key}:started", f"{window.key}:promised")
            arguments += (window.whole.calls, _micros(window.whole.seconds))
        answer = self._store.ask(scripts.RESERVE, keys, arguments)
        answer.add_done_callback(partial(self._heard, waiter, name, reserved, longest))

    def _heard(
        self, waiter: Waiter, name: str, reserved: _Reservation, longest: int, answer: asyncio.Future[list[int]]
    ) -> None:
        waiter.lane.limit.give_back()
        reserved.asking -= 1
        if answer.cancelled() or answer.exception() is not None:
            self._send_home()
        else:
            wait, now = answer.result()
            if wait:
                self._must_wait(waiter, name, reserved, longest, wait)
            else:
                self._may_start(waiter, name, reserved, f"{now}:{name}")
        self._alone.go_on()
        self._go_on()

    def _may_start(self, waiter: Waiter, name: str, reserved: _Reservation, member: str) -> None:
        if reserved.name == name:
            reserved.name, reserved.at = None, 0.0
        if waiter.future.done():
            self._store.ask(scripts.GIVE_BACK, _started(waiter.lane.windows), [member])
            self._ask_anew()
            return
        self._queue.serve(waiter)
        self._members[waiter.grant(self._clock())] = member, _started(waiter.lane.windows)
        self._release_empty(waiter.lane)

    def _must_wait(self, waiter: Waiter, name: str, reserved: _Reservation, longest: int, wait: int) -> None:
        lane, is_kept = waiter.lane, wait <= longest
        if is_kept and self._reserved.get(lane) is not reserved:  # nobody waits there any more
            self._store.ask(scripts.GIVE_BACK, _promised(lane.windows), [name])
            self._ask_anew()
            return
        if longest >= 0:
            reserved.name = name if is_kept else None
        if reserved.name in {None, name}:
            reserved.at = self._clock() + wait / 1e6
        if not (is_kept or waiter.future.done()) and wait > (remaining := waiter.deadline.remaining()) * 1e6:
            self._queue.remove(waiter)
            waiter.future.set_exception(self._alone.refusal(wait / 1e6, remaining))
        self._stale = self._stale or not is_kept
        if self._stale and not reserved.asking:
            self._stale = False
            self._queue.drop_late(self._too_late)
        for each in list(self._reserved):
            self._release_empty(each)

    def _set_timer(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        later = min((reserved.at for reserved in self._reserved.values() if reserved.at > now), default=None)
        if later is not None:
            self._timer = asyncio.get_running_loop().call_later(max(later - now, 0.001), self._go_on)


def _started(windows: Sequence[SlidingWindow]) -> list[str]:
    return [f"{window.key}:started" for window in windows]


def _promised(windows: Sequence[SlidingWindow]) -> list[str]:
    return [f"{window.key}:promised" for window in windows]


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
