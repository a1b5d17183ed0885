"""How a window of a list is asked from APIs that know pages only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

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


def fitting(rows: Sequence[T], size: int, identity: Callable[[T], Hashable]) -> Sequence[T]:
    """Return the rows of a page that was asked for `size` of them.

    Of more than those, each is taken once and what is left over is the next page's. Else a repeat is kept, because it
    has a place in the list: without it those after it would move, and the next page would pass over somebody.
    """
    return rows if len(rows) <= size else list(dict(zip(identities(rows, identity), rows, strict=True)).values())[:size]


def identities(rows: Sequence[T], identity: Callable[[T], Hashable]) -> list[Hashable]:
    """Return what tells each row of a list from the others; one with a blank key is like no other."""
    keys = list(map(identity, rows))
    return [key or id(row) for key, row in zip(keys, rows, strict=True)] if "" in keys else keys


def from_start(pages: Iterable[tuple[PageWindow, Sequence[T]]], identity: Callable[[T], Hashable]) -> list[T]:
    """Return the rows of these pages from the window's start on, each in its place; `identity` gives their keys."""
    return [row for window, rows in pages for row in fitting(rows, window.size, identity)[window.skip :]]
