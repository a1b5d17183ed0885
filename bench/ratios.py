"""One figure of two trees, round by round: its medians, their ratio, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, inf
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN = 0.03
"""So much slower is still taken for as fast."""

_UNSURE = 0.05


@dataclass(frozen=True, slots=True)
class Pair:
    """A figure before and now, in the order of the rounds; `faults`: why it proves nothing, if it does not."""

    text: str
    better: Literal["more", "less"]
    before: Sequence[float]
    now: Sequence[float]
    faults: Sequence[str] = ()

    @property
    def ratios(self) -> list[float]:
        """Of each round, now to before; infinite where nothing was before."""
        return [now / before if before else inf for before, now in zip(self.before, self.now, strict=True)]

    @property
    def between(self) -> tuple[float, float]:
        """Where the median of endless rounds would lie, 19 times in 20."""
        left = left_out(len(self.before))
        ordered = sorted(self.ratios)
        return ordered[left], ordered[-1 - left]

    @property
    def conclusion(self) -> str:
        if self.faults:
            return "void"
        lowest, highest = self.between
        slowest, fastest = (lowest, highest) if self.better == "more" else (1 / highest, 1 / lowest)
        if slowest >= 1 - MARGIN:
            return "yes"
        return "no" if fastest < 1 - MARGIN else "unsure"

    @property
    def row(self) -> tuple[str, ...]:
        lowest, highest = self.between
        return (
            "; ".join([self.text, *self.faults]),
            *(f"{median(each):,.4g}" for each in (self.before, self.now)),
            f"{median(self.ratios):.3f}",
            f"{lowest:.3f} to {highest:.3f}",
            self.conclusion,
        )


def left_out(rounds: int) -> int:
    """How many of the lowest and of the highest ratios say nothing sure about the median; seven rounds need them all.

    Each round lies above the median as often as below it, so how many lie below is a toss of as many coins.
    """
    left = 0
    while 2 * sum(comb(rounds, below) for below in range(left + 2)) <= _UNSURE * 2**rounds:
        left += 1
    return left
