"""What is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["well", "wrong", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: how it is, in a word or two, and, where it is wrong, in full, with what mends it."""

    outcome: Outcome
    word: str
    text: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that was examined of one system, or of the Redis beside them; `nouns` has code lists among them."""

    name: str
    kind: str
    base_url: str
    reach: Finding
    credentials: Finding
    clock: Finding
    nouns: tuple[Finding, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (self.reach, self.credentials, *self.nouns, self.clock)

    @property
    def read(self) -> Finding:
        """How many of the nouns and code lists are read, in a word."""
        well = sum(noun.outcome == "well" for noun in self.nouns)
        outcome = "well" if well == len(self.nouns) else "wrong"
        return Finding(outcome, f"{well} of {len(self.nouns)}") if self.nouns else Finding("unknown", "not tried")

    @property
    def well(self) -> bool:
        """Whether nothing is wrong; what could not be examined is not wrong."""
        return all(finding.outcome != "wrong" for finding in self.findings)
