"""Read points in time and calendar days, in the forms in which vendors write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from customer_gateway.documents.values import is_blank, lone

if TYPE_CHECKING:
    from customer_gateway.documents.values import DocumentContext

_NO_DATE: Final = "0001-01-01"
"""How .NET says that a date is not set: the first day of its calendar."""

_NEVER: Final = date(9999, 12, 31)
_NEVER_IN_UTC: Final = {_NEVER, date(9999, 12, 30)}  # its midnight east of Greenwich is the evening before
_ISO_WEEK: Final = re.compile(r"[0-9]{4}-?W")
_YEARS: Final = range(1980, 2101)
"""No system is older, and none plans further: another year is a unit or a form that was misread."""

_DAY: Final = re.compile(r"[0-9]{8}")
_DAY_NUMBERS: Final = range(1000_00_00, 10000_00_00)


def read_moment(value: object, name: str, context: DocumentContext) -> datetime | None:
    """Read a point in time, in UTC.

    Zone-less times are in the system's zone, numbers are Unix milliseconds, or the seconds of a vendor that has those,
    a day is its midnight in the zone. A year that no record can have is not a point in time; 0001-01-01 is None.
    """
    value = lone(value)
    if is_blank(value) or _says_no_date(value):
        return None
    moment = _moment(value, context)
    if moment is not None and (moment.year in _YEARS or moment.date() in _NEVER_IN_UTC):
        return moment
    context.drift.notice(name, "not a point in time")
    return None


def _says_no_date(value: object) -> bool:
    text = value.strip() if isinstance(value, str) else ""
    return text.startswith(_NO_DATE) or text == _NO_DATE.replace("-", "")


def _moment(value: object, context: DocumentContext) -> datetime | None:
    try:
        day = _day(value)
        if day is not None:
            return datetime(day.year, day.month, day.day, tzinfo=context.zone).astimezone(UTC)
        if isinstance(value, str):
            text = value.strip()
            if text.isascii() and text.isdecimal():
                return datetime.fromtimestamp(int(text) / _per_second(context), UTC)
            if _ISO_WEEK.match(text):
                return None
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=context.zone)).astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / _per_second(context), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _per_second(context: DocumentContext) -> int:
    return 1 if context.unix_seconds else 1000


def _day(value: object) -> date | None:
    """Read `20250630`, text or number: as Unix time it would be a few hours, or months, after 1970 began."""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    digits = str(whole) if type(whole) is int and whole in _DAY_NUMBERS else whole
    if isinstance(digits, str) and _DAY.fullmatch(digits.strip()):
        day = date.fromisoformat(digits.strip())
        return day if day.year in _YEARS or day == _NEVER else None
    return None


def read_day(value: object, name: str, context: DocumentContext) -> date | None:
    """Read a calendar day; that of a point in time is the day in the system's zone."""
    value = lone(value)
    text = value.strip() if isinstance(value, str) else ""
    if len(text) == len("2026-01-31") and not text.isdecimal() and not text.startswith(_NO_DATE):
        try:
            day = date.fromisoformat(text)
        except ValueError:
            day = None
        if day is not None and (day.year in _YEARS or day == _NEVER):
            return day
        context.drift.notice(name, "not a date")
        return None
    moment = read_moment(value, name, context)
    try:
        return moment.astimezone(context.zone).date() if moment is not None else None
    except OverflowError:  # the last hours of the year 9999, which vendors write for "never"
        return moment.date() if moment is not None else None
