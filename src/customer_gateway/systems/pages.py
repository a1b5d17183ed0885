"""Lists that are read page by page until they end. The vendor says where that is, and is believed within bounds.

A page shorter than asked need not be the last: servers cap pages below the size asked for, and say nothing of it. So a
short page ends a list only where its length is known not to be the cap, or where the total says so; else one more call
shows it. `PageLengths` is what is known of one list's pages; by it `listing` reads lists, `windows` parts of them, and
`read_keys` the rows of some keys.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from customer_gateway.errors import UpstreamBadResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence

MOST_LIST_ROWS: Final = 100_000
"""Of one list that is read whole: what belongs to the customers of one call is far fewer rows than these."""

_ENDS: Final = 10_000  # questions whose last page is remembered, of one list
_ENOUGH_LISTS: Final = 20  # different ones that ended at one length: no cap is met so exactly so often

T = TypeVar("T")
V = TypeVar("V")


class Listed(NamedTuple, Generic[T]):
    """A page as it was answered. `total` is how many rows the list has, `size` how many fit the page, where it says.

    `next` is the vendor's own token of the page that follows, where pages follow each other by tokens.
    """

    rows: Sequence[T]
    total: int | None = None
    size: int | None = None
    next: str | None = None


class PageLengths:
    """How long the pages of one list (`call`, for errors) have been, and so what its server puts on a page at most."""

    def __init__(self, system: str, call: str) -> None:
        self.system = system
        self._call = call
        self.longest = 0
        self.total: int | None = None
        """How many rows the list had when last read, where it says."""
        self.pages = 1
        """How many pages it had when last read, where it does not say: at least; exactly, once the end was seen."""
        self._cap: int | None = None
        self._cut = 0
        self._ends: OrderedDict[int, int] = OrderedDict()
        self._lists_ended: dict[int, int] = {}

    def size(self, most: int) -> int:
        """Return how many rows a page may be asked for: `most`, or the cap that was found."""
        return most if self._cap is None else min(most, self._cap)

    def pages_expected(self, most: int) -> int:
        """Return how many pages of `most` rows the list has, as far as is known; 1 where it was never read."""
        return self.pages if self.total is None else max(1, -(-self.total // self.size(most)))

    def saw(self, length: int) -> None:
        """Take note of a page's length: no shorter one has the length of the cap."""
        self.longest = max(self.longest, length)

    def is_end(self, question: Hashable, length: int, *, longest: int | None = None) -> bool:
        """Return whether a page of fewer rows than asked for is known to be the last one of what `question` asks for.

        It is if a longer page came, one of `longest` rows at least; or if nothing followed this very page before. That
        one other list ended at this length proves nothing, for it may have had just as many rows as the cap; that
        `_ENOUGH_LISTS` of them had does.
        """
        self.saw(length)
        beyond = length + 1 if longest is None else longest
        return (
            not length
            or self.longest >= beyond
            or self._lists_ended.get(length, 0) >= _ENOUGH_LISTS
            or self._ends.get(hash(question)) == length
        )

    def ended(self, question: Hashable, length: int) -> None:
        """Remember that nothing followed a page of this length."""
        if self._ends.pop(hash(question), None) != length:
            self._lists_ended[length] = self._lists_ended.get(length, 0) + 1
        self._ends[hash(question)] = length
        if len(self._ends) > _ENDS:
            self._ends.popitem(last=False)

    def cut(self, length: int) -> None:
        """Remember that more followed a short page: once may be a row that came meanwhile, twice is a cap."""
        self.saw(length)
        self._lists_ended.pop(length, None)
        if length == self._cut:
            self._cap = length
        self._cut = length

    def capped(self, size: int) -> None:
        """Remember the cap that the vendor tells."""
        self._cap = size

    def size_of_page(self, page: Listed[Any], size: int) -> int:
        """Return the size of the pages of a list whose first one, of `size` asked, is `page`: a cut one is a whole one
        of a smaller size.
        """
        if page.size is not None and page.size < size:
            self.capped(page.size)
        if not 0 < len(page.rows) < min(size, page.total or 0):
            return size
        self.cut(len(page.rows))
        return len(page.rows)

    def demand_bounded(self, rows: int, most: int = MOST_LIST_ROWS) -> None:
        """Refuse a list of more rows than can belong to what was asked for."""
        if rows > most:
            raise self.refused("has more rows than can belong to what was asked for")

    def refused(self, words: str, *, retryable: bool = False) -> UpstreamBadResponse:
        """Return the error of a list that is read by these pages."""
        return UpstreamBadResponse(self.system, f"{self._call} {words}", retryable=retryable)


class ListLengths:
    """The page lengths of one system's lists, for as long as the process runs."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._known: dict[tuple[str, str], PageLengths] = {}

    def of(self, call: str, by: str = "") -> PageLengths:
        """Return those of one list; `by` separates what is requested otherwise, such as ids, with a cap of its own."""
        if (call, by) not in self._known:
            self._known[call, by] = PageLengths(self._system, call)
        return self._known[call, by]


@dataclass(frozen=True, slots=True)
class RowSlice(Generic[T]):
    """Some rows of a list in their places. `ended` says that no more follow, `total` is that of the last page.

    `after` gives, by the index of one of these rows, what the list goes on by after it, where that is no place alone.
    `is_over` is what the vendor itself says of whether more follow, None where it does not.
    """

    rows: Sequence[T]
    ended: bool
    total: int | None = None
    after: Callable[[int], str] | None = None
    is_over: bool | None = None

    async def has_next(self, start: int, size: int, follows: Callable[[int], Awaitable[bool]] | None) -> bool | None:
        """Return whether the list goes on after `size` rows from `start`; None where no row and no count tells it.

        A total below the rows is not believed: then `follows` is asked, if given, for the row at that position.
        """
        seen = start + min(size, len(self.rows))
        if len(self.rows) > size or self.is_over is False:
            return True
        if self.total is not None and (self.total >= seen or not self.rows):
            return self.total > seen
        if self.ended:
            return False
        return await follows(seen) if follows is not None else None


class Gathered(Generic[V]):
    """The `rows` of a list so far by their keys, because pages of a list that is written to overlap."""

    def __init__(self, lengths: PageLengths) -> None:
        self.rows: dict[Any, V] = {}
        self._lengths = lengths

    def add(self, page: Mapping[Any, V], *, last: bool) -> None:
        """Take the rows of the next page. Raises `UpstreamBadResponse` where there is no end in sight after it."""
        before = len(self.rows)
        self.rows |= page
        if last:
            return
        if len(self.rows) == before:
            raise self._lengths.refused("answered the same page again")
        self.demand_bounded(len(self.rows))

    def demand_bounded(self, rows: int, most: int = MOST_LIST_ROWS) -> None:
        """Refuse a list of more rows than can belong to it."""
        self._lengths.demand_bounded(rows, most)


def fitting(rows: Sequence[T], size: int, identity: Callable[[T], Hashable]) -> Sequence[T]:
    """Return the rows of a page that was asked for `size` of them.

    Of more than those, each is taken once and what is left over is the next page's. Else a repeat is kept, because it
    has a place in the list: without it those after it would move, and the next page would leave one out.
    """
    return rows if len(rows) <= size else without_repeats(rows, identity)[:size]


def without_repeats(rows: Sequence[T], identity: Callable[[T], Hashable]) -> list[T]:
    """Return each of some rows once, in its place."""
    return list(dict(zip(identities(rows, identity), rows, strict=True)).values())


def identities(rows: Sequence[T], identity: Callable[[T], Hashable]) -> list[Hashable]:
    """Return what distinguishes each row of a list; one with a blank key is like no other."""
    keys = list(map(identity, rows))
    return [key or id(row) for key, row in zip(keys, rows, strict=True)] if "" in keys else keys


async def read_keys(
    lengths: PageLengths,
    keys: Sequence[str],
    read: Callable[[Sequence[str]], Awaitable[Sequence[T]]],
    identity: Callable[[T], str],
) -> dict[str, T]:
    """Read the rows of these keys; those that a cap may have cut off are asked for once more."""
    found: dict[str, T] = {}
    missing = keys
    doubted: tuple[frozenset[str], int] | None = None
    while True:
        rows = await read(missing)
        lengths.saw(len(rows))
        found.update(zip(map(identity, rows), rows, strict=True))
        if found.keys() >= set(missing):
            return found
        left = [key for key in missing if key not in found]
        if doubted is not None and len(left) == len(missing):
            lengths.ended(*doubted)
            return found
        doubted = (frozenset(missing), len(rows))
        if lengths.is_end(*doubted):
            return found
        missing = left
