"""Declare a row: the fields of a vendor's object that are read, each by its name there (see `documents.rows`)."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import msgspec

from customer_gateway.documents.sources import NO_VENDORS, attributes_behind
from customer_gateway.documents.values import UNREADABLE, DocumentContext, is_empty

if TYPE_CHECKING:
    Text: TypeAlias = str | None
else:
    Text = str | int | None  # as it is decoded: `_Form.normalize` makes a text of an integer
"""A non-blank text as sent, else None; a number as its decimal text."""

Email: TypeAlias = Annotated[str | None, "email"]
"""The first address of a field that may hold several."""

if TYPE_CHECKING:
    Key: TypeAlias = str
    """The key of a row whose id comes as an integer: its digits, as text."""
else:
    Key = str | int

Raw: TypeAlias = Any
"""A value as sent, for the functions of `documents.record` to read when it is asked for."""

NOT_KEPT: Final = object()
OWN: Final = {name: f"{NO_VENDORS}{name}" for name in ("context", "document", "misread")}
"""Fields that are no vendor's, and names for them that none uses; what JSON may say under these is overwritten."""


class WrongForm(ValueError):
    """JSON that is no list of objects with a key each. The message holds no value."""


def named(vendor: str) -> Any:
    """Return a field that the vendor calls otherwise; None where it is absent."""
    return msgspec.field(default=None, name=vendor)


def keyed(vendor: str) -> Any:
    """Return the field `key`: a text that every row has."""
    return msgspec.field(name=vendor)


def raw_document() -> Any:
    """Return the field `document`: there in rows that were read from documents; in others whatever is done with it
    fails.
    """
    return msgspec.field(default=NOT_KEPT, name=OWN["document"])


class Part(msgspec.Struct, kw_only=True, gc=False, eq=False):
    """An object.

    Each field is a `Text`, an `Email`, a `Raw`, or a part that may be missing (`Status | None`).
    """


class Row(Part, kw_only=True, gc=False, eq=False):
    """An object with a `key`, and how it is read."""

    key: str
    context: DocumentContext = msgspec.field(default=None, name=OWN["context"])  # pyright: ignore[reportAssignmentType] - `Rows` sets it before anybody sees the row
    misread: Annotated[frozenset[str], msgspec.Meta(max_length=0)] = msgspec.field(
        default=frozenset(), name=OWN["misread"]
    )
    """The attributes (`name`, `part.name`) that are None because their values were neither texts nor parts.

    JSON cannot fill it: what is longer than nothing is refused in one pass, and read as a document.
    """

    def unreadable(self, field: str) -> bool:
        """Return whether the unified `field` is null because what was sent for it cannot be read."""
        value = self.context.value_or_unreadable(lambda: getattr(self, field))
        return value is UNREADABLE or (
            is_empty(value) and not self.misread.isdisjoint(attributes_behind(type(self), field))
        )

    if TYPE_CHECKING:

        @property
        def system(self) -> str:
            """The configured name of the system whose row this is."""
            ...
    else:
        system = property(attrgetter("context.system"))  # in C: it is asked of every noun that has an id
