"""How lists are read whose pages a server cuts short, and how many calls it takes to know that one did not."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.systems.listing import read_on
from customer_gateway.systems.pages import Listed, PageLengths, read_keys
from customer_gateway.systems.windows import read_window

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

IDENTITY = itemgetter("id")
CAPS = st.integers(1, 30)


class Server:
    """Lists of `count` rows that are never more than `cap` to a page, and what was asked for.

    It counts numbered pages by the cap, or by what was asked for; and tells totals and sizes or does not.
    """

    def __init__(self, cap: int, *, counts: bool = True, told: bool = False, sized: bool = False) -> None:
        self.count = 0
        self.calls: list[Any] = []
        self.lengths = PageLengths("acme", "GET /things")
        self._cap = cap
        self._counts = counts
        self._told = told
        self._sized = sized

    async def at(self, position: int, size: int) -> Listed[Any]:
        self.calls.append((position, size))
        return self._page(position, min(size, self._cap), size)

    async def numbered(self, number: int, size: int) -> Listed[Any]:
        self.calls.append((number, size))
        given_size = min(size, self._cap)
        return self._page((number - 1) * (given_size if self._counts else size), given_size, size)

    async def of_keys(self, keys: Sequence[str]) -> list[Any]:
        self.calls.append(list(keys))
        return [{"id": key} for key in keys if int(key) < self.count][: self._cap]

    def _page(self, start: int, size: int, asked: int) -> Listed[Any]:
        told = size if self._counts else asked
        total = self.count if self._told else None
        return Listed(rows(self.count)[start : start + size], total, told if self._sized else None)

    async def whole(self, count: int, question: object = "all", most: int = 100) -> list[Any]:
        """A list of this length, read from a clean log of calls."""
        self.count = count
        self.calls.clear()
        found = await read_on(self.lengths, question, self.at, IDENTITY, most=most)
        return list(found.rows)


def rows(count: int) -> list[dict[str, int]]:
    return [{"id": number} for number in range(count)]


servers = st.builds(Server, CAPS, counts=st.booleans(), told=st.booleans(), sized=st.booleans())


@given(server=servers, counts=st.lists(st.integers(0, 70), max_size=6), most=st.integers(1, 40))
@example(server=Server(1), counts=[1, 3], most=40)  # who has as many rows as the cap proves nothing of who has more
def test_lists_read_one_after_the_other_are_each_whole(server: Server, counts: list[int], most: int) -> None:
    async def read() -> list[Any]:
        return [await server.whole(count, place, most) for place, count in enumerate(counts)]

    assert anyio.run(read) == [rows(count) for count in counts]


@given(
    server=servers,
    count=st.integers(0, 70),
    windows=st.lists(st.tuples(st.integers(0, 70), st.integers(1, 40)), max_size=6),
)
@example(server=Server(25), count=40, windows=[(0, 30), (30, 30)])
@example(server=Server(15, told=True), count=40, windows=[(25, 25)])
def test_windows_read_one_after_the_other_are_each_that_part_of_the_list(
    server: Server, count: int, windows: list[tuple[int, int]]
) -> None:
    server.count = count

    async def read(start: int, size: int) -> tuple[list[Any], bool | None]:
        async def follows(position: int) -> bool:
            return bool((await server.numbered(position + 1, 1)).rows)

        found = await read_window(server.lengths, server.numbered, IDENTITY, start, size, 40)
        return list(found.rows[:size]), await found.has_next(start, size, follows)

    async def read_all() -> list[Any]:
        return [await read(*window) for window in windows]

    expected = [(rows(count)[start : start + size], start + size < count) for start, size in windows]
    assert anyio.run(read_all) == expected


@given(server=servers, batches=st.lists(st.sets(st.integers(0, 60).map(str), min_size=1), max_size=5))
def test_batches_of_keys_hold_all_that_are_known(server: Server, batches: list[set[str]]) -> None:
    server.count = 40

    async def read() -> list[Any]:
        return [await read_keys(server.lengths, sorted(keys), server.of_keys, IDENTITY) for keys in batches]

    assert [set(found) for found in anyio.run(read)] == [{key for key in keys if int(key) < 40} for keys in batches]


async def test_a_short_page_costs_one_call_more_once() -> None:
    server = Server(1_000)

    await server.whole(60, "a")
    cold = list(server.calls)
    await server.whole(60, "a")

    assert cold == [(0, 100), (60, 60)]
    assert server.calls == [(0, 100)]


async def test_a_page_shorter_than_one_that_came_costs_no_call_more() -> None:
    server = Server(1_000)
    await server.whole(60, "a")

    await server.whole(59, "b")

    assert server.calls == [(0, 100)]


async def test_another_list_of_the_same_length_is_asked_for_more() -> None:
    server = Server(1_000)
    await server.whole(60, "a")

    await server.whole(60, "b")

    assert server.calls == [(0, 100), (60, 60)]


async def test_a_length_at_which_twenty_lists_ended_is_no_cap_until_more_follows_it() -> None:
    server = Server(1_000)
    for question in range(20):
        await server.whole(60, question)

    await server.whole(60, "the next")

    assert server.calls == [(0, 100)]

    server.lengths.cut(60)
    await server.whole(60, "and the next")

    assert server.calls == [(0, 100), (60, 60)]


@pytest.mark.parametrize("count", [0, 60])
async def test_an_empty_page_and_the_total_that_was_told_cost_no_call_more(count: int) -> None:
    server = Server(1_000, told=True)

    await server.whole(count)

    assert server.calls == [(0, 100)]


async def test_a_cap_that_was_seen_twice_becomes_the_size() -> None:
    server = Server(50)

    await server.whole(120, "a")
    first = list(server.calls)
    await server.whole(120, "b")
    await server.whole(120, "c")

    assert first == [(0, 100), (50, 50), (100, 50)]
    assert server.calls == [(0, 50), (50, 50), (100, 50)]


async def test_a_row_that_came_meanwhile_is_no_cap() -> None:
    server = Server(1_000)

    async def growing(position: int, size: int) -> Listed[Any]:
        page = await server.at(position, size)
        server.count = 6
        return page

    server.count = 5
    found = await read_on(server.lengths, "a", growing, IDENTITY, most=100)
    await server.whole(80, "b")

    assert list(found.rows) == rows(6)
    assert server.calls == [(0, 100), (80, 80)]


async def test_a_server_without_pages_answers_its_list_whole() -> None:
    server = Server(1_000)
    server.count = 5

    async def everything(_position: int, _size: int) -> Listed[Any]:
        return Listed(rows(5))

    listed = await read_on(server.lengths, "a", everything, IDENTITY, most=100)
    window = await read_window(server.lengths, everything, IDENTITY, 0, 10, 100)

    assert list(listed.rows) == list(window.rows) == rows(5)
    assert window.ended


async def test_keys_that_nobody_has_are_asked_for_once_more_and_then_not() -> None:
    server = Server(1_000)
    server.count = 3

    for _ in (1, 2):
        await read_keys(server.lengths, ["1", "2", "9"], server.of_keys, IDENTITY)

    assert server.calls == [["1", "2", "9"], ["9"], ["1", "2", "9"]]


@pytest.mark.parametrize("start", [0, 30])
async def test_the_last_page_of_a_list_without_a_total_is_found_to_be_once(start: int) -> None:
    server = Server(1_000)
    server.count = start + 7
    calls: list[int] = []

    for _ in (1, 2):
        await read_window(server.lengths, server.numbered, IDENTITY, start, 10, 100)
        calls.append(len(server.calls))

    assert calls == [2, 3]


async def test_a_total_beyond_the_rows_is_an_error_that_may_pass() -> None:
    async def lying(position: int, size: int) -> Listed[Any]:
        return Listed(rows(5)[position : position + size], 60)

    async def numbered(number: int, size: int) -> Listed[Any]:
        return await lying((number - 1) * size, size)

    for reading in (
        read_on(PageLengths("acme", "GET /things"), "a", lying, IDENTITY, most=100),
        read_window(PageLengths("acme", "GET /things"), numbered, IDENTITY, 0, 10, 100),
        read_window(PageLengths("acme", "GET /things"), numbered, IDENTITY, 5, 10, 100),
    ):
        with pytest.raises(UpstreamBadResponse, match="ended before its last row") as caught:
            await reading
        assert caught.value.retryable


async def test_a_row_that_is_counted_twice_on_a_page_is_no_row_that_is_missing() -> None:
    calls: list[int] = []

    async def repeating(position: int, size: int) -> Listed[Any]:
        calls.append(size)
        return Listed([*rows(5), {"id": 4}][position : position + size], 6)

    found = await read_on(PageLengths("acme", "GET /things"), "a", repeating, IDENTITY, most=100)

    assert list(found.rows) == [*rows(5), {"id": 4}]
    assert calls == [100]


async def test_a_row_that_slid_onto_a_page_that_was_read_is_missed() -> None:
    async def sliding(position: int, size: int) -> Listed[Any]:
        first = position + 1 if position else 0
        return Listed(rows(151)[first : first + size], 151)

    with pytest.raises(UpstreamBadResponse, match="ended before its last row") as caught:
        await read_on(PageLengths("acme", "GET /things"), "a", sliding, IDENTITY, most=100)

    assert caught.value.retryable


@pytest.mark.parametrize("total", [0, 3, -1])
async def test_a_total_below_the_rows_ends_nothing(total: int) -> None:
    async def lying(position: int, size: int) -> Listed[Any]:
        return Listed(rows(130)[position : position + size], total)

    async def numbered(number: int, size: int) -> Listed[Any]:
        return await lying((number - 1) * size, size)

    async def follows(_position: int) -> bool:
        return True

    listed = await read_on(PageLengths("acme", "GET /things"), "a", lying, IDENTITY, most=100)
    window = await read_window(PageLengths("acme", "GET /things"), numbered, IDENTITY, 5, 5, 100)

    assert list(listed.rows) == rows(130)
    assert [await window.has_next(5, 5, each) for each in (None, follows)] == [None, True]


async def test_pages_that_grow_shorter_and_shorter_are_refused() -> None:
    async def hiding(number: int, size: int) -> Listed[Any]:
        """Every third row is one that may not be seen, and is counted all the same."""
        return Listed([row for row in rows(300)[(number - 1) * size : number * size] if row["id"] % 3], 300)

    with pytest.raises(UpstreamBadResponse, match="fewer rows than it tells of") as caught:
        await read_window(PageLengths("acme", "GET /things"), hiding, IDENTITY, 0, 50, 100)

    assert caught.value.retryable
