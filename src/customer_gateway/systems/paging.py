"""How lists are read whose pages the server may cut short; the rule of what ends a list stands in `pages`.

Three ways: on by the rows that came, a window of numbered pages, and batches of keys.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

from customer_gateway.systems.pages import Stretch
from customer_gateway.systems.windows import covering_pages, fitting, from_start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from customer_gateway.model.record import Document
    from customer_gateway.systems.pages import Listed, PageLengths
    from customer_gateway.systems.windows import PageWindow

T = TypeVar("T")


async def read_on(  # noqa: PLR0913 - what a list is read by, by name
    lengths: PageLengths,
    question: Hashable,
    read: Callable[[int, int], Awaitable[Listed[T]]],
    identity: Callable[[T], Hashable],
    *,
    most: int,
    start: int = 0,
    count: int | None = None,
) -> Stretch[T]:
    """Reads `count` rows of a list from `start` on, or all of them: page after page by the rows that came.

    `read` gets a position and a size of at most `most`. From the start of a list without a total, the position is a
    multiple of the size: numbered pages can be read so. Rows are as they came, overlaps of pages included.
    """
    rows: list[T] = []
    known: set[Hashable] = set()
    size = lengths.size(most)
    doubted = 0  # the length of a page that may have been the last
    while True:
        asked = size if count is None else min(size, count - len(rows))
        page = await read(start + len(rows), asked)
        if count == len(page.rows):  # as a page of customers mostly is
            lengths.saw(asked)
            if not rows:
                return Stretch(page.rows, ended=False, total=page.total)
        got = fitting(page.rows, asked, identity)
        lengths.saw(len(got))
        before = len(known)
        known.update(map(identity, got))
        seen = start + (len(known) if count is None else len(rows) + len(got))
        if len(known) == before:
            _demand_end(lengths, page, seen, full=len(got) == asked and not doubted)
            if doubted:  # where a page that was there already came again, the server knows no pages
                lengths.ended(question, doubted)
            return Stretch(rows, ended=True, total=page.total)
        if doubted:
            lengths.cut(doubted, most)
        doubted = 0
        rows += got
        if count is not None and len(rows) >= count:
            return Stretch(rows, ended=False, total=page.total)
        if page.total == seen:
            return Stretch(rows, ended=True, total=page.total)
        if len(got) < asked and (page.total is None or page.total < seen):
            if lengths.is_end(question, len(got)):
                return Stretch(rows, ended=True, total=page.total)
            doubted = size = len(got)
        if count is None:
            lengths.demand_bounded(max(seen, page.total or 0))


def _demand_end(lengths: PageLengths, page: Listed[Any], seen: int, *, full: bool) -> None:
    """Refuse a page with nothing new where more was told, or where it is full and so promises more."""
    more = page.total is not None and page.total > seen
    if page.rows and (more or full):
        raise lengths.refused("answered the same page again")
    if more:
        raise lengths.refused("ended before its last row", retryable=True)


async def read_window(  # noqa: PLR0913, PLR0917 - what a window is read by
    lengths: PageLengths,
    read: Callable[[int, int], Awaitable[Listed[Document]]],
    identity: str,
    start: int,
    size: int,
    most: int,
) -> Stretch[Document]:
    """Reads `size` rows from `start` on, and what its pages hold beyond, where pages have numbers (from 1) and a size.

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
    read: Callable[[int, int], Awaitable[Listed[Document]]],
    identity: str,
    windows: Sequence[PageWindow],
) -> Stretch[Document] | int:
    """The rows of these pages up to the end of the list, or the cap that one of them was cut to."""
    pages: list[tuple[PageWindow, Sequence[Document]]] = []
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
    return Stretch(from_start(pages, identity), ended, total)


async def _cap_of(
    lengths: PageLengths,
    read: Callable[[int, int], Awaitable[Listed[Document]]],
    identity: str,
    window: PageWindow,
    page: Listed[Document],
) -> int | None:
    """The cap that a page was cut to; None for a page as it was asked for, the last of the list included.

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
    return lengths.cut(length, window.size)


async def _is_last(
    read: Callable[[int, int], Awaitable[Listed[Document]]], identity: str, window: PageWindow, rows: Sequence[Document]
) -> bool:
    """Whether the list ends with these rows of a page; no page that is asked for has more rows than it has.

    Of a page that is not the first, its last row is looked for, too. A row that was there already is no further one.
    """
    key, last = itemgetter(identity), (window.number - 1) * window.size + len(rows) - 1
    if window.number == 1:
        places, expected = covering_pages(last + 1, 1, 1), []
    else:
        places, expected = covering_pages(last, 2, len(rows)), [key(rows[-1])]
    found = from_start([(place, (await read(place.number, place.size)).rows) for place in places], identity)
    keys = list(map(key, found[: len(expected) + 1]))
    return keys[: len(expected)] == expected and set(map(key, rows)).issuperset(keys)


async def read_keys(
    lengths: PageLengths,
    keys: Sequence[str],
    read: Callable[[Sequence[str]], Awaitable[Sequence[T]]],
    identity: Callable[[T], str],
) -> dict[str, T]:
    """Reads the rows of these keys; those that a cap may have cut off are asked for once more."""
    found: dict[str, T] = {}
    missing = keys
    doubted: tuple[frozenset[str], int] | None = None
    while True:
        rows = await read(missing)
        lengths.saw(len(rows))
        found |= {identity(row): row for row in rows}
        left = [key for key in missing if key not in found]
        if doubted is not None and len(left) == len(missing):
            lengths.ended(*doubted)
            return found
        doubted = (frozenset(missing), len(rows))
        if not left or lengths.is_end(*doubted):
            return found
        missing = left
