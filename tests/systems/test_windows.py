"""Windows over paged APIs: whatever is asked lies within the pages that are read."""

from __future__ import annotations

from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.systems.windows import PageWindow, covering_page, covering_pages, from_start

STARTS, SIZES, MOSTS = st.integers(0, 5_000), st.integers(1, 100), st.integers(100, 300)


def rows(window: PageWindow) -> range:
    """The positions of a page's rows in the whole list."""
    return range((window.number - 1) * window.size, window.number * window.size)


@given(start=STARTS, size=SIZES, most=MOSTS)
def test_one_or_two_pages_hold_the_whole_window_and_none_is_larger_than_allowed(
    start: int, size: int, most: int
) -> None:
    windows = covering_pages(start, size, most)

    read = [position for window in windows for position in rows(window)]
    assert read[windows[0].skip :][:size] == list(range(start, start + size))
    assert len(windows) <= 2
    assert all(window.size <= most for window in windows)


@given(start=STARTS, size=SIZES, most=MOSTS)
def test_two_pages_are_read_only_where_no_one_page_holds_it(start: int, size: int, most: int) -> None:
    single = covering_page(start, size, most)
    possible = [each for each in range(size, most + 1) if start % each + size <= each]

    assert (single is None) == (not possible)
    assert single is None or single.size == min(possible)


@given(start=STARTS, size=SIZES, most=st.integers(1, 100))
def test_a_window_wider_than_a_page_is_as_few_of_the_largest_pages_as_hold_it(start: int, size: int, most: int) -> None:
    windows = covering_pages(start, size, most)

    read = [position for window in windows for position in rows(window)]
    assert read[windows[0].skip :][:size] == list(range(start, start + size))
    assert all(window.size <= most for window in windows)
    assert len(windows) <= 2 + (size - 1) // min(size, most)


@pytest.mark.parametrize(
    ("start", "size", "most", "windows"),
    [
        (0, 50, 100, [PageWindow(1, 50, 0)]),
        (100, 50, 100, [PageWindow(3, 50, 0)]),
        (10, 20, 100, [PageWindow(1, 30, 10)]),
        (50, 60, 100, [PageWindow(1, 60, 50), PageWindow(2, 60, 0)]),
        (150, 100, 100, [PageWindow(2, 100, 50), PageWindow(3, 100, 0)]),
        (120, 100, 50, [PageWindow(3, 50, 20), PageWindow(4, 50, 0), PageWindow(5, 50, 0)]),
    ],
)
def test_a_window_in_pages(start: int, size: int, most: int, windows: list[PageWindow]) -> None:
    assert covering_pages(start, size, most) == windows


@given(start=STARTS, size=SIZES, most=MOSTS, extra=st.integers(0, 50))
def test_rows_past_a_pages_size_do_not_push_others_out_of_their_places(
    start: int, size: int, most: int, extra: int
) -> None:
    pages = [
        (window, [{"id": place} for place in (*rows(window), *range(extra))])
        for window in covering_pages(start, size, most)
    ]

    assert [row["id"] for row in from_start(pages, itemgetter("id"))][:size] == list(range(start, start + size))


def test_a_repeat_before_the_window_shifts_nothing_out_of_it() -> None:
    found = from_start([(PageWindow(1, 6, 2), [{"id": key} for key in "aabbcd"])], itemgetter("id"))

    assert "".join(row["id"] for row in found) == "bbcd"


def test_a_page_that_holds_everybody_twice_loses_nobody() -> None:
    found = from_start([(PageWindow(1, 4, 1), [{"id": key} for key in "aabbccdd"])], itemgetter("id"))

    assert "".join(row["id"] for row in found) == "bcd"
