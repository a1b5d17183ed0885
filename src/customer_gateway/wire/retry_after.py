"""Read the Retry-After header, in either of its two forms."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 86_400.0


def seconds(value: str | None, now: datetime | None = None) -> float | None:
    """Return the wait that a Retry-After names: seconds, or the time until an HTTP date; at most a day, never below 0.

    None when the header is absent or is neither.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_SECONDS)
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        wait = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):  # no date, or none that there is
        return None
    return min(max(wait, 0.0), LONGEST_SECONDS)


def milliseconds(value: str | None) -> int | None:
    """Return `seconds` as whole milliseconds, for an error."""
    wait = seconds(value)
    return None if wait is None else round(wait * 1000)
