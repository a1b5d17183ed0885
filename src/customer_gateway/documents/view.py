"""Fields of a view, a line each: where in the vendor's document a unified field stands, and as what it is read.

    class PlandCustomerView(Record):
        number = text("number")
        created_at = moment("created")

        @property
        @reads("phone", "fax", beside="country")
        def phones(self) -> list[PhoneNumber]: ...

Read on a record they give the typed value or None (`documents.record` says how odd values are read); read on the class,
the declaration itself. `documents.sources` tells what the declarations of a class say
(docs/adr/0027-a-vendor-fact-stands-once.md).
"""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Any, cast

from customer_gateway.documents.record import Record, read_text
from customer_gateway.documents.sources import Declared, demand_members, reads

__all__ = ["day", "decimal", "email_address", "flag", "foreign_key", "integer", "moment", "reads", "text", "texts"]

if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from datetime import date, datetime
    from decimal import Decimal


def text(vendor: str) -> str | None:
    """Return a non-blank text as sent; a number as its decimal text."""
    return cast("str | None", _Text(vendor))


def email_address(vendor: str) -> str | None:
    """Return the first of the addresses that an e-mail field holds."""
    return cast("str | None", _Stated(vendor, methodcaller("email_address", vendor)))


def foreign_key(vendor: str, form: re.Pattern[str], leads_to: str | None = None) -> str | None:
    """Return a foreign key of the form `form`, by which another call reads `leads_to`; of another form, None with a
    notice.
    """
    return cast("str | None", _Stated(vendor, methodcaller("foreign_key", vendor, form), leads_to))


def texts(vendor: str) -> list[str]:
    """Return the non-blank texts of a list; a lone text is a list of one."""
    return cast("list[str]", _Stated(vendor, methodcaller("texts", vendor)))


def flag(vendor: str) -> bool | None:
    """Return a boolean, also where the vendor writes it as 0/1 or as text."""
    return cast("bool | None", _Stated(vendor, methodcaller("flag", vendor)))


def integer(vendor: str) -> int | None:
    """Return an integer."""
    return cast("int | None", _Stated(vendor, methodcaller("integer", vendor)))


def decimal(vendor: str) -> Decimal | None:
    """Return a decimal number."""
    return cast("Decimal | None", _Stated(vendor, methodcaller("decimal", vendor)))


def moment(vendor: str) -> datetime | None:
    """Return a point in time, in UTC."""
    return cast("datetime | None", _Stated(vendor, methodcaller("moment", vendor)))


def day(vendor: str) -> date | None:
    """Return a calendar day, in the system's time zone."""
    return cast("date | None", _Stated(vendor, methodcaller("day", vendor)))


class _Stated:
    """A descriptor: what `read` gives of the record. Typed as that value, as `dataclasses.field` types its own."""

    __slots__ = ("_read", "declared_sources")

    def __init__(self, vendor: str, read: Callable[[Record], Any], leads_to: str | None = None) -> None:
        demand_members(vendor)
        self._read = read
        self.declared_sources = Declared(frozenset({vendor}), leads_to=leads_to)

    def __get__(self, record: Record | None, owner: type) -> Any:
        return self if record is None else self._read(record)


class _Text:
    """The commonest field by far, and on the hot path: read here, without a step through `Record.text`."""

    __slots__ = ("_vendor", "declared_sources")

    def __init__(self, vendor: str) -> None:
        demand_members(vendor)
        self._vendor = vendor
        self.declared_sources = Declared(frozenset({vendor}))

    def __get__(self, record: Record | None, owner: type) -> Any:
        if record is None:
            return self
        value = record.document.get(self._vendor)
        if type(value) is str and value and not value.isspace():
            return value
        return None if value is None else read_text(value, self._vendor, record.context)
