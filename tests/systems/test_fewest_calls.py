"""Rows by key of a list that takes no keys, and tells no total: how many calls a list of any size takes."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pytest

from customer_gateway.errors import UpstreamBadResponse, UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.systems.fewest_calls import read_fewest
from customer_gateway.systems.listing import Listing
from customer_gateway.systems.pages import Listed, PageLengths
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.errors import UpstreamError

pytestmark = pytest.mark.anyio

Person = dict[str, int]


class Register:
    """Persons 1 to `count`, listed ten to a page or as few as `cap`, that notes how it was asked.

    `failing` are the calls that fail: `one_4`, `page_2`.
    """

    def __init__(self, count: int, cap: int = 10, *, numbered: bool = True, **failing: UpstreamError) -> None:
        self.count = count
        self.numbered = numbered
        self.cap = cap
        self.calls: list[str] = []
        self.failing = failing
        self.lengths = PageLengths("acme", "GET /persons")

    async def one(self, number: str) -> Person | None:
        if (failure := self.failing.get(f"one_{number}")) is not None:
            raise failure
        self.calls.append(f"person {number}")
        return {"number": int(number)} if int(number) <= self.count else None

    async def rows_from(self, offset: int, size: int, deadline: Deadline) -> Listed[Person]:
        assert offset % size == 0
        return await self.page(offset // size + 1, size, deadline)

    async def page(self, number: int, size: int, _deadline: Deadline) -> Listed[Person]:
        if (failure := self.failing.get(f"page_{number}")) is not None:
            raise failure
        self.calls.append(f"page {number}" if size == 10 else f"page {number} of {size}")
        size = min(size, self.cap)
        persons = [{"number": each} for each in range(1, self.count + 1)]
        return Listed(persons[(number - 1) * size : number * size])

    async def ask(self, *numbers: int) -> dict[str, Any]:
        """Ask with a clean list of calls."""
        self.calls.clear()
        read = self.page if self.numbered else self.rows_from
        listing = Listing(read, self.lengths, itemgetter("number"), 10, numbered=self.numbered)
        return await read_fewest(listing, [str(number) for number in numbers], self.one, Deadline.after(5), "persons")


async def test_one_person_is_asked_for_by_number() -> None:
    register = Register(7)

    found = await register.ask(4)

    assert list(found) == ["4"]
    assert register.calls == ["person 4"]


async def test_two_persons_of_a_small_company_are_on_its_one_page_with_everybody_else() -> None:
    register = Register(7)

    found = await register.ask(4, 6)

    assert sorted(found) == ["1", "2", "3", "4", "5", "6", "7"]
    assert register.calls == ["page 1"]


@pytest.mark.parametrize("numbered", [True, False])
async def test_reading_ends_with_the_page_that_has_the_last_of_them(*, numbered: bool) -> None:
    register = Register(35, numbered=numbered)

    found = await register.ask(3, 8, 12, 14)

    assert {"3", "8", "12", "14"} <= found.keys()
    assert register.calls == ["page 1", "page 2"]


async def test_a_list_whose_end_was_seen_is_read_when_it_has_fewer_pages_than_persons_are_missing() -> None:
    register = Register(35)
    await register.ask(*range(31, 36))

    found = await register.ask(5, 15, 25, 35, 34)

    assert {"5", "15", "25", "35", "34"} <= found.keys()
    assert register.calls == ["page 1", "page 2", "page 3", "page 4"]


async def test_fewer_persons_than_remembered_pages_are_asked_for_one_by_one() -> None:
    register = Register(35)
    await register.ask(*range(31, 36))

    found = await register.ask(5, 15, 35)

    assert sorted(found) == ["15", "35", "5"]
    assert register.calls == ["person 5", "person 15", "person 35"]


async def test_the_rest_is_asked_for_one_by_one_when_that_is_fewer_than_the_pages_left() -> None:
    register = Register(35)
    await register.ask(*range(31, 36))

    found = await register.ask(1, 2, 3, 4, 35)

    assert {"1", "2", "3", "4", "35"} <= found.keys()
    assert register.calls == ["page 1", "person 35"]


async def test_a_list_of_unknown_length_is_never_read_for_more_pages_than_persons_are_missing() -> None:
    register = Register(500)

    found = await register.ask(301, 302, 303)
    asked = list(register.calls)
    await register.ask(401, 402, 403)

    assert {"301", "302", "303"} <= found.keys()
    assert asked == ["page 1", "page 2", "page 3", "person 301", "person 302", "person 303"]
    assert register.calls == ["person 401", "person 402", "person 403"]


async def test_a_list_that_has_grown_is_read_on_to_its_new_end() -> None:
    register = Register(7)
    await register.ask(1, 2)
    register.count = 12

    found = await register.ask(11, 12, 3)

    assert {"3", "11", "12"} <= found.keys()
    assert register.calls == ["page 1", "page 2"]


@pytest.mark.parametrize("count", [7, 500])
async def test_a_person_whom_nobody_knows_is_left_out(count: int) -> None:
    register = Register(count)

    found = await register.ask(901, 902)

    assert found.keys().isdisjoint({"901", "902"})


async def test_no_persons_cost_no_call() -> None:
    register = Register(7)

    assert await register.ask() == {}
    assert register.calls == []


async def test_a_list_that_answers_the_same_page_again_is_refused() -> None:
    class Repeating(Register):
        async def page(self, number: int, size: int, _deadline: Deadline) -> Listed[Person]:
            return await super().page(min(number, 1), size, _deadline)

    register = Repeating(10)

    with pytest.raises(UpstreamBadResponse, match="the same page again"):
        await register.ask(901, 902, 903, 904)
    assert register.calls == ["page 1", "page 1"]


async def test_a_row_that_fails_costs_no_other_of_the_batch() -> None:
    late = UpstreamTimeout("acme", "not answered in time")

    found = await Register(500, one_301=late).ask(5, 300, 301)

    assert (found["5"], found["300"], found["301"]) == ({"number": 5}, {"number": 300}, late)


async def test_a_page_that_fails_costs_those_who_were_not_on_the_pages_before() -> None:
    down = UpstreamUnavailable("acme", "down")

    found = await Register(500, page_2=down).ask(5, 6, 300, 301, 302)

    assert {key: found[key] for key in ("300", "301", "302")} == dict.fromkeys(("300", "301", "302"), down)
    assert (found["5"], found["6"]) == ({"number": 5}, {"number": 6})


async def test_those_on_a_page_without_a_slot_are_asked_for_one_by_one_as_far_as_there_are_slots() -> None:
    late = UpstreamRateLimited("acme", "GET /persons: no slot before the deadline", retry_after_ms=900)
    register = Register(35, page_2=late, one_15=late)

    found = await register.ask(3, 8, 12, 15)

    assert (found["12"], found["15"]) == ({"number": 12}, late)
    assert {"3", "8"} <= found.keys()
    assert register.calls == ["page 1", "person 12"]
