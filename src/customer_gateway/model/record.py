"""Typed, forgiving access to one document of a vendor.

A value that cannot be read is None with a drift notice, never an error; a blank string is None. The document itself
stays as sent, for `raw`, for the record types and for writers that must hand it back whole.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, TypeVar
from zoneinfo import ZoneInfo

import orjson

from customer_gateway.model.drift import Drift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Document = dict[str, Any]
Body: TypeAlias = bytes | memoryview
"""The bytes of an answer: a view where the transport holds them, so that they are not copied."""

V = TypeVar("V")

# Any integer of JSON, and any double: what is longer is no quantity, and would cost its length in every answer.
_WHOLE = re.compile(r"-?[0-9]{1,400}")
_MOST_DIGITS = 400
_TRUE = (True, "true", "True", 1, "1")
_FALSE = (False, "false", "False", 0, "0")


@dataclass(frozen=True, slots=True)
class Reading:
    """How one system's documents are read.

    `system` is its configured name, `base_url` the address of its API (for `link`), `zone` the time zone of its
    zone-less times, `region` the country (ISO 3166-1 alpha-2) in which its phones are dialled where an address does
    not say.
    """

    system: str
    base_url: str
    zone: ZoneInfo
    region: str
    drift: Drift = field(compare=False)

    @classmethod
    def of(cls, system: str, base_url: str, zone: str, region: str) -> Reading:
        """A reading with a fresh drift notebook; `zone` is an IANA name."""
        return cls(system, base_url.rstrip("/"), ZoneInfo(zone), region, Drift(system))


def content_version(document: Document) -> str:
    """A version for a document whose vendor has none: it changes with any value, not with the order of keys."""
    try:
        told = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # it nests deeper than orjson encodes, which is not as deep as it decodes
        told = orjson.dumps(_flat(document))
    return hashlib.blake2b(told, digest_size=12).hexdigest()


def _flat(document: Document) -> list[Any]:
    """All that the document says, without its levels: the names of each object, the length of each list, the values."""
    flat: list[Any] = []
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if is_object(value):
            names = sorted(value)
            flat.append({"names": names})
            waiting += [value[name] for name in names]
        elif is_list(value):
            flat.append([len(value)])
            waiting += value
        else:
            flat.append(value)
    return flat


def is_object(value: object) -> TypeGuard[Document]:
    """A JSON object: its keys are text."""
    return type(value) is dict


def is_list(value: object) -> TypeGuard[list[Any]]:
    """A JSON array."""
    return type(value) is list


class Record:
    """A document (or a part of one) and how it is read; the base of every vendor's views."""

    __slots__ = ("document", "reading")

    def __init__(self, document: Document, reading: Reading) -> None:
        self.document = document
        self.reading = reading

    @property
    def system(self) -> str:
        """The configured name of the system whose document this is."""
        return self.reading.system

    def text(self, name: str) -> str | None:
        """A non-blank string as sent; a number becomes its decimal text."""
        value = self.document.get(name)
        if type(value) is str:
            return value if value and not value.isspace() else None
        if value is None:
            return None
        return read_text(value, name, self.reading)

    def integer(self, name: str) -> int | None:
        return read_integer(self.document.get(name), name, self.reading)

    def decimal(self, name: str) -> Decimal | None:
        return read_decimal(self.document.get(name), name, self.reading)

    def flag(self, name: str) -> bool | None:
        """A boolean, also where the vendor writes it as 0/1 or as text."""
        return read_flag(self.document.get(name), name, self.reading)

    def moment(self, name: str) -> datetime | None:
        """A point in time, in UTC; zone-less times are read in the system's zone, integers as Unix milliseconds."""
        return read_moment(self.document.get(name), name, self.reading)

    def day(self, name: str) -> date | None:
        """A calendar day; the day of a point in time is the one in the system's zone."""
        return read_day(self.document.get(name), name, self.reading)

    def code(self, name: str, form: Callable[[str], str | None]) -> str | None:
        """A code in the published form that `form` (of `model.forms`) gives; an unknown one is None with a notice."""
        sent = self.text(name)
        code = form(sent) if sent is not None else None
        if code is None and sent is not None:
            self.reading.drift.notice(name, "not a known code")
        return code

    def texts(self, name: str) -> list[str]:
        """The non-blank strings of a list; a lone string is a list of one."""
        return read_texts(self.document.get(name), name, self.reading)

    def part(self, name: str) -> Record:
        """A nested object; absent or of another form, an empty one."""
        return Record(self._object(self.document.get(name), name) or {}, self.reading)

    def parts(self, name: str) -> list[Record]:
        """The objects of a list, in order; an item of another form is left out with a notice."""
        value: Any = self.document.get(name)
        if value is None:
            return []
        if not is_list(value):
            self.reading.drift.notice(name, "not a list")
            return []
        return [Record(part, self.reading) for item in value if (part := self._object(item, name)) is not None]

    def _object(self, value: Any, name: str) -> Document | None:
        if is_object(value):
            return value
        if value is not None:
            self.reading.drift.notice(name, "not an object")
        return None


def read_text(value: object, name: str, reading: Reading) -> str | None:
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if value is not None:
            reading.drift.notice(name, "not a text")
        return None
    return str(value)


def read_texts(value: object, name: str, reading: Reading) -> list[str]:
    if value is None:
        return []
    items: list[Any] = value if is_list(value) else [value]
    return [text for item in items if (text := read_text(item, name, reading)) is not None]


def read_integer(value: object, name: str, reading: Reading) -> int | None:
    if type(value) is int:
        return value
    if value is None or value == "":
        return None
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    reading.drift.notice(name, "not an integer")
    return None


def read_decimal(value: object, name: str, reading: Reading) -> Decimal | None:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            number = None
        if number is not None and number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS:
            return number
    if value is not None and value != "":
        reading.drift.notice(name, "not a number")
    return None


def read_flag(value: object, name: str, reading: Reading) -> bool | None:
    if value is True or value is False:
        return value
    if value is None or value == "":
        return None
    if isinstance(value, (str, int)):
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
    reading.drift.notice(name, "not a boolean")
    return None


def read_moment(value: object, name: str, reading: Reading) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            if value.isdecimal():
                return datetime.fromtimestamp(int(value) / 1000, UTC)
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=reading.zone)).astimezone(UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    reading.drift.notice(name, "not a point in time")
    return None


def read_day(value: object, name: str, reading: Reading) -> date | None:
    if isinstance(value, str) and len(value) == len("2026-01-31"):
        try:
            return date.fromisoformat(value)
        except ValueError:
            reading.drift.notice(name, "not a date")
            return None
    moment = read_moment(value, name, reading)
    try:
        return moment.astimezone(reading.zone).date() if moment is not None else None
    except OverflowError:  # the last hours of the year 9999, which vendors write for "never"
        return moment.date() if moment is not None else None


def enumerated(table: Mapping[Any, V], value: object, name: str, reading: Reading) -> V | None:
    """The member that `table` gives for the vendor's `value`; an unknown one is None with a notice."""
    if value is None or value == "":
        return None
    try:
        return table[value]
    except (KeyError, TypeError):
        reading.drift.notice(name, "not a known value")
        return None
