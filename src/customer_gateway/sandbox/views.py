"""What a call sees of the customers: all of them as they are, or what a fault leaves of them.

A view changes what lists and look-ups by many keys find, and what is counted. A document that is read by its own key
is always found, and nothing of the store itself changes.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha1
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Final, TypeAlias

from customer_gateway.sandbox.fault import VIEW_KINDS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from customer_gateway.sandbox.fault import Fault

# A key and a body, as they are stored.
Row: TypeAlias = "tuple[str, bytes | str]"


class View:
    """What one fault makes of the documents of `customers`, and of those of the other collections that are `listed`."""

    def __init__(self, fault: Fault, customers: str, listed: Sequence[str], calls: Iterator[int]) -> None:
        self._fault = fault
        self._customers = customers
        self._listed = listed
        self._calls = calls
        self._is_turned: bool | None = None

    def concerns(self, collection: str) -> bool:
        of_any = self._fault.kind in ("empty_list", "unstable_pages")
        return collection == self._customers or (of_any and collection in self._listed)

    def kept(self, rows: list[Row]) -> list[Row]:
        """Return the rows of a whole collection that a list shows."""
        if self._fault.kind == "empty_list":
            return []
        if self._fault.kind != "lost_rows":
            return rows
        return self._without_lost(rows)

    def found(self, rows: list[Row]) -> list[Row]:
        """Return the rows that a look-up by many keys, or by the values of another field, finds."""
        if self._fault.kind == "empty_list":
            return []
        return self._without_lost(rows) if self._fault.kind in ("lost_keys", "lost_rows") else rows

    def ordered(self, rows: list[Row]) -> list[Row]:
        """Return the rows of a list in the order of this call: of every second one the last row comes first."""
        if self._is_turned is None:
            self._is_turned = self._fault.kind == "unstable_pages" and next(self._calls) % 2 == 1
        return [*rows[-1:], *rows[:-1]] if self._is_turned else rows

    def total(self, rows: int) -> int:
        return max(0, rows + self._fault.off) if self._fault.kind == "wrong_total" else rows

    def _without_lost(self, rows: list[Row]) -> list[Row]:
        """Leave out the named keys and then the share, which is always the same of the same rows."""
        left = [row for row in rows if row[0] not in self._fault.keys]
        lost = sorted((sha1(key.encode(), usedforsecurity=False).digest(), key) for key, _ in left)
        keys = {key for _, key in lost[: ceil(self._fault.share * len(left))]}
        return [row for row in left if row[0] not in keys]


class Views:
    """The views of one vendor, of whose collections `customers` holds the customers."""

    def __init__(self, customers: str, listed: Sequence[str]) -> None:
        self._customers = customers
        self._listed = listed
        self._calls = count()

    def of(self, fault: Fault) -> View | None:
        """Return what a fault makes of the customers; None where it leaves them as they are."""
        if fault.kind not in VIEW_KINDS:
            return None
        return View(fault, self._customers, self._listed, self._calls)


_SEEN: Final[ContextVar[View | None]] = ContextVar("_SEEN", default=None)


def view_of(collection: str) -> View | None:
    """Return the view that the call that is carried out has of a collection; None where it sees it as it is."""
    view = _SEEN.get()
    return view if view is not None and view.concerns(collection) else None


@contextmanager
def seen_through(view: View | None) -> Generator[None]:
    """Let what is read in here be read through a view."""
    token = _SEEN.set(view)
    try:
        yield
    finally:
        _SEEN.reset(token)
