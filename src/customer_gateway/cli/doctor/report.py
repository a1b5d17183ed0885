"""The findings for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.cli.doctor.finding import Checkup, Finding

_STYLES: Final = {"well": "green", "wrong": "bold red", "unknown": "dim"}


def table(checkups: Sequence[Checkup]) -> Table:
    """Return a row for each system."""
    drawn = Table("system", "kind", Column("address", overflow="fold"), "reachable", "credentials", "nouns", "clock")
    for checkup in checkups:
        cells = [Text(text) for text in (checkup.name, checkup.kind, checkup.base_url)]
        found = (checkup.reach, checkup.credentials, checkup.read, checkup.clock)
        drawn.add_row(*cells, *map(_cell, found))
    return drawn


def to_mend(checkups: Sequence[Checkup]) -> list[str]:
    """Return a line for each thing that is wrong: system, state, what to do."""
    return [
        f"{checkup.name}: {finding.text}; {finding.remedy}."
        for checkup in checkups
        for finding in checkup.findings
        if finding.outcome == "wrong"
    ]


def _cell(finding: Finding) -> Text:
    return Text(finding.word, style=_STYLES[finding.outcome])
