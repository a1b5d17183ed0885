"""When things happened in the invented world, in the date formats of the vendors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from random import Random

BERLIN: Final = ZoneInfo("Europe/Berlin")
STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
HELSINKI: Final = ZoneInfo("Europe/Helsinki")

_FIRST: Final = datetime(2016, 3, 1, tzinfo=UTC)
_LAST: Final = datetime(2026, 10, 30, tzinfo=UTC)


def life_of_record(rng: Random) -> tuple[datetime, datetime]:
    """Return when a record was created and last changed, both in UTC, to the millisecond."""
    span = int((_LAST - _FIRST).total_seconds() * 1000)
    created = rng.randrange(span)
    changed = rng.randrange(created, span)
    return _FIRST + timedelta(milliseconds=created), _FIRST + timedelta(milliseconds=changed)


def day(rng: Random, first: date, days: int) -> date:
    """Return some day among the `days` that begin with `first`."""
    return first + timedelta(days=rng.randrange(days))


def now(seconds: float) -> datetime:
    """Return a clock's reading as a UTC moment, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def milliseconds(moment: datetime) -> int:
    """Unix milliseconds."""
    return round(moment.timestamp() * 1000)


def day_milliseconds(of: date, zone: ZoneInfo) -> int:
    """Unix milliseconds of that day's local midnight."""
    return milliseconds(datetime(of.year, of.month, of.day, tzinfo=zone))


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment as `2024-05-06T07:08:09`, local time without a zone."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M:%S}"


def local_with_fraction(moment: datetime, zone: ZoneInfo) -> str:
    """Local time without a zone, its fraction as long as it needs to be: none, `.5`, `.36`, `.843`."""
    here = moment.astimezone(zone)
    fraction = f".{here.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{here:%Y-%m-%dT%H:%M:%S}{fraction}"


def with_offset(moment: datetime, zone: ZoneInfo) -> str:
    """Write a moment as `2022-01-13T13:33:21.000+0100`: milliseconds, an offset without colon."""
    here = moment.astimezone(zone)
    return f"{here:%Y-%m-%dT%H:%M:%S}.{here.microsecond // 1000:03d}{here:%z}"
