"""Rounds through the contestants of a section: one at a time is under load, so that all meet the machine alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.answers import Judged, checked
from bench.load import Figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.answers import Sizes
    from bench.load import Entrant, Generator, Upstream

_UNHURRIED = 4
"""Connections of the check before the load."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often and how long each contestant is asked, in seconds, after a warm-up."""

    generator: Generator
    rounds: int
    seconds: float
    warm_up: float

    def figures(self, entrants: Sequence[Entrant], upstream: Upstream) -> dict[str, Figures]:
        """The medians by contestant, in the order given; all answers are judged before, during and after the load."""
        before = {entrant.name: _checked(entrant, _UNHURRIED) for entrant in entrants}
        judged: dict[str, list[Judged]] = {}
        for entrant in entrants:
            right, sizes = before[entrant.name]
            judged[entrant.name] = [right, self.generator.run(entrant, self.warm_up, upstream, sizes).judged]
        runs: dict[str, list[Figures]] = {entrant.name: [] for entrant in entrants}
        for _ in range(self.rounds):
            for entrant in entrants:
                sizes = before[entrant.name][1]
                runs[entrant.name].append(self.generator.run(entrant, self.seconds, upstream, sizes))
        for entrant in entrants:
            judged[entrant.name].append(_checked(entrant, entrant.connections)[0])
        medians = {name: Figures.median(each) for name, each in runs.items()}
        return {
            name: replace(each, judged=Judged.together([*judged[name], each.judged])) for name, each in medians.items()
        }


def _checked(entrant: Entrant, connections: int) -> tuple[Judged, Sizes]:
    entrant.server.come_to_rest()
    return checked(entrant.url, entrant.questions, connections, entrant.method)
