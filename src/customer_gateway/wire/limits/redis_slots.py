"""Reserve slots and count calls in a Redis that several processes share: one slot for the next call of each lane.

A slot orders those that wait and no more: at its moment Redis is called again, and only then counts the call.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS
from customer_gateway.wire.limits.store import RETRY_SECONDS, StoreLost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from customer_gateway.wire.limits.fair_queue import Lane, Waiter
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, StartedCall
    from customer_gateway.wire.limits.store import BudgetStore

_GRACE_SECONDS: Final = 1.0  # a slot that is not used within this after its moment is free


class _LaneState:
    """Keep Redis's last answer for a lane: `granted` are calls that it counted, which start now.

    The next may start `at`; `is_kept` says that a slot is kept for it under `name`, `pending` that an answer is due.
    """

    __slots__ = ("at", "granted", "is_kept", "name", "pending")

    def __init__(self, name: str) -> None:
        self.name = name
        self.at = 0.0
        self.granted: list[str] = []
        self.pending = self.is_kept = False


class RedisSlots:
    """Keep the slots of one rate limiter; `answered` is called after each answer."""

    def __init__(self, store: BudgetStore, name: str, clock: Callable[[], float], answered: Callable[[], None]) -> None:
        self._store = store
        self._pause_key = f"{name}:pause"
        self._clock = clock
        self._answered = answered
        self._lanes: dict[Lane, _LaneState] = {}
        self._members: dict[StartedCall, tuple[Sequence[SlidingWindow], str]] = {}
        self._names = count()

    def decides(self, longest_window: float) -> bool:
        """Return whether Redis decides now: it is up, and has been for as long as other workers may not have noticed.

        Until then, and for a window more, each worker keeps to its share and counts its calls in Redis.
        """
        return self._store.is_up and self._clock() >= self._store.back_at + RETRY_SECONDS + longest_window

    def next(self, lane: Lane, now: float) -> float:
        """Return when the next call of the lane may start, as far as is known."""
        return max(now, self._lanes[lane].at) if lane in self._lanes else now

    def next_start(self, waiter: Waiter, waiting: int, now: float, lag: float) -> float:
        """Return when the first of a lane's `waiting` calls may start; if not known, call Redis and return infinity."""
        lane, remaining = waiter.lane, waiter.deadline.remaining()
        if lane not in self._lanes:
            self._lanes[lane] = _LaneState(self._new_name())
        state = self._lanes[lane]
        if state.granted:
            return now
        if not state.pending and state.at > now and (state.is_kept or state.at - now > remaining):
            return state.at
        calls = min(waiting, lane.limit.room)
        if not state.pending and calls > 0:
            state.pending = True
            lane.limit.room -= calls
            reserved = self._run(lane.windows, "reserve", state.name, calls, _micros(remaining), _micros(lag))
            reserved.add_done_callback(lambda answer: self._reserved(lane, state, calls, remaining, answer))
        return float("inf")

    def count(self, lane: Lane, start: StartedCall) -> None:
        """Count a call that starts: it is one of those granted, or else report it to Redis."""
        state = self._lanes.get(lane)
        if state is not None and state.granted:
            self._members[start] = lane.windows, state.granted.pop(0)
            lane.limit.room += 1
        else:
            self._run(lane.windows, "count", self._new_name())

    def count_from_answer(self, start: StartedCall) -> None:
        """Count a call from its answer."""
        windows, member = self._members.pop(start, ((), ""))
        if member:
            self._run(windows, "settle", member)

    def pause(self, seconds: float) -> None:
        """Let no process start a call for so long."""
        self._run((), "pause", round(seconds * 1000))
        self._reset()

    def release_unused(self, waiting: Mapping[Lane, int]) -> bool:
        """Release what is granted or kept for lanes without waiters; return whether that leaves others more room."""
        released = False
        for lane, state in list(self._lanes.items()):
            if not state.pending and lane not in waiting:
                del self._lanes[lane]
                if state.granted or state.is_kept:
                    lane.limit.room += len(state.granted)
                    self._run(lane.windows, "release", state.name, *state.granted)
                    released = True
        if released:
            self._reset()
        return released

    def _reset(self) -> None:
        for state in self._lanes.values():
            state.at = 0.0

    def _reserved(
        self, lane: Lane, state: _LaneState, calls: int, seconds: float, answer: asyncio.Future[list[int]]
    ) -> None:
        granted = 0
        state.pending = False
        with suppress(StoreLost, asyncio.CancelledError):
            granted, wait, now = answer.result()
            state.granted = [f"{now}:{state.name}-{number}" for number in range(1, granted + 1)]
            state.at = self._clock() + wait / 1e6 if wait else 0.0
            state.is_kept = 0 < wait <= _micros(seconds)
        lane.limit.room += calls - granted
        self._answered()

    def _new_name(self) -> str:
        return f"{self._store.name}-{next(self._names)}"

    def _run(self, windows: Sequence[SlidingWindow], operation: str, *arguments: str | int) -> asyncio.Task[list[int]]:
        keys = chain.from_iterable((f"{window.key}:started", f"{window.key}:reserved") for window in windows)
        limits = chain.from_iterable((window.whole.calls, _micros(window.whole.seconds)) for window in windows)
        first = _micros(SKEW_SECONDS), _micros(_GRACE_SECONDS)
        return self._store.run([self._pause_key, *keys], [*first, *limits, operation, *arguments])


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
