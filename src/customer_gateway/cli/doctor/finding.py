"""What is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Outcome: TypeAlias = Literal["well", "warned", "wrong", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined: how it is, in a word or two, and, where it is not well, in full, with what mends it."""

    outcome: Outcome
    word: str
    text: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that was examined of one system, or of the issuer, the database or the Redis beside them.

    `nouns` are what is read of a system, code lists among them; `content` is what was found elsewhere.
    """

    name: str
    kind: str
    base_url: str
    reach: Finding
    credentials: Finding
    clock: Finding
    nouns: tuple[Finding, ...] = ()
    content: Finding | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        content = () if self.content is None else (self.content,)
        return (self.reach, self.credentials, *self.nouns, *content, self.clock)

    @property
    def read(self) -> Finding:
        """What was found there, in a word: of a system how many of its nouns and code lists are read."""
        if self.content is not None:
            return self.content
        well = sum(noun.outcome == "well" for noun in self.nouns)
        outcome = "well" if well == len(self.nouns) else "wrong"
        return Finding(outcome, f"{well} of {len(self.nouns)}") if self.nouns else Finding("unknown", "not tried")

    @property
    def well(self) -> bool:
        """Whether nothing is wrong; a warning is not, nor is what could not be examined."""
        return all(finding.outcome != "wrong" for finding in self.findings)
