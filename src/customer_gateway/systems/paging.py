"""How lists are read whose pages the server may cut short; the rule of what ends a list stands in `pages`.

Three ways: on by the rows that came, a window of numbered pages, and batches of keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from customer_gateway.systems.pages import RowSlice, covering_pages, fitting, from_start, identities

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from customer_gateway.systems.pages import Listed, PageLengths, PageWindow

T = TypeVar("T")


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
        """After a page with nothing new: refused where more was told, or where it is full and so promises more.

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


async def read_window(
    lengths: PageLengths,
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    start: int,
    size: int,
    most: int,
) -> RowSlice[T]:
    """Read `size` rows from `start` on, and what its pages hold beyond, where pages have numbers (from 1) and a size.

    A server that caps the size counts its pages by the cap, so that a page asked for may be another: a found cap
    becomes the size and the window is read anew. A cap below a cap is none, but a list that does not hold together.
    """
    found = await _read_pages(lengths, read, identity, covering_pages(start, size, lengths.size(most)))
    if isinstance(found, int):
        found = await _read_pages(lengths, read, identity, covering_pages(start, size, found))
    if isinstance(found, int):
        raise lengths.refused("answered pages with fewer rows than it tells of", retryable=True)
    return found


async def _read_pages(
    lengths: PageLengths,
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    windows: Sequence[PageWindow],
) -> RowSlice[T] | int:
    """Return the rows of these pages up to the end of the list, or the cap that one of them was cut to."""
    pages: list[tuple[PageWindow, Sequence[T]]] = []
    total, ended = None, False
    for window in windows:
        page = await read(window.number, window.size)
        cap = await _cap_of(lengths, read, identity, window, page)
        if cap is not None:
            return cap
        pages.append((window, page.rows))
        total = page.total
        ended = len(page.rows) < window.size or window.number * window.size == total
        if ended:
            break
    return RowSlice(from_start(pages, identity), ended, total)


async def _cap_of(
    lengths: PageLengths,
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    window: PageWindow,
    page: Listed[T],
) -> int | None:
    """Return the cap that a page was cut to; None for a page as it was asked for, the last of the list included.

    Where the page is not the first, its place is right only if the server does put so many rows on a page: that was
    seen, or is asked.
    """
    length, before = len(page.rows), (window.number - 1) * window.size
    position = before + length
    more = page.total is not None and page.total > position
    if page.size is not None and page.size < window.size and (before or page.total != length):
        lengths.capped(page.size)
        return page.size
    if more and not length:
        raise lengths.refused("ended before its last row", retryable=True)
    if length >= window.size:
        lengths.saw(window.size)
        return None
    if not more:
        told = page.total == position and (not before or page.size is not None)
        if lengths.is_end(window, length, longest=window.size if before else length + 1) or told:
            return None
        if await _is_last(read, identity, window, page.rows):
            lengths.ended(window, length)
            return None
    lengths.saw(length)
    cap = lengths.longest if lengths.longest < window.size else length
    lengths.cut(cap)
    return cap


async def _is_last(
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    window: PageWindow,
    rows: Sequence[T],
) -> bool:
    """Return whether the list ends with these rows of a page; no page that is asked for has more rows than it has.

    Of a page that is not the first, its last row is looked for, too. A row that was there already is no further one.
    """
    last = (window.number - 1) * window.size + len(rows) - 1
    expected: list[Hashable] = [] if window.number == 1 else [identity(rows[-1])]
    places = covering_pages(last, 2, len(rows)) if expected else covering_pages(last + 1, 1, 1)
    found = from_start([(place, (await read(place.number, place.size)).rows) for place in places], identity)
    keys = list(map(identity, found[: len(expected) + 1]))
    return keys[: len(expected)] == expected and set(map(identity, rows)).issuperset(keys)


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
