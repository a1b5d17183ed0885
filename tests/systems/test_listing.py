"""Lists in the order of their keys: a row that goes or comes before a cursor moves no other out of the next page."""

from __future__ import annotations

import asyncio
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.systems.listing import KeyedListing, Listing
from customer_gateway.systems.pages import Listed, PageLengths, RowSlice
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.anyio

MOST = 4


class Server:
    """A list by an offset, of at most four rows a call, or of `cap`; `calls` are what it was asked for."""

    def __init__(self, keys: Iterable[Any], cap: int = MOST) -> None:
        self.keys = list(keys)
        self.cap = cap
        self.calls: list[tuple[int, int]] = []
        self.lengths = PageLengths("acme", "GET /things")

    async def read(self, offset: int, limit: int, _deadline: Deadline) -> Listed[Any]:
        assert limit <= MOST
        self.calls.append((offset, limit))
        return Listed([{"id": key} for key in self.keys[offset : offset + min(limit, self.cap)]])

    async def at(self, start: int, size: int, after: str) -> RowSlice[Any]:
        listing: KeyedListing[Any] = KeyedListing(self.read, self.lengths, itemgetter("id"), MOST, numbered=False)
        return await listing.at(start, size, Deadline.after(5), after)

    async def page(self, start: int, size: int, after: str = "") -> tuple[list[Any], list[str]]:
        """The keys of a page, and what the list goes on by after each."""
        found = await self.at(start, size, after)
        assert found.after is not None
        return [row["id"] for row in found.rows][:size], list(map(found.after, range(len(found.rows))))

    async def walk(self, size: int) -> list[Any]:
        """The keys of all pages of a size, each read with the row that follows it."""
        walked: list[Any] = []
        after, more = "", True
        while more:
            found = await self.at(len(walked), size + 1, after)
            rows = found.rows[:size]
            more = bool(await found.has_next(len(walked), size, None))
            walked += [row["id"] for row in rows]
            assert found.after is not None
            after = found.after(len(rows) - 1) if rows else after
        return walked


async def test_the_next_page_costs_one_call_and_one_row_more() -> None:
    server = Server("abcdefg")
    _, after = await server.page(0, 2)
    server.calls.clear()

    assert (await server.page(2, 2, after[-1]))[0] == ["c", "d"]
    assert server.calls == [(1, 3)]


async def test_a_page_as_long_as_a_call_has_one_row_less_instead_of_a_second_call() -> None:
    server = Server("abcdefghij")
    _, after = await server.page(0, MOST)
    server.calls.clear()

    assert (await server.page(4, MOST, after[-1]))[0] == ["e", "f", "g"]
    assert server.calls == [(3, 4)]


@pytest.mark.parametrize("gone", ["a", "ab", "b", "abcdef"])
async def test_who_is_deleted_before_a_cursor_hides_nobody(gone: str) -> None:
    server = Server("abcdefghij")
    _, after = await server.page(3, 3)
    server.keys = [key for key in server.keys if key not in gone]

    assert (await server.page(6, 2, after[-1]))[0] == ["g", "h"]


async def test_the_row_of_a_cursor_may_be_gone_itself() -> None:
    server = Server("abcdefghij")
    _, after = await server.page(3, 3)
    server.keys.remove("f")

    page, following = await server.page(6, 2, after[-1])
    assert page == ["g", "h"]
    assert (await server.page(8, 2, following[-1]))[0] == ["i", "j"]


async def test_who_is_made_before_a_cursor_is_not_listed_again() -> None:
    server = Server("bcdefg")
    _, after = await server.page(0, 3)
    server.keys = ["a", "aa", *server.keys]

    assert (await server.page(3, 2, after[-1]))[0] == ["e", "f"]


async def test_a_page_is_whole_where_as_many_were_made_before_it_as_are_read_at_once() -> None:
    server = Server("cdef")
    _, after = await server.page(0, 1)
    server.keys = list("abcdef")

    assert (await server.page(1, 1, after[-1]))[0] == ["d"]


@pytest.mark.parametrize("size", [1, 3, 4, 5, 9])
@pytest.mark.parametrize("cap", [MOST, 3])
async def test_pages_longer_than_a_call_end_where_the_list_ends(size: int, cap: int) -> None:
    keys = [f"{number:02d}" for number in range(30)]

    assert await Server(keys, cap).walk(size) == keys


async def test_who_is_deleted_before_a_cursor_repeats_nobody_where_pages_are_shorter_than_asked_for() -> None:
    keys = [f"{number:02d}" for number in range(30)]
    server = Server(keys, 3)
    _, after = await server.page(10, 5)
    server.keys.remove("03")

    assert (await server.page(15, 5, after[-1]))[0] == keys[15:20]


async def test_integers_come_in_the_order_of_numbers() -> None:
    server = Server([8, 9, 10, 11, 100])
    _, after = await server.page(0, 2)
    server.keys.remove(8)

    assert (await server.page(2, 2, after[-1]))[0] == [10, 11]


@pytest.mark.parametrize("count", [0, 3, 4, 11])
async def test_a_list_with_a_total_is_read_whole_by_offsets(count: int) -> None:
    rows = [{"id": number} for number in range(count)]

    async def read(offset: int, limit: int, _deadline: Deadline) -> Listed[Any]:
        return Listed(rows[offset : offset + limit], len(rows))

    listing: Listing[Any] = Listing(read, PageLengths("acme", "GET /things"), itemgetter("id"), MOST, numbered=False)

    assert await listing.announced(Deadline.after(5)) == rows


async def test_what_comes_in_no_order_is_read_by_its_places() -> None:
    server = Server("hbzacx")
    _, after = await server.page(0, 2)
    server.keys.remove("h")

    assert (await server.page(2, 2, after[-1]))[0] == ["a", "c"]


async def test_after_a_row_without_a_key_the_list_goes_on_at_its_place() -> None:
    server = Server(["a", "", "b", "c"])
    _, after = await server.page(0, 2)

    assert (await server.page(2, 2, after[-1]))[0] == ["b", "c"]


@given(
    before=st.sets(st.integers(0, 60), min_size=1),
    after=st.sets(st.integers(0, 60)),
    at=st.integers(0, 60),
    size=st.integers(1, MOST - 1),
)
def test_whatever_has_come_and_gone_a_page_has_the_first_rows_after_the_key(
    before: set[int], after: set[int], at: int, size: int
) -> None:
    server = Server(f"{key:02}" for key in sorted(before))
    place = at % len(before)
    key = server.keys[place]

    async def pages() -> list[str]:
        _, goes_on = await server.page(place, 1)
        server.keys = [f"{key:02}" for key in sorted(after)]
        return (await server.page(place + 1, size, goes_on[0]))[0]

    assert asyncio.run(pages()) == [each for each in server.keys if each > key][:size]
