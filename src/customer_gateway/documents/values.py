"""Reading one JSON value of a vendor as the type that its documents give it.

A value that cannot be read is None with a drift notice, never an error; null and blank are None without one. A value is
read where its meaning is clear, though its form is another one: an integer that came as a float, a text that came as a
number, one object for a list of objects, a list of one for its only item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard, TypeVar
from zoneinfo import ZoneInfo

from customer_gateway.documents.drift import Drift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Document = dict[str, Any]
Body: TypeAlias = bytes | memoryview
"""The bytes of an answer: a view where the transport holds them, so that they are not copied."""

Decode: TypeAlias = "Callable[[Body], Any]"
"""Makes the document of an answer's body."""

V = TypeVar("V")

# Any integer of JSON, and any double: what is longer is no quantity, and would cost its length in every answer.
_WHOLE: Final = re.compile(r"([+-]?[0-9]{1,400})(?:\.0{1,20})?")
_MOST_DIGITS: Final = 400
_EXACT: Final = 2.0**53
"""From here on a double no longer represents every integer: the decoder may have rounded what was sent."""

_FLAGS: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0", "-1", "-1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0", "-0.0"), False),
}
"""Booleans as texts in any case, and numbers as their texts; -1 is how Visual Basic and COM write true."""


class Unreadable:
    """Stands for a value that the vendor sent and that cannot be read: null for clients, UNREADABLE in provenance."""


UNREADABLE: Final = Unreadable()


def is_empty(value: object) -> bool:
    """Return whether a unified field holds nothing."""
    return value is None or value in ([], ())


def is_blank(value: object) -> bool:
    """Return whether a JSON value says nothing: null, or a text without a letter."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


@dataclass(frozen=True, slots=True)
class DocumentContext:
    """How one system's documents are read.

    `system` is its configured name, `base_url` the address of its API (for `link`), `zone` the time zone of its
    zone-less times, `region` the country (ISO 3166-1 alpha-2) in which its phones are dialled where an address does
    not say. `unix_seconds` says that its numbers of time are seconds, not milliseconds.
    """

    system: str
    base_url: str
    zone: ZoneInfo
    region: str
    drift: Drift = field(compare=False)
    unix_seconds: bool = False

    def value_or_unreadable(self, read: Callable[[], Any]) -> Any:
        """Return what `read` gives, or `UNREADABLE` where that is nothing and something was there, by a notice."""
        before = self.drift.count
        value = read()
        return UNREADABLE if is_empty(value) and self.drift.count > before else value

    @classmethod
    def of(cls, system: str, base_url: str, zone: str, region: str, *, unix_seconds: bool = False) -> DocumentContext:
        """Make a context that has noticed nothing yet; `zone` is an IANA name."""
        return cls(system, base_url.rstrip("/"), ZoneInfo(zone), region, Drift(system), unix_seconds)


def is_object(value: object) -> TypeGuard[Document]:
    """Return whether the value is a JSON object: its keys are text."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Return whether the value is a JSON array."""
    return type(value) is list


def lone(value: object) -> object:
    """Return the only item of a list of one, None for an empty list, anything else as it is."""
    if is_list(value) and len(value) < 2:  # noqa: PLR2004 - one or none
        return value[0] if value else None
    return value


def read_object(value: object, name: str, context: DocumentContext) -> Document | None:
    """Read a nested object, or the only one of a list."""
    value = lone(value)
    if is_object(value):
        return value
    if not is_blank(value):
        context.drift.notice(name, "not an object")
    return None


def read_objects(value: object, name: str, context: DocumentContext) -> list[Document]:
    """Read the objects of a list; a lone object is a list of one, an item of another form is left out."""
    if is_blank(value):
        return []
    items: list[Any] = value if is_list(value) else [value]
    objects = [item for item in items if is_object(item)]
    if len(objects) < len(items) and not all(item is None or is_object(item) for item in items):
        context.drift.notice(name, "not an object")
    return objects


def read_text(value: object, name: str, context: DocumentContext) -> str | None:
    """Read a non-blank text as sent; a number is its decimal text, an integer that came as a float its digits."""
    value = lone(value)
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        if value is not None:
            context.drift.notice(name, "not a text")
        return None
    if not isinstance(value, float) or not value.is_integer():
        return str(value)
    if abs(value) < _EXACT:
        return str(int(value))
    context.drift.notice(name, "a number of which digits were lost")
    return None


def read_texts(value: object, name: str, context: DocumentContext) -> list[str]:
    """Read the non-blank texts of a list; a lone text is a list of one."""
    if value is None:
        return []
    items: list[Any] = value if is_list(value) else [value]
    return [text for item in items if (text := read_text(item, name, context)) is not None]


def read_key(value: object, name: str, form: re.Pattern[str], context: DocumentContext) -> str | None:
    """Read a key of the form `form`: the id of a row, or a foreign key."""
    if type(value) is str and form.fullmatch(value):
        return value
    key = read_text(value, name, context)
    if key is None or form.fullmatch(key):
        return key
    whole = _WHOLE.fullmatch(key.strip())
    plain = str(int(whole[1])) if whole else key.strip()
    if form.fullmatch(plain):
        return plain
    context.drift.notice(name, "not a key of its form")
    return None


def read_keys(value: object, name: str, form: re.Pattern[str], context: DocumentContext) -> list[str]:
    """Read the keys of a list; a lone key is a list of one."""
    keys = (read_key(text, name, form, context) for text in read_texts(value, name, context))
    return [key for key in keys if key is not None]


def read_integer(value: object, name: str, context: DocumentContext) -> int | None:
    """Read an integer, also one that came as text or as a float."""
    if type(value) is int:
        return value
    value = lone(value)
    if type(value) is int or (isinstance(value, float) and value.is_integer() and abs(value) < _EXACT):
        return int(value)
    if isinstance(value, str) and (whole := _WHOLE.fullmatch(value.strip())):
        return int(whole[1])
    if not is_blank(value):
        context.drift.notice(name, "not an integer")
    return None


def read_decimal(value: object, name: str, context: DocumentContext) -> Decimal | None:
    """Read a decimal number, also one that came as text."""
    value = lone(value)
    if isinstance(value, float) and abs(value) >= _EXACT:
        context.drift.notice(name, "a number of which digits were lost")
        return None
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            number = None
        if number is not None and number.is_finite() and abs(number.adjusted()) <= _MOST_DIGITS:
            return number
    if not is_blank(value):
        context.drift.notice(name, "not a number")
    return None


def read_flag(value: object, name: str, context: DocumentContext) -> bool | None:
    """Read a boolean, also one that came as 1, 0 or -1, or as a word for it."""
    if value is True or value is False:
        return value
    value = lone(value)
    if isinstance(value, (bool, str, int, float)):
        flag = _FLAGS.get(str(value).strip().casefold())
        if flag is not None:
            return flag
    if not is_blank(value):
        context.drift.notice(name, "not a boolean")
    return None


def enumerated(table: Mapping[Any, V], value: object, name: str, context: DocumentContext) -> V | None:
    """Return the member that `table` gives for the vendor's `value`; an unknown one is None with a notice."""
    if is_blank(value):
        return None
    try:
        return table[value]
    except (KeyError, TypeError):
        context.drift.notice(name, "not a known value")
        return None
