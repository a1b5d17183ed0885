"""What one worker has of the budgets that several workers spend without telling each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.wire.limits.window import SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.wire.limits.window import Window

_OPEN_FOR: Final = 0.25  # of a window: a loop that is busy for longer than this misses its turn


class WorkerSlot(NamedTuple):
    """When calls may start, in seconds of the machine's clock: from `first` on for `open_for`, and so again `every`."""

    first: float
    open_for: float
    every: float

    def next(self, moment: float) -> float:
        """The first moment, not before `moment`, at which it is open."""
        round_number = floor((moment - self.first) / self.every)
        if moment < self.first + round_number * self.every + self.open_for:
            return moment
        return self.first + (round_number + 1) * self.every  # asked again with this, it is the same to the last bit


@dataclass(frozen=True, slots=True)
class WorkerShare:
    """One worker among so many that spend the same budgets; `number` from 0, None where it does not know its own."""

    workers: int = 1
    number: int | None = None

    def of(self, window: Window) -> Window:
        """This worker's part of `window`: an even one, and for the first workers a call of what is left over.

        Where there are fewer calls than workers it is one call, to be started in its `slot` alone. A worker that does
        not know its number then has one call in as many windows, which keeps the rate, but not each window.
        """
        calls, rest = divmod(window.calls, self.workers)
        if calls:
            return replace(window, calls=calls + (self.number is not None and self.number < rest))
        return replace(window, calls=1, seconds=window.seconds * (self.workers if self.number is None else 1))

    def slot(self, windows: Iterable[Window]) -> WorkerSlot | None:
        """When this worker may start calls that are counted in all of `windows`; None where it may at any time.

        Where one of them has fewer calls than there are workers, all take turns: so far apart that from one turn to
        that after as many as a window has calls there is a window, though a call counts `SKEW_SECONDS` late.
        """
        scarce = [window for window in windows if window.calls < self.workers]
        if not scarce or self.number is None:
            return None
        open_for = min(window.seconds for window in scarce) * _OPEN_FOR
        apart = max((window.seconds + SKEW_SECONDS + open_for) / window.calls for window in scarce)
        return WorkerSlot(first=self.number * apart, open_for=open_for, every=self.workers * apart)


WHOLE: Final = WorkerShare()
"""The share of a worker that is alone."""
