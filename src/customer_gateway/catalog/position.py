"""How far a pass is: stored with the rows of each page, so that a pass goes on where a killed one was."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class PassPosition:
    """Where a pass goes on: `start` counts the rows of the list so far, `after` is the vendor's own word for it.

    `stored_at` is when it was stored. `total` is how many customers there were when it began, once it `is_counted`;
    `unkeyed` how many rows of this walk do not say whose they are. `walks` counts how often the list was begun, for
    this pass and for those that it takes the place of, `calls` the calls to the system. `repeated` counts the last rows
    of a list without a total among which nobody was new. `partial` says that a field of some rows could not be read.
    """

    stored_at: str
    total: int | None = None
    start: int = 0
    after: str = ""
    unkeyed: int = 0
    walks: int = 1
    calls: int = 0
    partial: bool = False
    is_counted: bool = False
    repeated: int = 0
    sample: dict[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def begin_again(self) -> None:
        """Go back to the beginning of the list; what was seen counts."""
        self.start, self.after, self.unkeyed = 0, "", 0
        self.walks += 1
