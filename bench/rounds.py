"""Rounds through the contestants of a section: one at a time is under load, so that all meet the machine alike.

Every second round goes backwards, so that no contestant always follows the same one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from bench.answers import CheckedAnswers, checked
from bench.load import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.answers import Sizes
    from bench.load import Entrant, Generator, Upstream

_UNHURRIED = 4
"""Connections of the check before the load."""

_T = TypeVar("_T")


class Runs(NamedTuple):
    """A contestant's figures round by round, and what was checked of its answers outside of the rounds."""

    rounds: list[Figures]
    checked_answers: list[CheckedAnswers]

    @property
    def median(self) -> Figures:
        found = Figures.median(self.rounds)
        return replace(found, checked_answers=CheckedAnswers.together([*self.checked_answers, found.checked_answers]))


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often and how long each contestant is asked, in seconds, after a warm-up."""

    generator: Generator
    rounds: int
    seconds: float
    warm_up: float

    def figures(self, entrants: Sequence[Entrant], upstream: Upstream) -> dict[str, Figures]:
        """The medians by contestant, in the order given."""
        return {name: runs.median for name, runs in self.runs(entrants, upstream).items()}

    def runs(self, entrants: Sequence[Entrant], upstream: Upstream) -> dict[str, Runs]:
        """By contestant, in the order given; all answers are checked before, during and after the load."""
        before = {entrant.name: _checked(entrant, _UNHURRIED) for entrant in entrants}
        found: dict[str, Runs] = {}
        for entrant in entrants:
            right, sizes = before[entrant.name]
            warmed = self.generator.run(entrant, self.warm_up, upstream, sizes)
            found[entrant.name] = Runs([], [right, warmed.checked_answers])
        for order in order_rounds(entrants, self.rounds):
            for entrant in order:
                sizes = before[entrant.name][1]
                found[entrant.name].rounds.append(self.generator.run(entrant, self.seconds, upstream, sizes))
        for entrant in entrants:
            found[entrant.name].checked_answers.append(_checked(entrant, entrant.connections)[0])
        return found


def order_rounds(entrants: Sequence[_T], rounds: int) -> list[list[_T]]:
    """Return the order of each round: as given, then backwards, and so on."""
    return [[*entrants] if place % 2 == 0 else [*reversed(entrants)] for place in range(rounds)]


def _checked(entrant: Entrant, connections: int) -> tuple[CheckedAnswers, Sizes]:
    entrant.server.come_to_rest()
    return checked(entrant.url, entrant.questions, connections, entrant.method)
