"""Requests that wait for one rate limit take turns; the time is the test's own."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from wire.vendor import fullest

from customer_gateway.wire import Call, Window, per_endpoint
from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.refusals import RateLimitPastDeadline
from customer_gateway.work.deadline import Deadline, SharedDeadline

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

READ = Call("GET", "/customers/", idempotent=True)
LONG = 100_000.0


class Vendor:
    """Calls that start by a clock of the test's own, answered at once; `started` are their names and moments."""

    def __init__(self, windows: Sequence[Window], parallel: int = 1_000) -> None:
        self.now = 1_000.0
        self.limiter = RateLimiter(windows, lambda: self.now)
        self.limit = ConcurrencyLimit(self.limiter, parallel)
        self.started: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def request(
        self, name: str, calls: int, seconds: float = LONG, call: Call = READ, *, gives_way: bool = False
    ) -> list[asyncio.Task[None]]:
        """One request of so many calls."""
        deadline = Deadline.after(seconds, gives_way=gives_way)
        tasks = [asyncio.create_task(self._called(name, call, deadline)) for _ in range(calls)]
        self.tasks += tasks
        return tasks

    async def _called(self, name: str, call: Call, deadline: Deadline) -> None:
        start = await self.limit.enter(call, deadline)
        self.started.append((name, self.now))
        self.limit.leave(start)

    async def passing(self, seconds: float) -> None:
        self.now += seconds
        self.limiter.wake()
        for _ in range(5):
            await asyncio.sleep(0)

    def names(self) -> list[str]:
        return [name for name, _ in self.started]

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_ten_small_requests_go_after_one_round_of_a_request_of_500_calls() -> None:
    vendor = Vendor([Window(1, 1.0)])
    vendor.request("big", 500)
    await vendor.passing(0)
    await vendor.passing(1)
    before = len(vendor.started)
    for number in range(10):
        vendor.request(f"small-{number}", 1)
    await vendor.passing(0)

    for _ in range(11):
        await vendor.passing(1)

    assert vendor.names()[before:] == ["big", *(f"small-{number}" for number in range(10))]
    await vendor.end()


async def test_two_requests_of_many_calls_take_turns_call_by_call() -> None:
    vendor = Vendor([Window(2, 1.0)])
    vendor.request("one", 8)
    vendor.request("other", 8)

    for _ in range(9):
        await vendor.passing(1)

    assert vendor.names() == ["one", "one", *["one", "other"] * 6, "other", "other"]
    await vendor.end()


async def test_where_only_the_calls_under_way_are_bounded_requests_take_turns_too() -> None:
    vendor = Vendor([], parallel=1)
    held = await vendor.limit.enter(READ, Deadline.after(LONG))
    vendor.request("big", 50)
    vendor.request("small", 2)
    await vendor.passing(0)

    vendor.limit.leave(held)
    for _ in range(20):
        await vendor.passing(0)

    assert vendor.names()[:4] == ["big", "small", "big", "small"]
    assert len(vendor.started) == 52
    await vendor.end()


async def test_a_waiter_that_is_cancelled_frees_its_place() -> None:
    vendor = Vendor([Window(1, 1.0)])
    vendor.request("first", 1)
    given_up = vendor.request("given up", 100)
    vendor.request("next", 1)
    await vendor.passing(0)

    for task in given_up:
        task.cancel()
    await vendor.passing(0)
    await vendor.passing(1)

    assert vendor.names() == ["first", "next"]
    await vendor.end()


async def test_a_joined_call_counts_for_the_request_that_was_first() -> None:
    first, second = Deadline.after(LONG), Deadline.after(LONG)
    shared = SharedDeadline(first.at)
    shared.follow(first)
    shared.follow(second)

    assert shared.request == first.request != second.request


async def test_a_small_request_is_not_refused_because_of_a_big_one_that_fills_its_deadline() -> None:
    vendor = Vendor([Window(1, 1.0)])
    big = vendor.request("big", 200, seconds=10)
    await vendor.passing(0)
    refused = [task for task in big if task.done() and isinstance(task.exception(), RateLimitPastDeadline)]
    small = vendor.request("small", 1, seconds=4)
    await vendor.passing(0)

    for _ in range(3):
        await vendor.passing(1.1)

    assert 188 <= len(refused) <= 191
    assert small[0].done()
    assert vendor.names() == ["big", "big", "small", "big"]
    await vendor.end()


async def test_calls_that_a_newcomer_moves_past_their_deadline_are_refused_before_it() -> None:
    vendor = Vendor([Window(1, 1.0)])
    big = vendor.request("big", 200, seconds=10)
    await vendor.passing(0)
    late = sum(task.done() for task in big)
    vendor.request("small", 4)
    await vendor.passing(0)

    vendor.limiter.pause(0.01)
    await vendor.passing(0)

    assert sum(task.done() for task in big) >= late + 3
    await vendor.end()


async def test_a_call_that_two_windows_count_is_not_starved_by_those_that_use_one_of_them_in_turn() -> None:
    left = Window(1, 2.0, lambda call: call.endpoint in {"/left", "/both"})
    right = Window(1, 2.0, lambda call: call.endpoint in {"/right", "/both"})
    vendor = Vendor([left, right])
    vendor.request("left", 30, call=Call("GET", "/left"))
    await vendor.passing(1)
    vendor.request("right", 30, call=Call("GET", "/right"))
    await vendor.passing(0.5)
    vendor.request("both", 1, call=Call("GET", "/both"))

    for _ in range(8):
        await vendor.passing(0.5)

    assert "both" in vendor.names()
    await vendor.end()


async def test_a_newcomer_does_not_take_the_room_that_the_next_call_waits_for() -> None:
    left = Window(1, 2.0, lambda call: call.endpoint in {"/left", "/both"})
    right = Window(1, 2.0, lambda call: call.endpoint in {"/right", "/both"})
    vendor = Vendor([left, right])
    for name in ("left", "both", "right"):
        vendor.request(name, 1, call=Call("GET", f"/{name}"))
        await vendor.passing(0.5)

    for _ in range(8):
        await vendor.passing(0.5)

    assert vendor.names() == ["left", "both", "right"]
    await vendor.end()


@pytest.mark.parametrize("seed", range(8))
async def test_whoever_comes_and_goes_no_window_is_overfull_and_nobody_starves(seed: int) -> None:
    chance = random.Random(seed)
    window = Window(chance.randint(1, 3), chance.choice([0.5, 1.0]))
    vendor = Vendor([window, Window(window.calls, window.seconds * 2, per_endpoint)], parallel=chance.randint(1, 4))
    kept: list[asyncio.Task[None]] = []
    for step in range(40):
        call = Call("GET", "/", template=f"/{chance.randint(0, 2)}")
        tasks = vendor.request(f"{step}", chance.choice([1, 1, 1, 20]), call=call)
        await vendor.passing(chance.choice([0.0, 0.1, 0.7]))
        for task in tasks:
            if chance.random() < 0.2:
                task.cancel()
            else:
                kept.append(task)

    for _ in range(3_000):
        await vendor.passing(0.3)
        if all(task.done() for task in kept):
            break

    for task in kept:
        with suppress(asyncio.CancelledError):
            assert task.done()
            assert task.exception() is None
    assert fullest([at for _, at in vendor.started], window.seconds - 1e-9) <= window.calls
    await vendor.end()


async def test_a_call_that_gives_way_starts_after_all_others_that_wait() -> None:
    vendor = Vendor([Window(1, 1.0)])
    vendor.request("first", 1)
    vendor.request("pass", 3, gives_way=True)
    await vendor.passing(0)
    vendor.request("one", 2)
    vendor.request("other", 2)
    await vendor.passing(0)

    for _ in range(7):
        await vendor.passing(1.1)

    assert vendor.names() == ["first", "one", "other", "one", "other", "pass", "pass", "pass"]
    await vendor.end()


async def test_calls_that_give_way_leave_room_for_one_that_does_not() -> None:
    vendor = Vendor([Window(2, 1.0)])
    vendor.request("pass", 3, gives_way=True)
    await vendor.passing(0)
    vendor.request("person", 1)
    await vendor.passing(0)

    assert vendor.started == [("pass", 1_000.0), ("person", 1_000.0)]
    await vendor.end()


async def test_behind_one_that_gives_way_nobody_is_refused_for_its_sake() -> None:
    vendor = Vendor([Window(1, 1.0)])
    vendor.request("first", 1)
    vendor.request("pass", 50, gives_way=True)
    await vendor.passing(0)
    person = vendor.request("person", 1, seconds=3)
    await vendor.passing(0)
    await vendor.passing(1.3)

    assert person[0].done()
    assert vendor.names() == ["first", "person"]
    await vendor.end()


async def test_shared_work_gives_way_as_long_as_all_that_wait_for_it_do() -> None:
    shared = SharedDeadline(LONG)
    shared.follow(Deadline.after(LONG, gives_way=True))
    assert shared.gives_way

    shared.follow(Deadline.after(LONG))

    assert not shared.gives_way


async def test_the_rate_of_calls_that_give_way_is_that_of_the_scarcest_window_less_one_call() -> None:
    assert Vendor([Window(2, 1.0), Window(10, 1.0)]).limit.calls_per_second() == 1
    assert Vendor([Window(1, 2.0)]).limit.calls_per_second() == 0.5
    assert Vendor([]).limit.calls_per_second() is None
