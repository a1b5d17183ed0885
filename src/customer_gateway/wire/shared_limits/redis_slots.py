"""Reserve slots and count calls in a Redis that several processes share: one slot for the next call of each lane.

A slot orders those that wait and no more: at its moment Redis is called again, and only then counts the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS
from customer_gateway.wire.shared_limits.store import RETRY_SECONDS

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence

    from customer_gateway.wire.limits.fair_queue import Lane, Waiter
    from customer_gateway.wire.limits.rate_limiter import RateLimiter
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, StartedCall
    from customer_gateway.wire.shared_limits.store import BudgetStore

_GRACE_SECONDS: Final = 1.0  # a slot that is not used within this after its moment is free


@dataclass(eq=False, slots=True)
class _LaneState:
    """Keep Redis's last answer for a lane: `granted` is a call that it counted, which starts now.

    The next may start `at`; `is_kept` says that a slot is kept for it under `name`, `pending` that an answer is due.
    """

    name: str
    at: float = 0.0
    granted: str = ""
    is_kept: bool = False
    pending: bool = False


class RedisSlots:
    """Count the calls of one `limiter`, by its `name`, together with those of all that use the store."""

    def __init__(self, store: BudgetStore, limiter: RateLimiter, name: str) -> None:
        self._store = store
        self._limiter = limiter
        self._pause_key = f"{name}:pause"
        self._lanes: dict[Lane, _LaneState] = {}
        self._members: dict[StartedCall, tuple[Sequence[SlidingWindow], str]] = {}
        self._names = count()
        store.on_loss.append(self._lost)

    def decides(self) -> bool:
        """Return whether Redis decides now: it is up, and has been for as long as other workers may not have noticed.

        Until then, and for a window more, each worker keeps to its share and counts its calls in Redis.
        """
        since = self._store.back_at + RETRY_SECONDS + self._limiter.longest_window
        return self._store.is_up and self._limiter.clock() >= since

    def next(self, lane: Lane, now: float) -> float:
        """Return when the next call of the lane may start, as far as is known."""
        return max(now, self._lanes[lane].at) if lane in self._lanes else now

    def next_start(self, waiter: Waiter, now: float, earliest: float) -> float:
        """Return when the call, its lane's next, may start; if that is not known, call Redis and return infinity.

        One that Redis has counted starts now, whatever has come between: started later it would be counted too early.
        """
        lane, remaining = waiter.lane, waiter.deadline.remaining()
        if lane not in self._lanes:
            self._lanes[lane] = _LaneState(self._new_name())
        state = self._lanes[lane]
        if state.granted:
            return now
        if earliest > now:
            return earliest
        if not state.pending and state.at > now and (state.is_kept or state.at - now > remaining):
            return state.at
        if not state.pending and lane.limit.room > 0:
            state.pending = True
            lane.limit.room -= 1
            reserved = self._run(lane.windows, "reserve", state.name, _micros(remaining), _micros(self._limiter.lag))
            reserved.add_done_callback(lambda answer: self._reserved(lane, state, remaining, answer))
        return float("inf")

    def count(self, lane: Lane, start: StartedCall) -> None:
        """Count a call that starts: it is the one granted, or else report it to Redis."""
        state = self._lanes.get(lane)
        if state is not None and state.granted:
            self._members[start] = lane.windows, state.granted
            state.granted = ""
            lane.limit.room += 1
        else:
            self._run(lane.windows, "count", self._new_name())

    def count_from_answer(self, start: StartedCall) -> None:
        """Count a call from its answer."""
        if start in self._members:
            windows, member = self._members.pop(start)
            self._run(windows, "count_from_answer", member)
            self._reset()

    def pause(self, seconds: float) -> None:
        """Let no process start a call for so long."""
        self._run((), "pause", round(seconds * 1000))
        self._reset()

    def release_unused(self, waiting: Mapping[Lane, int]) -> None:
        """Release what is granted or kept for lanes without waiters, which may leave others more room."""
        released = False
        for lane, state in list(self._lanes.items()):
            if not state.pending and lane not in waiting:
                del self._lanes[lane]
                if state.granted or state.is_kept:
                    lane.limit.room += bool(state.granted)
                    self._run(lane.windows, "release", state.name, state.granted)
                    released = True
        if released:
            self._reset()
            self._limiter.wake()

    def _reset(self) -> None:
        """Call Redis again for all that wait: they may have to start later, or may start earlier."""
        for state in self._lanes.values():
            state.at = 0.0

    def _lost(self) -> None:
        """Start nothing for the longest window: what other workers started last is not known."""
        if self._limiter.longest_window:
            self._limiter.close(self._limiter.longest_window + SKEW_SECONDS)

    def _reserved(self, lane: Lane, state: _LaneState, seconds: float, answer: asyncio.Task[list[int] | None]) -> None:
        state.pending = False
        if not answer.cancelled() and (reply := answer.result()) is not None:
            wait, now = reply
            state.granted = "" if wait else f"{now}:{state.name}"
            state.at = self._limiter.clock() + wait / 1e6 if wait else 0.0
            state.is_kept = 0 < wait <= _micros(seconds)
        if not state.granted:
            lane.limit.room += 1
        self._limiter.wake()

    def _new_name(self) -> str:
        return f"{self._store.name}-{next(self._names)}"

    def _run(
        self, windows: Sequence[SlidingWindow], operation: str, *arguments: str | int
    ) -> asyncio.Task[list[int] | None]:
        keys = chain.from_iterable((f"{window.key}:started", f"{window.key}:reserved") for window in windows)
        limits = chain.from_iterable((window.whole.calls, _micros(window.whole.seconds)) for window in windows)
        first = _micros(SKEW_SECONDS), _micros(_GRACE_SECONDS)
        return self._store.run([self._pause_key, *keys], [*first, *limits, operation, *arguments])


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
