"""What is kept of a request that was cut off: for a while, so many of a system, and never over a write."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from customer_gateway.errors import UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.reads import RequestReads
from customer_gateway.federation.request import Batchers
from customer_gateway.system import EVERYTHING, Route
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.kept_reads import ANSWERED_CALLS, KeptReads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.errors import UpstreamError

pytestmark = pytest.mark.anyio

SHORT = 0.05
LATE = UpstreamRateLimited("acme", "GET /rows/{id}: rate limit: no slot before the deadline")


class PageCall(NamedTuple):
    """A call for a page of a list: all pages have one path."""

    path: str
    page: int


class Rows:
    """A route of a call a key, of which so many get a slot each time."""

    def __init__(self, slots: int, failure: UpstreamError = LATE) -> None:
        self.slots = slots
        self.failure = failure
        self.calls: list[str] = []
        self.route: Route[str] = Route("acme.rows", self.fetch, 100)

    async def fetch(self, keys: Sequence[str], _deadline: Deadline) -> Mapping[str, Any]:
        read, late = keys[: self.slots], keys[self.slots :]
        self.calls += read
        return {**{key: f"row {key}" for key in read if key != "none"}, **dict.fromkeys(late, self.failure)}


def reads(batchers: Batchers) -> RequestReads:
    return RequestReads(batchers, EVERYTHING, Deadline.after(5))


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize("failure", [LATE, UpstreamTimeout.late("acme", "rows")])
async def test_the_same_keys_get_further_each_time_and_none_is_read_twice(failure: UpstreamError) -> None:
    rows, batchers, keys = Rows(2, failure), Batchers(), ["1", "none", "3", "4", "5"]

    found = [await reads(batchers).load(rows.route, keys) for _ in range(3)]

    assert [sum(isinstance(each, type(failure)) for each in values) for values in found] == [3, 1, 0]
    assert found[-1] == ["row 1", None, "row 3", "row 4", "row 5"]
    assert rows.calls == keys


async def test_the_failures_say_how_many_were_read_and_what_to_do() -> None:
    rows, batchers = Rows(2), Batchers()

    found = await reads(batchers).load(rows.route, ["1", "2", "3"])
    none = await reads(Batchers()).load(Rows(0).route, ["1", "2"])

    assert str(found[-1]) == (
        f"{LATE}; 2 of 3 reads of rows fit in the time and are kept for 60 s: "
        "send the same request again, or ask for fewer at once"
    )
    assert [str(each) for each in none] == [str(LATE)] * 2


async def test_nothing_is_kept_where_no_time_was_lacking() -> None:
    broken, whole = Rows(2, UpstreamUnavailable("acme", "no connection")), Rows(9)
    batchers = Batchers()

    for each in (broken, whole):
        await reads(batchers).load(each.route, ["1", "2", "3"])

    assert len(batchers.kept_reads("acme")) == 0


async def test_what_was_read_before_and_after_the_cut_is_kept_too() -> None:
    first, cut, last, batchers = Rows(9), Rows(1), Rows(9), Batchers()

    for request in (reads(batchers), reads(batchers)):
        for rows in (first, cut, last):
            await request.load(rows.route, ["1", "2"])

    assert (first.calls, cut.calls, last.calls) == (["1", "2"], ["1", "2"], ["1", "2"])


async def test_another_system_keeps_nothing() -> None:
    cut, other, batchers = Rows(1), Rows(9), Batchers()
    route: Route[str] = Route("other.rows", other.fetch, 100)

    for request in (reads(batchers), reads(batchers)):
        await request.load(route, ["1"])
        await request.load(cut.route, ["1", "2"])

    assert other.calls == ["1", "1"]


async def test_a_write_drops_what_is_kept_and_what_was_begun_before_it() -> None:
    rows, batchers = Rows(1), Batchers()
    before = reads(batchers)
    await before.load(rows.route, ["1", "2"])
    assert len(batchers.kept_reads("acme")) == 1

    batchers.of(rows.route).forget(["1"])
    assert len(batchers.kept_reads("acme")) == 0
    await asyncio.sleep(0)
    began = now()
    batchers.of(rows.route).forget(["9"])
    batchers.kept_reads("acme").keep(rows.route, {"1": "stale"}, began, now())
    await reads(batchers).load(rows.route, ["1", "2"])

    assert rows.calls == ["1", "1"]


async def test_a_read_in_flight_at_a_write_is_not_kept_though_it_is_cut_off_after_it() -> None:
    gate, batchers, calls = asyncio.Event(), Batchers(), list[str]()

    async def fetch(keys: Sequence[str], _deadline: Deadline) -> Mapping[str, Any]:
        calls.extend(keys)
        await gate.wait()
        return {"1": "row 1", "2": LATE}

    route: Route[str] = Route("acme.rows", fetch, 100)
    loading = asyncio.ensure_future(reads(batchers).load(route, ["1", "2"]))
    await asyncio.sleep(SHORT)
    batchers.of(route).forget(["1"])
    gate.set()
    await loading

    assert len(batchers.kept_reads("acme")) == 0


async def test_it_is_kept_for_a_while_only_and_using_it_makes_that_no_longer() -> None:
    seconds = 0.5  # a slow machine is not so long between two lines
    kept = KeptReads(seconds=seconds)
    kept.keep("rows", {"1": "row 1"}, now(), now())
    await asyncio.sleep(seconds / 2)
    kept.keep("rows", {"1": "row 1"}, now(), now())
    assert kept.find("rows", ["1", "2"]) == {"1": "row 1"}

    await asyncio.sleep(seconds / 2 + 0.01)

    assert kept.find("rows", ["1"]) == {}
    await asyncio.sleep(seconds)
    assert len(kept) == 0  # freed, though nobody asks


async def test_so_many_of_a_system_are_kept_and_the_oldest_go_first() -> None:
    kept = KeptReads(most=3)

    kept.keep("rows", {"1": 1, "2": 2}, now(), now())
    kept.keep("pages", {"3": 3, "4": 4}, now(), now() + 1)

    assert (kept.all_of("rows"), kept.all_of("pages")) == ({"2": 2}, {"3": 3, "4": 4})


async def test_the_calls_of_a_batch_that_was_cut_off_answer_the_next_one_until_it_ends() -> None:
    made: list[int] = []

    async def fetch(keys: Sequence[str], _deadline: Deadline) -> Mapping[str, Any]:
        calls = ANSWERED_CALLS.get()
        assert calls is not None
        slots = 2
        for page in range(5):
            call = PageCall("/rows", page)
            if calls.find(call) is None:
                if not slots:
                    raise LATE
                slots -= 1
                made.append(page)
                calls.note(call, f"page {page}")
        return dict.fromkeys(keys, "whole")

    route: Route[str] = Route("acme.rows", fetch, 100)
    batchers = Batchers()
    found = [(await reads(batchers).load(route, ["1"]))[0] for _ in range(3)]

    fit = "calls fit in the time and are kept for 60 s: send the same request again, or ask for fewer at once"
    assert [str(each) for each in found] == [f"{LATE}; 2 {fit}", f"{LATE}; 4 {fit}", "whole"]
    assert made == [0, 1, 2, 3, 4]
    assert len(batchers.kept_reads("acme")) == 0
    await reads(batchers).load(route, ["1"])
    assert made == [0, 1, 2, 3, 4, 0, 1]
