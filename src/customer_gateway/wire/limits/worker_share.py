"""Split rate limits over workers that do not know of each other's calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.wire.limits.sliding_window import Window

_OPEN_FOR: Final = 0.25  # of a window: a loop that is busy for longer than this misses its slot


class WorkerSlot(NamedTuple):
    """Say when calls may start, in seconds of the machine's clock: from `first` for `open_for`, and again `every`."""

    first: float
    open_for: float
    every: float

    def earliest(self, moment: float, _leaving: int = 0) -> float:
        """Find the first moment, not before `moment`, at which it is open."""
        round_number = floor((moment - self.first) / self.every)
        if moment < self.first + round_number * self.every + self.open_for:
            return moment
        return self.first + (round_number + 1) * self.every  # called again with this, it is the same to the last bit


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """Identify one worker among so many that spend the same budgets; `number` from 0, None where it is not known."""

    workers: int = 1
    number: int | None = None

    def of(self, window: Window) -> Window:
        """Return this worker's part of `window`: an even one, and for the first workers a call of what is left over.

        Where there are fewer calls than workers it is one call, to be started in its `slot` alone. A worker without
        a number then has one call in as many windows, which keeps the rate, but not each window.
        """
        calls, rest = divmod(window.calls, self.workers)
        if calls:
            return replace(window, calls=calls + (self.number is not None and self.number < rest))
        return replace(window, calls=1, seconds=window.seconds * (self.workers if self.number is None else 1))

    def slot(self, windows: Iterable[Window]) -> WorkerSlot | None:
        """Return when this worker may start calls that all of `windows` count; None where it may at any time.

        Where one of them has fewer calls than there are workers, each worker has a slot in turn: so far apart that as
        many slots as a window has calls take a window, though a call is counted up to `SKEW_SECONDS` late.
        """
        scarce = [window for window in windows if window.calls < self.workers]
        if not scarce or self.number is None:
            return None
        open_for = min(window.seconds for window in scarce) * _OPEN_FOR
        apart = max((window.seconds + SKEW_SECONDS + open_for) / window.calls for window in scarce)
        return WorkerSlot(first=self.number * apart, open_for=open_for, every=self.workers * apart)


WHOLE: Final = WorkerShare()
