"""Rows by key of a list that takes no keys: whole pages while those are fewer calls than one for each missing key.

The total of a list says how many pages it has. Without a total, the number is remembered from when its end was last
seen. As long as that was never seen, reading goes on for as many pages as there are keys left to find: then one call
each is no dearer, and the next time it is known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from customer_gateway.errors import UpstreamError, UpstreamRateLimited
from customer_gateway.systems.pages import Gathered
from customer_gateway.work.faults import read_singly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from customer_gateway.systems.listing import Listing
    from customer_gateway.systems.pages import Listed
    from customer_gateway.work.deadline import Deadline

T = TypeVar("T")

_DOUBT: Final = 0.5  # of a page: one that may have been the last is followed as long as anything is missing


@dataclass(slots=True)
class Walk(Generic[T]):
    """The `rows` of a list by key, as text, as far as it was read.

    `whole` says that those are all: as many as every page said, so that none slipped over a page border meanwhile.
    `failure` is the one of the page after which reading ended.
    """

    rows: dict[str, T]
    whole: bool = False
    failure: UpstreamError | None = None


async def read_fewest(
    listing: Listing[T], keys: Sequence[str], one: Callable[[str], Awaitable[Any]], deadline: Deadline, what: str
) -> dict[str, Any]:
    """Return the rows with these keys, and all others on the pages that were read; `one` gives a row by itself.

    Where a row's own call fails, or a page of the list, that failure stands for whatever was not found by then. Raises
    the failure of a page before which nothing was found. A page for which there is no slot before the deadline is no
    such failure: of the missing rows as many are read by themselves as there are slots for.
    """
    walk = await read_while(listing, deadline, lambda rows: sum(key not in rows for key in keys))
    if walk.whole:
        return {**walk.rows}
    missing = [key for key in keys if key not in walk.rows]
    failure = None if isinstance(walk.failure, UpstreamRateLimited) else walk.failure
    if failure is not None and not walk.rows:
        raise failure
    if failure is not None:
        return {**walk.rows, **dict.fromkeys(missing, failure)}
    return walk.rows | await read_singly(one, missing, listing.lengths.system, what)


async def read_while(
    listing: Listing[T], deadline: Deadline, instead: Callable[[Mapping[str, T]], float], pages: int = 0
) -> Walk[T]:
    """Return page after page for as long as what is left of them is fewer calls than `instead` of them.

    `instead` returns, for the rows so far, how many calls would do without the rest; `pages` is what is believed of the
    list's length where it was never read.
    """
    lengths = listing.lengths
    walk = _Walked(listing, lengths.size(listing.most), pages or lengths.pages_expected(listing.most))
    while 0 < walk.left < instead(walk.rows):
        try:
            page = await listing.numbered_page(walk.read + 1, walk.size, deadline)
        except UpstreamError as error:
            return Walk(walk.rows, failure=error)
        walk.add(page)
    return Walk(walk.rows, whole=walk.left <= 0 and walk.totals <= {len(walk.rows)})


@dataclass(slots=True)
class _Walked(Generic[T]):
    """The pages of a list so far: `read` of them, of `size` rows each; about `left` are to come."""

    listing: Listing[T]
    size: int
    expected: int
    read: int = 0
    left: float = 0
    rows: dict[str, T] = field(default_factory=dict[str, Any])
    totals: set[int] = field(default_factory=set[int])
    doubted: int = 0  # the length of a page that may have been the last

    def __post_init__(self) -> None:
        self.left = self.expected

    def add(self, page: Listed[T]) -> None:
        """Take the next page. Raises `UpstreamBadResponse` where there is no end in sight after it."""
        found = {str(self.listing.identity(row)): row for row in page.rows}
        gathered = Gathered[T](self.listing.lengths)
        gathered.rows = self.rows
        self.read += 1
        if page.total is None:
            self._follow(found, len(page.rows), short=page.next is None and len(page.rows) < self.size)
        else:
            self.totals.add(page.total)
            self._believe(page, page.total, len(self.rows.keys() | found.keys()))
        gathered.add(found, last=self.left < 1)
        self.rows = gathered.rows

    def _believe(self, page: Listed[T], total: int, known: int) -> None:
        """Compute what is left from the total. One below the rows is not believed: then a page that may not be the last
        is followed by one more.
        """
        lengths, length = self.listing.lengths, len(page.rows)
        lengths.saw(length)
        if page.size is not None and page.size < self.size:
            lengths.capped(page.size)
        if total >= known:
            if self.read == 1:
                self.size = lengths.size_of_page(page, self.size)
            self.left = -(-total // self.size) - self.read if length else 0
        elif length < self.size and lengths.is_end(self.listing.question, length):
            self.left = 0
        else:
            self.size, self.left = min(self.size, length), 1

    def _follow(self, found: Mapping[str, T], length: int, *, short: bool) -> None:
        """Compute what is left of a list without a total; remember it. After a `short` page there may be nothing."""
        lengths, question = self.listing.lengths, self.listing.question
        doubted, self.doubted = self.doubted, 0
        if doubted and found.keys() <= self.rows.keys():
            lengths.ended(question, doubted)
            lengths.pages, self.left = 1, 0
            return
        if doubted:
            lengths.cut(doubted)
        if short and lengths.is_end(question, length):
            lengths.pages, self.left = self.read, 0
        elif short:
            self.doubted = self.size = length
            self.left = _DOUBT
        else:
            lengths.saw(length)
            lengths.pages = max(lengths.pages, self.read + 1)
            self.left = self.expected - self.read if self.read < self.expected else self.read
