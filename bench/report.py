"""What was measured, as tables for the terminal and for bench/RESULTS.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bench.load import Figures

Relation: TypeAlias = Literal["≥", "≤", "="]

_WIDTH = 120
_COLUMNS = ("", "requests/s", "p50 ms", "p99 ms", "CPU ms/request", "RSS MB", "upstream calls/request")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the results: rows under headings, and remarks below them."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure against what was aimed at, and the measurements that it leans on."""

    text: str
    value: float
    relation: Relation
    aim: float
    leans_on: Sequence[Figures] = ()

    @property
    def conclusion(self) -> str:
        if any(figures.faults for figures in self.leans_on):
            return "void"
        if self.relation == "=":
            reached = round(self.value, 2) == self.aim
        else:
            reached = self.value >= self.aim if self.relation == "≥" else self.value <= self.aim
        return "reached" if reached else "missed"


@dataclass(frozen=True, slots=True)
class Report:
    heading: Sequence[str]
    sections: list[Section] = field(default_factory=list[Section])
    goals: list[Goal] = field(default_factory=list[Goal])

    def add(self, section: Section) -> None:
        """Keep a section and show it."""
        self.sections.append(section)
        _show(section)

    def close(self) -> None:
        """Show the goals, as the last section."""
        rows = [
            (goal.text, f"{goal.value:.2f}", f"{goal.relation} {goal.aim:g}", goal.conclusion) for goal in self.goals
        ]
        void = ["Void: a contestant that the figure leans on answered wrongly or not at all."]
        remarks = void if any(goal.conclusion == "void" for goal in self.goals) else []
        self.add(Section("Measured against the goals", ("", "measured", "goal", ""), rows, remarks))

    def markdown(self) -> str:
        parts = ["# Results of `make bench`", "\n".join(f"- {line}" for line in self.heading)]
        parts += [_markdown(section) for section in self.sections]
        return "\n\n".join(parts) + "\n"


def section_of(title: str, figures: Mapping[str, Figures], remarks: Iterable[str] = ()) -> Section:
    """A section of contestants over HTTP."""
    rows = [
        (
            "; ".join([name, *each.faults]),
            f"{each.rate:,.0f}",
            f"{each.p50:.2f}",
            f"{each.p99:.2f}",
            f"{each.cpu:.2f}",
            f"{each.memory:.0f}",
            f"{each.calls:.2f}",
        )
        for name, each in figures.items()
    ]
    return Section(title, _COLUMNS, rows, [*remarks])


def _show(section: Section) -> None:
    console = Console(width=_WIDTH)
    table = Table(title=section.title, title_justify="left")
    for place, column in enumerate(section.columns):
        table.add_column(column, justify="right" if place else "left")
    for row in section.rows:
        table.add_row(*row)
    console.print(table if section.rows else section.title)
    for remark in section.remarks:
        console.print(remark)


def _markdown(section: Section) -> str:
    lines = [f"## {section.title}", ""]
    if section.rows:
        lines.append("| " + " | ".join(section.columns) + " |")
        lines.append("| --- |" + " ---: |" * (len(section.columns) - 1))
        lines += ["| " + " | ".join(row) + " |" for row in section.rows]
    if section.rows and section.remarks:
        lines.append("")
    return "\n".join([*lines, *section.remarks])
