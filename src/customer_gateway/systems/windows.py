"""How a part of a list is read from APIs that know numbered pages only, which the server may cut short.

The rule of what ends a list stands in `pages`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from customer_gateway.systems.pages import RowSlice, fitting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence

    from customer_gateway.systems.pages import Listed, PageLengths

T = TypeVar("T")


class PageWindow(NamedTuple):
    """Page `number` (from 1) of `size` rows each; the window begins `skip` rows into it."""

    number: int
    size: int
    skip: int


def covering_page(start: int, size: int, most: int) -> PageWindow | None:
    """Return the smallest page that holds all of [start, start + size), or None where no page of at most `most` rows
    does.
    """
    for page_size in range(size, most + 1):
        number, skip = divmod(start, page_size)
        if skip + size <= page_size:
            return PageWindow(number + 1, page_size, skip)
    return None


def covering_pages(start: int, size: int, most: int) -> list[PageWindow]:
    """Return one page that holds the window, else as few of one size as do; in order, `skip` in the first."""
    single = covering_page(start, size, most)
    if single is not None:
        return [single]
    each = min(size, most)
    first, skip = divmod(start, each)
    last = (start + size - 1) // each
    return [PageWindow(number + 1, each, 0 if number > first else skip) for number in range(first, last + 1)]


def from_start(pages: Iterable[tuple[PageWindow, Sequence[T]]], identity: Callable[[T], Hashable]) -> list[T]:
    """Return the rows of these pages from the window's start on, each in its place; `identity` gives their keys."""
    return [row for window, rows in pages for row in fitting(rows, window.size, identity)[window.skip :]]


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
        is_counted = page.total == position and (not before or page.size is not None)
        if lengths.is_end(window, length, longest=window.size if before else length + 1) or is_counted:
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
