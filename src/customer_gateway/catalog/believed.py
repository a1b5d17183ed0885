"""What a pass that was believed leaves for the next ones: they are held against it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.model.catalog import RecordState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.model.passes import Absent, PassRow

COMPLETE: Final = "complete"
"""The member of `details` with what is known of the last pass that was believed."""


class BelievedPass(NamedTuple):
    """The last complete pass of a system that was believed."""

    number: int
    began: datetime
    ended: datetime
    sample: Mapping[str, str]

    def had(self, record: Absent) -> bool:
        """Return whether the pass, or a later one, has seen a record that was known by its end.

        What live reads have made of the record since does not count: it may be MISSING, or PRESENT again.
        """
        return record.seen_pass >= self.number and record.known_since <= self.ended

    def lacked(self, record: Absent) -> bool:
        """Return whether the pass has not seen a record that is MISSING, and neither has anything else since then."""
        return record.state is RecordState.MISSING and record.since <= self.began and record.seen_pass < self.number


def last_believed(row: PassRow) -> BelievedPass | None:
    """Return the last pass of a system that was believed; None before the first."""
    known: Mapping[str, Any] | None = row.details.get(COMPLETE)
    if known is None:
        return None
    began, ended = datetime.fromisoformat(known["began"]), datetime.fromisoformat(known["at"])
    return BelievedPass(known["number"], began, ended, known["sample"])
