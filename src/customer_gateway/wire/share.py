"""What one worker has of a budget that several workers spend without telling each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.policy import SKEW_SECONDS, Openings

if TYPE_CHECKING:
    from customer_gateway.wire.policy import Window

_OPEN_FOR: Final = 0.25  # of a window: a loop that is busy for longer than this misses its turn


@dataclass(frozen=True, slots=True)
class Share:
    """One worker among so many that spend the same budgets; `number` from 0, None where it does not know its own."""

    workers: int = 1
    number: int | None = None

    def of(self, window: Window) -> Window:
        """This worker's part of `window`: those of all workers together are never more than the whole.

        An even part, the first workers one call of the rest. Where a window has fewer calls than there are workers,
        those that come to the same call have it in turns. One that does not know its number then has a call in as many
        windows, which keeps the rate, but not each window.
        """
        calls, rest = divmod(window.calls, self.workers)
        if calls:
            return replace(window, calls=calls + (self.number is not None and self.number < rest))
        if self.number is None:
            return replace(window, calls=1, seconds=window.seconds * self.workers)
        turns = range(self.number % window.calls, self.workers, window.calls)
        openings = None if len(turns) == 1 else _in_turns(window.seconds, turns.index(self.number), len(turns))
        return replace(window, calls=1, openings=openings)


WHOLE: Final = Share()
"""The share of a worker that is alone."""


def _in_turns(seconds: float, turn: int, turns: int) -> Openings:
    """When one of so many may start its call, if each leaves the others a window of so many seconds.

    A call counts as late as `SKEW_SECONDS` after its start, so the next may start a window after that.
    """
    open_for = seconds * _OPEN_FOR
    apart = open_for + SKEW_SECONDS + seconds
    return Openings(first=turn * apart, open_for=open_for, every=turns * apart)
