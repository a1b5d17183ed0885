"""Count the calls that a vendor limits in sliding windows, and find the moment at which the next one fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.limits.worker_share import WorkerSlot

# The vendor counts a call when it arrives, we when it leaves: one that travels for long arrives nearer to the next.
# A call is therefore counted from the moment its answer was there, at most this much after its start.
SKEW_SECONDS: Final = 0.25


def per_client(_: Call) -> Hashable:
    """Count all calls of a client together: limits per address, per key, per user."""
    return None


def per_endpoint(call: Call) -> Hashable:
    """Count each method of a path's template apart: Billbee's 2 calls a second."""
    return call.method_and_endpoint


@dataclass(frozen=True, slots=True)
class Window:
    """Allow at most `calls` call starts within any `seconds`, counted apart for each value of `scope`."""

    calls: int
    seconds: float
    scope: Callable[[Call], Hashable] = per_client


class StartedCall:
    """Mark a call that has started: `at` is the latest moment at which the vendor may have counted it."""

    __slots__ = ("at", "began")

    def __init__(self, now: float) -> None:
        self.began = now
        self.at = now + SKEW_SECONDS

    def arrived(self, now: float) -> float:
        """Count the call from its answer; return the seconds from start to answer, at most the skew."""
        self.at = min(self.at, now)
        return self.at - self.began


class SlidingWindow:
    """Count the calls of one window in one scope, and the slots reserved for those that are next.

    `part` is this worker's of the `whole`; `key` names the count among all that the workers share.
    """

    __slots__ = ("_reserved", "_started", "key", "part", "whole")

    def __init__(self, part: Window, whole: Window | None = None, key: str = "") -> None:
        self.part = part
        self.whole = whole or part
        self.key = key
        self._started: list[StartedCall] = []
        self._reserved: list[tuple[float, float]] = []

    def earliest(self, moment: float, leaving: int = 0) -> float:
        """Find the first moment, not before `moment`, that fits among all calls started and slots reserved.

        With `leaving` so many more calls fit beside this one, where the window may hold them.
        """
        calls = max(1, self.part.calls - leaving)
        # As many calls as the window may hold, close together, leave no room from a window before the last of them to
        # a window after the first. Both ends only grow: one pass finds the first moment outside of all.
        seconds = self.part.seconds
        slots = sorted([*((start.at, start.began) for start in self._started), *self._reserved])
        for (counted, _), (_, last) in zip(slots, slots[calls - 1 :], strict=False):
            if last - seconds < moment < counted + seconds:
                moment = counted + seconds
        return moment

    def estimate(self, limit: Window, moment: float, ahead: int, period: float) -> float:
        """Estimate when a call may start by `limit` after `ahead` others, if each full window takes a `period`."""
        counted = sorted(start.at for start in self._started)
        full, rest = divmod(ahead, limit.calls)
        position = len(counted) - limit.calls + rest  # of the call that has to leave the window first
        first = counted[position] + limit.seconds if position >= 0 else moment
        return max(moment, first) + full * period

    def commit(self, start: StartedCall) -> None:
        """Count a call from now on."""
        oldest = start.began - self.part.seconds
        self._started = [other for other in self._started if other.at > oldest]
        self._started.append(start)

    def reserve(self, at: float, counted: float) -> None:
        """Keep a slot for the next call: it starts at `at`, and the vendor counts it until `counted` at the latest."""
        self._reserved.append((counted, at))

    def release(self) -> None:
        """Release all reserved slots."""
        self._reserved.clear()


class ScopedWindow:
    """Count the calls of a window apart for each value of its scope."""

    def __init__(self, whole: Window, part: Window, name: str) -> None:
        self.whole = whole
        self.part = part
        self._key = f"{name}:{whole.calls}/{whole.seconds:g}s"
        self._counts: dict[Hashable, SlidingWindow] = {}

    def of(self, call: Call) -> SlidingWindow:
        """Return the count of this call's scope."""
        scope = self.whole.scope(call)
        if scope not in self._counts:
            self._counts[scope] = SlidingWindow(self.part, self.whole, f"{self._key}:{'' if scope is None else scope}")
        return self._counts[scope]


def first_common(moment: float, windows: Sequence[SlidingWindow | WorkerSlot], leaving: int = 0) -> float:
    """Find the first moment, not before `moment`, that fits all of `windows`."""
    while True:
        before = moment
        for window in windows:
            moment = window.earliest(moment, leaving)
        if moment == before:
            return moment
