"""Pages of a list: what stands at their places, and of which sizes a list is read that may have changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

V_co = TypeVar("V_co", covariant=True)

_PAGES_OF_WALKS: Final = (1.0, 0.9, 2 / 3, 1 / 2, 1 / 3)
MOST_WALKS: Final = len(_PAGES_OF_WALKS)
"""How often a list is read from its beginning, before its pages are said not to hold all of it."""


def rows_per_page_of(walk: int, most: int) -> int:
    """Return how many rows of a list to ask for when it is read for that time, from 1: of another size, pages have
    other borders, over which rows slip.
    """
    return max(1, int(most * _PAGES_OF_WALKS[min(walk, MOST_WALKS) - 1]))


@dataclass(frozen=True, slots=True)
class Page(Generic[V_co]):
    """Some records in the system's own order. `has_next` and `total` are None where this answer does not tell.

    `places` are its rows: None for one that does not say which record it is, so that those after it keep their places.
    `after` gives, by the index of one of these places, what the list goes on by after it, where that is no place alone:
    a token of the vendor, or a key. A cursor carries it, and only the system that gave it reads it. `is_over`: the
    vendor says that nothing follows.
    """

    places: Sequence[V_co | None]
    has_next: bool | None = None
    total: int | None = None
    after: Callable[[int], str] | None = None
    is_over: bool = False

    @property
    def items(self) -> list[V_co]:
        """The records that can be told apart."""
        return [item for item in self.places if item is not None]
