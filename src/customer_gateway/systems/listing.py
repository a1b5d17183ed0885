"""A vendor's list, as one question asks for it: its pages, the rows at a position, all rows, the rows of some keys.

How the pages are counted is all that differs: by an offset, or by a number and a size. A list whose pages follow each
other by the vendor's own token is a `TokenListing`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from customer_gateway.systems.identified import NoId
from customer_gateway.systems.pages import MOST_LIST_ROWS, Gathered, RowSlice, fitting, identities, without_repeats
from customer_gateway.systems.windows import read_window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from customer_gateway.systems.pages import Listed, PageLengths
    from customer_gateway.work.deadline import Deadline

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The pages of a list: `read` gets an offset, or the number of a page (from 1), and a size of at most `most`.

    `identity` distinguishes its rows, `lengths` is what is known of its pages. `counts` says that its answers have a
    total, `looks_ahead` that a row more than wanted is read to see whether more follow.
    """

    read: Callable[[int, int, Deadline], Awaitable[Listed[T]]]
    lengths: PageLengths
    identity: Callable[[T], Hashable]
    most: int
    question: Hashable = None
    numbered: bool = True
    counts: bool = False
    looks_ahead: bool = False

    async def at(self, start: int, size: int, deadline: Deadline, _after: str = "") -> RowSlice[T]:
        """Return `size` rows from a position on, and what their pages hold beyond."""
        if self.numbered:
            read = partial(_by, deadline, self.read)
            return await read_window(self.lengths, read, self.identity, start, size, self.most)
        return await self._read_on(deadline, size, start, size)

    async def follows(self, position: int, deadline: Deadline) -> bool:
        """Return whether there is a row at a position."""
        return bool((await self.read(position + self.numbered, 1, deadline)).rows)

    async def total(self, deadline: Deadline) -> int:
        """Return how many rows there are, by asking for one."""
        return (await self.read(int(self.numbered), 1, deadline)).total or 0

    async def whole(self, deadline: Deadline) -> list[T]:
        """Return every row that has a key, page by page, each once: pages of a list that is written to overlap."""
        return distinct((await self._read_on(deadline, self.most)).rows, self.identity)

    async def announced(self, deadline: Deadline, most: int = MOST_LIST_ROWS, at_once: int = 1) -> list[T]:
        """Return every row that has a key: as many as the total says, or an error. `at_once` pages are read at once.

        How many there are is the vendor's word, so it is held to at most `most` rows. A total below the rows is no
        word: then the pages are read until they end.
        """
        lengths, gathered = self.lengths, Gathered[T](self.lengths)
        size = lengths.size(self.most)
        page = await self.read(1, size, deadline)
        gathered.demand_bounded(page.total or 0, most)
        if (page.total or 0) < len(page.rows):
            return distinct((await self._read_on(deadline, size)).rows, self.identity)
        size = lengths.size_of_page(page, size)
        last = max(1, -(-(page.total or 0) // size))
        gathered.add(self.by_key(page.rows), last=last == 1 or not page.rows)
        for number in range(2, last + 1, at_once):
            group = range(number, min(number + at_once, last + 1))
            for each, page in zip(
                group, await asyncio.gather(*(self.read(each, size, deadline) for each in group)), strict=True
            ):
                gathered.add(self.by_key(page.rows), last=each == last or not page.rows)
            if not page.rows:
                break
        if len(gathered.rows) < (page.total or 0):
            raise lengths.refused("changed while its pages were read", retryable=True)
        return distinct(list(gathered.rows.values()), self.identity)

    def by_key(self, rows: Sequence[T]) -> dict[Hashable, T]:
        """Return rows by their keys."""
        return dict(zip(map(self.identity, rows), rows, strict=True))

    async def _read_on(self, deadline: Deadline, most: int, start: int = 0, count: int | None = None) -> RowSlice[T]:
        async def read(position: int, size: int) -> Listed[T]:
            return await self.read(position // size + 1 if self.numbered else position, size, deadline)

        question = start if count is not None else self.question
        return await read_on(self.lengths, question, read, self.identity, most=most, start=start, count=count)


@dataclass(frozen=True, slots=True)
class TokenListing(Generic[T]):
    """A list whose pages follow each other by the vendor's own tokens: `read` gets one, blank for the first page.

    Where a list goes on after a row is written `ROWS~TOKEN`: so many rows into the page of that token.
    """

    read: Callable[[str, int, Deadline], Awaitable[Listed[T]]]
    lengths: PageLengths
    identity: Callable[[T], Hashable]
    most: int
    counts: bool = False
    looks_ahead: bool = False

    async def at(self, _start: int, size: int, deadline: Deadline, after: str = "") -> RowSlice[T]:
        """Return `size` rows from where `after` says, and what their pages hold beyond."""
        skipped, _, token = after.partition("~")
        skip = int(skipped or 0)
        rows: list[T] = []
        goes_on: list[str] = []
        seen: set[str | None] = {token}
        while True:
            asked = min(self.most, skip + size - len(rows))
            page = await self.read(token, asked, deadline)
            # More than asked for: repeats, or a server whose pages have one size, and which goes on after all of them.
            found = page.rows if len(page.rows) <= asked else without_repeats(page.rows, self.identity)
            rows += found[skip:]
            goes_on += [f"{place}~{token}" for place in range(skip + 1, len(found) + 1)]
            skip = max(0, skip - len(found))
            if page.next is not None and goes_on:
                goes_on[-1] = f"{skip}~{page.next}"
            if page.next is None or len(rows) >= size:
                return RowSlice(rows, page.next is None, page.total, goes_on)
            self._demand_new(page, seen)
            token = page.next

    async def follows(self, position: int, deadline: Deadline) -> bool:
        """Return whether the list has more rows than `position`, by reading it from its first page on."""
        return len((await self.at(0, position + 1, deadline)).rows) > position

    async def total(self, deadline: Deadline) -> int:
        """Return how many rows there are, by asking for one."""
        return (await self.read("", 1, deadline)).total or 0

    async def whole(self, deadline: Deadline) -> list[T]:
        """Return every row that has a key, each once."""
        gathered, token = Gathered[T](self.lengths), ""
        seen: set[str | None] = {token}
        while True:
            page = await self.read(token, self.most, deadline)
            found = dict(zip(map(self.identity, page.rows), page.rows, strict=True))
            gathered.add(found, last=page.next is None)
            if page.next is None:
                return distinct(list(gathered.rows.values()), self.identity)
            self._demand_new(page, seen)
            token = page.next

    def in_order(self) -> Listing[T]:
        """Return the list as it is read from its first page on, one after the other; the last one has the total."""
        token, count = "", 0
        seen: set[str | None] = {token}

        async def read(_number: int, size: int, deadline: Deadline) -> Listed[T]:
            nonlocal token, count
            page = await self.read(token, size, deadline)
            count += len(page.rows)
            if page.next is None:
                return page._replace(total=count)
            self._demand_new(page, seen)
            token = page.next
            return page

        return Listing(read, self.lengths, self.identity, self.most)

    def _demand_new(self, page: Listed[T], seen: set[str | None]) -> None:
        """Refuse a page that is followed by one that was `seen`, such as itself: such a list has no end."""
        if page.next in seen:
            raise self.lengths.refused("answered the same page again")
        seen.add(page.next)


async def read_on(
    lengths: PageLengths,
    question: Hashable,
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    *,
    most: int,
    start: int = 0,
    count: int | None = None,
) -> RowSlice[T]:
    """Read `count` rows of a list from `start` on, or all of them: page after page by the rows that came.

    `read` gets a position and a size of at most `most`. From the start of a list without a total, the position is a
    multiple of the size: numbered pages can be read so. Rows are as they came, overlaps of pages included.
    """
    so_far = _SoFar(lengths, question, identity, start)
    rows, size, total = so_far.rows, lengths.size(most), None
    while count is None or len(rows) < count:
        asked = size if count is None else min(size, count - len(rows))
        page = await read(start + len(rows), asked)
        if not rows and count == len(page.rows):  # a page of customers, as it mostly comes
            lengths.saw(asked)
            return RowSlice(page.rows, ended=False, total=page.total)
        if so_far.ends(page, asked):
            return RowSlice(rows, ended=True, total=page.total)
        if count is None:
            lengths.demand_bounded(max(len(rows), page.total or 0))
        size = so_far.doubted or size
        total = page.total
    return RowSlice(rows, ended=False, total=total)


class _SoFar(Generic[T]):
    """The rows of a list so far; `doubted` is the length of the last page if that may have been the last."""

    def __init__(self, lengths: PageLengths, question: Hashable, identity: Callable[[T], Hashable], start: int) -> None:
        self.rows: list[T] = []
        self.doubted = 0
        self._known: set[Hashable] = set()
        self._lengths = lengths
        self._question = question
        self._identity = identity
        self._seen = start  # where the next row stands: of the same page a repeat counts, of an earlier one it does not
        self._distinct = start

    def ends(self, page: Listed[T], asked: int) -> bool:
        """Take the rows of the next page, and return whether the list is known to end with them."""
        got = fitting(page.rows, asked, self._identity)
        keys = identities(got, self._identity)
        if self._known:
            keys = [key for key in keys if key not in self._known]
        self._lengths.saw(len(got))
        if not keys:
            return self._ends_without(page, full=len(got) == asked)
        new = set(keys)
        if self.doubted:
            self._lengths.cut(self.doubted)
        self.rows += got
        self.doubted = 0
        self._seen += len(keys)
        self._distinct += len(new)
        self._known |= new
        if page.total is not None and page.total >= self._distinct:
            return page.total <= self._seen
        if len(got) == asked:
            return False
        if self._lengths.is_end(self._question, len(got)):
            return True
        self.doubted = len(got)
        return False

    def _ends_without(self, page: Listed[T], *, full: bool) -> bool:
        """Return True after a page with nothing new. Raise where more was counted, or it is full and so promises more.

        Where a short page that was there already comes again, the server knows no pages.
        """
        more = (page.total or 0) > self._seen
        if page.rows and (more or (full and not self.doubted)):
            raise self._lengths.refused("answered the same page again")
        if more:
            raise self._lengths.refused("ended before its last row", retryable=True)
        if self.doubted:
            self._lengths.ended(self._question, self.doubted)
        return True


async def _by(
    deadline: Deadline, read: Callable[[int, int, Deadline], Awaitable[Listed[T]]], number: int, size: int
) -> Listed[T]:
    return await read(number, size, deadline)


def distinct(rows: Sequence[T], identity: Callable[[T], Hashable]) -> list[T]:
    """Return the rows that have a key, the last one of each."""
    by_key = dict(zip(map(identity, rows), rows, strict=True))
    return [row for key, row in by_key.items() if key != "" and not isinstance(key, NoId)]
