"""The findings for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.cli.doctor.finding import Checkup, Finding

_STYLES: Final = {"well": "green", "warned": "yellow", "wrong": "bold red", "unknown": "dim"}
_MARKS: Final = {"wrong": "", "warned": "warning: "}


def table(checkups: Sequence[Checkup]) -> Table:
    """Return a row for each system, and for what is examined beside them."""
    drawn = Table("system", "kind", Column("address", overflow="fold"), "reachable", "credentials", "content", "clock")
    for checkup in checkups:
        cells = [Text(text) for text in (checkup.name, checkup.kind, checkup.base_url)]
        found = (checkup.reach, checkup.credentials, checkup.read, checkup.clock)
        drawn.add_row(*cells, *map(_cell, found))
    return drawn


def to_mend(checkups: Sequence[Checkup]) -> list[str]:
    """Return a line for each thing that is wrong, or is a warning: where, state, what to do."""
    return [
        f"{checkup.name}: {_MARKS[finding.outcome]}{finding.text}; {finding.remedy}."
        for checkup in checkups
        for finding in checkup.findings
        if finding.outcome in _MARKS
    ]


def _cell(finding: Finding) -> Text:
    return Text(finding.word, style=_STYLES[finding.outcome])
