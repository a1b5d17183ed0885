"""(b) to (d): the page query over HTTP in all its ways, the smallest query, a slower upstream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bench.contest import (
    BARE,
    BY_HAND,
    BY_HAND_TUNED,
    BY_PYREQWEST,
    BY_PYREQWEST_TUNED,
    GATEWAY,
    REFERENCE,
    STRAIGHTFORWARD,
    STRAIGHTFORWARD_TUNED,
    WITH_DEFAULTS,
)
from bench.report import Goal, section_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.contest import Contest
    from bench.load import Entrant, Figures
    from bench.report import Relation, Report
    from bench.rounds import Rounds

ALL = (GATEWAY, REFERENCE, STRAIGHTFORWARD, BY_HAND, BY_PYREQWEST)
TUNED_TOO = (*ALL, STRAIGHTFORWARD_TUNED, BY_HAND_TUNED, BY_PYREQWEST_TUNED)
AIMS = (
    (STRAIGHTFORWARD, 30),
    (STRAIGHTFORWARD_TUNED, 30),
    (BY_HAND, 2),
    (BY_HAND_TUNED, 2),
    (BY_PYREQWEST, 1.1),
    (BY_PYREQWEST_TUNED, 1.1),
)


@dataclass(frozen=True, slots=True)
class OverHttp:
    """One after the other; each part returns its figures by contestant."""

    report: Report
    rounds: Rounds
    running: Contest

    def different(self) -> dict[str, Figures]:
        figures = self._measured(
            "(b) A page of 50 with creator, updater, contacts; all different",
            [self.running.entrants[name] for name in TUNED_TOO],
            "The 200 pages in shuffled order, in turn: no two alike are under way together.",
        )
        gateway = figures[GATEWAY]
        self._against_others("different pages", figures)
        self._goal("(b) different pages: gateway's p99 to its p50", gateway.spread, "≤", 3, gateway)
        self._goal("(b) different pages: gateway's upstream calls a request", gateway.calls, "≤", 2, gateway)
        return figures

    def drawn(self) -> dict[str, Figures]:
        figures = self._measured(
            "(b) Random pages",
            [replace(self.running.entrants[name], order="random") for name in TUNED_TOO],
            "A random one of the 200 pages for each request: some meet one under way for the same page.",
        )
        self._against_others("random pages", figures)
        return figures

    def identical(self) -> dict[str, Figures]:
        figures = self._measured("(b) Identical queries", self.running.with_one_page(*ALL, BARE))
        gateway, bare = figures[GATEWAY], figures[BARE]
        self._goal(
            "(b) identical queries: gateway to bare endpoint", gateway.faster_than(bare), "≥", 0.45, gateway, bare
        )
        return figures

    def alone(self) -> dict[str, Figures]:
        lone = [replace(self.running.entrants[name], connections=1) for name in ALL]
        figures = self._measured("(b) One lone connection, different pages", lone)
        gateway, by_hand = figures[GATEWAY], figures[BY_HAND]
        text = "(b) one connection: gateway's p50 to hand-written"
        self._goal(text, gateway.slower_than(by_hand), "≤", 1.2, gateway, by_hand)
        direct = figures[BY_PYREQWEST]
        text = "(b) one connection: gateway's p50 to pyreqwest directly"
        self._goal(text, gateway.slower_than(direct), "≤", 1.4, gateway, direct)
        self._goal("(b) one connection: gateway's upstream calls a request", gateway.calls, "=", 3, gateway)
        return figures

    def smallest(self) -> dict[str, Figures]:
        return self._measured("(c) The smallest query, { __typename }", self.running.with_smallest())

    def with_latency(self) -> dict[str, Figures]:
        self.running.stub.take(20)
        names = (GATEWAY, WITH_DEFAULTS, STRAIGHTFORWARD, BY_HAND, BY_PYREQWEST, BY_PYREQWEST_TUNED)
        asked = [self.running.entrants[name] for name in names]
        figures = self._measured("(d) As (b), different pages, with 20 ms upstream", asked)
        self.running.stub.take(0)
        ours = figures[WITH_DEFAULTS]
        for name in (BY_PYREQWEST, BY_PYREQWEST_TUNED):
            other = figures[name]
            self._goal(f"(d) {WITH_DEFAULTS}, to {name}", ours.faster_than(other), "≥", 0.9, ours, other)
        return figures

    def _measured(self, title: str, entrants: Sequence[Entrant], *remarks: str) -> dict[str, Figures]:
        figures = self.rounds.figures(entrants, self.running.stub)
        self.report.add(section_of(title, figures, remarks))
        return figures

    def _against_others(self, pages: str, figures: dict[str, Figures]) -> None:
        gateway = figures[GATEWAY]
        for name, aim in AIMS:
            other = figures[name]
            self._goal(f"(b) {pages}: gateway to {name}", gateway.faster_than(other), "≥", aim, gateway, other)

    def _goal(self, text: str, value: float, relation: Relation, aim: float, *leans_on: Figures) -> None:
        self.report.goals.append(Goal(text, value, relation, aim, leans_on))
