"""The lists of which fields hold an id: where a vendor documents them, and what their entries are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from customer_gateway.documents.changes import ABSENT, same
from customer_gateway.documents.values import is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a vendor's list: the id that is written, and what people call it."""

    value: Any
    label: str | None


@dataclass(frozen=True, slots=True)
class ChoiceList:
    """A list of the vendor's: the path that answers it, and the members of its rows that are id and label.

    `closed` are the entries of one that the vendor documents and no call answers.
    """

    path: str = ""
    value: str = "id"
    label: str = "name"
    query: tuple[tuple[str, str], ...] = ()
    closed: tuple[Choice, ...] = ()

    def entries(self, rows: Iterable[object]) -> list[Choice]:
        """Return the entries of the rows that have an id; a label that is no text is none."""
        found = [(row.get(self.value), row.get(self.label)) for row in rows if is_object(row)]
        return [
            Choice(value, label if isinstance(label, str) else None)
            for value, label in found
            if isinstance(value, (str, int)) and not isinstance(value, bool)
        ]


def is_among(value: Any, choices: Sequence[Choice]) -> bool:
    """Return whether a value is none, or one of the entries."""
    return value in (None, ABSENT) or any(same(value, choice.value) for choice in choices)
