"""The time as it is stored: in UTC, whole milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time, in whole milliseconds: what is told at once and what is read back later are equal."""
    return as_stored(datetime.now(UTC))


def as_stored(moment: datetime) -> datetime:
    """Return the last whole millisecond before a moment, or the moment itself."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
