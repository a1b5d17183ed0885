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
    """The calls of one window in one of its scopes: those started, and the turns promised to calls that wait.

    `window` is this worker's part of the `whole`; `key` names the tally among all that the workers share.
    """

    __slots__ = ("_calls", "_promises", "_seconds", "_started", "key", "whole")

    def __init__(self, window: Window, whole: Window | None = None, key: str = "") -> None:
        self.whole = whole or window
        self.key = key
        self._calls = window.calls
        self._seconds = window.seconds
        self._started: list[StartedCall] = []
        self._promises: list[Slot] = []

    def earliest(self, moment: float) -> float:
        """The first moment, not before `moment`, that fits among all that started or were promised a turn."""
        return self._fit(moment, [*self._known(), *self._promises])

    def free(self, moment: float) -> float:
        """The same among those that started alone."""
        return self._fit(moment, self._known())

    def _known(self) -> list[Slot]:
        return [Slot(start.at, start.began) for start in self._started]

    def _fit(self, moment: float, marks: list[Slot]) -> float:
        # As many calls as the window may hold, close together, leave no room from a window before the last of them
        # to a window after the first. Both ends of these stretches only grow: one pass finds the first moment
        # outside of all.
        marks.sort()
        for first, last in zip(marks, marks[self._calls - 1 :], strict=False):
            if last.at - self._seconds < moment < first.counted + self._seconds:
                moment = first.counted + self._seconds
        return moment

    def begin(self, start: StartedCall) -> None:
        oldest = start.began - self._seconds
        self._started = [other for other in self._started if other.at > oldest]
        self._started.append(start)

    def promise(self, mark: Slot) -> None:
        self._promises.append(mark)

    def redeem(self, mark: Slot) -> None:
        self._promises.remove(mark)

    def forget_promises(self) -> None:
        self._promises.clear()


class Budget:
    """One worker's `share` of all windows of a client, each with a tally per scope; `name` says whose they are."""

    def __init__(self, windows: Sequence[Window], share: WorkerShare = WHOLE, name: str = "") -> None:
        self.wholes = tuple(windows)
        self._windows = tuple(map(share.of, windows))
        self._name = name
        self._tallies: dict[tuple[int, Hashable], SlidingWindow] = {}

    @property
    def longest_window(self) -> float:
        """The vendor's own, in seconds, whatever the share; 0 without windows."""
        return max((window.seconds for window in self.wholes), default=0.0)

    def __bool__(self) -> bool:
        return bool(self._windows)

    def tallies(self, call: Call) -> tuple[SlidingWindow, ...]:
        """The tallies that count this call."""
        return tuple(self._tally(number, window, window.scope(call)) for number, window in enumerate(self._windows))

    def _tally(self, number: int, window: Window, scope: Hashable) -> SlidingWindow:
        tally = self._tallies.get((number, scope))
        if tally is None:
            tally = self._tallies[number, scope] = SlidingWindow(window, self.wholes[number], self._key(number, scope))
        return tally

    def _key(self, number: int, scope: Hashable) -> str:
        whole = self.wholes[number]
        return f"{self._name}:{number}:{whole.calls}/{whole.seconds:g}s:{'' if scope is None else scope}"

    def forget_promises(self) -> None:
        for tally in self._tallies.values():
            tally.forget_promises()


def first_common(moment: float, fits: Sequence[Callable[[float], float]]) -> float:
    """The first moment, not before `moment`, that all of `fits` agree on."""
    while True:
        later = moment
        for fit in fits:
            later = fit(later)
        if later == moment:
            return moment
        moment = later
