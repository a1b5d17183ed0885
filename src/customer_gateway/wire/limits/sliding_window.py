"""A vendor's call budget: when the next call may start so that no window ever holds more than it may."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from customer_gateway.wire.limits.window import SKEW_SECONDS
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare


class StartedCall:
    """A call that has started: `at` is the latest moment at which the vendor may have counted it."""

    __slots__ = ("at", "began")

    def __init__(self, now: float) -> None:
        self.began = now
        self.at = now + SKEW_SECONDS

    def arrived(self, now: float) -> float:
        """Its answer is there; gives the seconds from start to answer, at most the skew."""
        self.at = min(self.at, now)
        return self.at - self.began


class Slot(NamedTuple):
    """A call on the vendor's count: it starts at `at`, and is counted from then on, at the latest at `counted`."""

    counted: float
    at: float


class SlidingWindow:
    """Count the calls of one window in one of its scopes, and the slots reserved for those who are next.

    `window` is this worker's part of the `whole`; `key` names the count among all that the workers share.
    """

    __slots__ = ("_reserved", "_started", "calls", "key", "seconds", "whole")

    def __init__(self, window: Window, whole: Window | None = None, key: str = "") -> None:
        self.whole = whole or window
        self.key = key
        self.calls = window.calls
        self.seconds = window.seconds
        self._started: list[StartedCall] = []
        self._reserved: list[Slot] = []

    def earliest(self, moment: float) -> float:
        """Find the first moment, not before `moment`, that fits among all calls started and slots reserved."""
        # As many calls as the window may hold, close together, leave no room from a window before the last of them
        # to a window after the first. Both ends of these stretches only grow: one pass finds the first moment
        # outside of all.
        slots = sorted([*(Slot(start.at, start.began) for start in self._started), *self._reserved])
        for first, last in zip(slots, slots[self.calls - 1 :], strict=False):
            if last.at - self.seconds < moment < first.counted + self.seconds:
                moment = first.counted + self.seconds
        return moment

    def estimate(self, moment: float, ahead: int, period: float) -> float:
        """Estimate when a call may start that `ahead` others go before, if each full window takes a `period`."""
        counted = sorted(start.at for start in self._started)
        full, rest = divmod(ahead, self.calls)
        place = len(counted) - self.calls + rest  # of the call that has to leave the window first
        first = counted[place] + self.seconds if place >= 0 else moment
        return max(moment, first) + full * period

    def commit(self, start: StartedCall) -> None:
        """Count a call from now on."""
        oldest = start.began - self.seconds
        self._started = [other for other in self._started if other.at > oldest]
        self._started.append(start)

    def reserve(self, slot: Slot) -> None:
        """Keep a slot free of all but the call that is next."""
        self._reserved.append(slot)

    def release(self) -> None:
        """Give all reserved slots back."""
        self._reserved.clear()


class Budget:
    """One worker's `share` of all windows of a client, each with a count per scope; `name` says whose they are."""

    def __init__(self, windows: Sequence[Window], share: WorkerShare = WHOLE, name: str = "") -> None:
        self.wholes = tuple(windows)
        self._windows = tuple(map(share.of, windows))
        self._name = name
        self._counts: dict[tuple[int, Hashable], SlidingWindow] = {}

    @property
    def longest_window(self) -> float:
        """The vendor's own, in seconds, whatever the share; 0 without windows."""
        return max((window.seconds for window in self.wholes), default=0.0)

    def __bool__(self) -> bool:
        return bool(self._windows)

    def sliding_windows(self, call: Call) -> tuple[SlidingWindow, ...]:
        """Find the windows that count this call."""
        return tuple(self._count(number, window, window.scope(call)) for number, window in enumerate(self._windows))

    def _count(self, number: int, window: Window, scope: Hashable) -> SlidingWindow:
        found = self._counts.get((number, scope))
        if found is None:
            found = self._counts[number, scope] = SlidingWindow(window, self.wholes[number], self._key(number, scope))
        return found

    def _key(self, number: int, scope: Hashable) -> str:
        whole = self.wholes[number]
        return f"{self._name}:{number}:{whole.calls}/{whole.seconds:g}s:{'' if scope is None else scope}"


def first_common(moment: float, fits: Sequence[Callable[[float], float]]) -> float:
    """The first moment, not before `moment`, that all of `fits` agree on."""
    while True:
        later = moment
        for fit in fits:
            later = fit(later)
        if later == moment:
            return moment
        moment = later
