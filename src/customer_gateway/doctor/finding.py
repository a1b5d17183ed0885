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
    told: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that was examined of one system, or of the Redis beside them."""

    name: str
    kind: str
    base_url: str
    reach: Finding
    credentials: Finding
    clock: Finding

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (self.reach, self.credentials, self.clock)

    @property
    def well(self) -> bool:
        """Whether nothing is wrong; what could not be examined is not wrong."""
        return all(finding.outcome != "wrong" for finding in self.findings)
