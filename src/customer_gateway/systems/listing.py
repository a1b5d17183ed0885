"""A vendor's list, as one question asks for it: its pages, the rows at a position, all rows, the rows of some keys.

How the pages are counted is all that differs: by an offset, or by a number and a size. A list whose pages follow each
other by the vendor's own token is a `token_listing.TokenListing`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from customer_gateway.systems.identified import NoId
from customer_gateway.systems.pages import MOST_LIST_ROWS, Gathered, RowSlice, fitting, identities
from customer_gateway.systems.windows import read_window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from customer_gateway.systems.pages import Listed, PageLengths
    from customer_gateway.work.deadline import Deadline

T = TypeVar("T")

_DIGITS: Final = 20
_STEP_BACK: Final = 100
"""Rows that are looked at first where some before a cursor were deleted, twice as many each time."""


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
        return await self._at(start, size, deadline)

    async def _at(self, start: int, size: int, deadline: Deadline) -> RowSlice[T]:
        if self.numbered:
            read = partial(_by, deadline, self.read)
            return await read_window(self.lengths, read, self.identity, start, size, self.most)
        return await self._read_on(deadline, min(size, self.most), start, size)

    async def numbered_page(self, number: int, size: int, deadline: Deadline) -> Listed[T]:
        """Return a page by its number (from 1), however the vendor counts."""
        return await self.read(number if self.numbered else (number - 1) * size, size, deadline)

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
        page = await self.numbered_page(1, size, deadline)
        gathered.demand_bounded(page.total or 0, most)
        if (page.total or 0) < len(page.rows):
            return distinct((await self._read_on(deadline, size)).rows, self.identity)
        size = lengths.size_of_page(page, size)
        last = max(1, -(-(page.total or 0) // size))
        gathered.add(self.by_key(page.rows), last=last == 1 or not page.rows)
        for number in range(2, last + 1, at_once):
            group = range(number, min(number + at_once, last + 1))
            for each, page in zip(
                group, await asyncio.gather(*(self.numbered_page(each, size, deadline) for each in group)), strict=True
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
class KeyedListing(Listing[T]):
    """A list by an offset whose rows come in the ascending order of their keys, the texts or integers of `identity`.

    It goes on after a key, wherever that would stand by now: who was deleted or made before it moves nobody out of the
    next page. For that the row before the page is read with it; another one there tells that rows have moved. Where a
    list goes on after a row is written `PLACE~KEY`: where the row stood, and its key, blank for one that has none.
    """

    async def at(self, start: int, size: int, deadline: Deadline, after: str = "") -> RowSlice[T]:
        """Return `size` rows from where `after` says, else from a position on; one less where no call has so many."""
        place, _, key = after.partition("~")
        if key:
            start, found = await self._after(key, int(place), size, deadline)
            found = await self._filled_up(start, found, size, deadline)
        else:
            found = await self._at(start, size, deadline)
        return replace(found, after=partial(self._place_and_key, found.rows, start))

    async def _filled_up(self, start: int, found: RowSlice[T], size: int, deadline: Deadline) -> RowSlice[T]:
        """Return a page as long as asked for, unless the list ends; one of the greatest size stays one call."""
        while len(found.rows) < size and not found.ended:
            if size == self.most and len(found.rows) == size - 1:
                return replace(found, is_over=False if found.total is None else None)
            more = await self._at(start + len(found.rows), size - len(found.rows), deadline)
            if not more.rows:
                return replace(found, ended=True)
            found = replace(more, rows=[*found.rows, *more.rows])
        return found

    async def _after(self, key: str, place: int, size: int, deadline: Deadline) -> tuple[int, RowSlice[T]]:
        """Return the rows after that of a key which stood at a place, and where they stand now."""
        first = found = await self._at(place, min(size + 1, self.most), deadline)
        keys, start = self._keys(found), place
        while keys and keys[0] != key and keys[-1] <= key:  # as many were made before it as are read at once
            found = await self._at(start := start + len(keys), size, deadline)
            last, keys = keys[-1], self._keys(found)
            if keys and keys[0] <= last:  # what begins again is in no order
                return place + 1, replace(first, rows=first.rows[1:])
        if keys[:1] == [key] or keys != sorted(keys):
            return start + 1, replace(found, rows=found.rows[1:])
        before = sum(each <= key for each in keys)
        if start == place and not before:
            start = await self._first_after(key, place, deadline)
        return start + before, await self._at(start + before, size, deadline)

    async def _first_after(self, key: str, place: int, deadline: Deadline) -> int:
        """Return where the first row after a key stands, which is at a place or before it."""
        step = _STEP_BACK
        while place > 0:
            start = max(0, place - min(step, self.most))
            rows = (await self._at(start, place - start, deadline)).rows
            if before := sum(self._key(row) <= key for row in rows):
                return start + before
            place, step = start, 2 * step
        return 0

    def _place_and_key(self, rows: Sequence[T], start: int, at: int) -> str:
        return f"{start + at}~{self._key(rows[at])}"

    def _keys(self, rows: RowSlice[T]) -> list[str]:
        return list(map(self._key, rows.rows))

    def _key(self, row: T) -> str:
        """Return a row's key as a text that comes in the order of the rows; blank for a row that has none."""
        key = self.identity(row)
        if isinstance(key, int):
            return f"{key:0{_DIGITS}d}"
        return key if isinstance(key, str) else ""


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
