from __future__ import annotations

import asyncio
import gc
import random
import time

import pytest
from wire.connected import connected
from wire.late_calls import again_after_late_calls
from wire.vendor import JSON, answering, fullest, later, serving, telling

from customer_gateway.errors import UpstreamRateLimited
from customer_gateway.wire import Call, Client, Limits, Retry, Window, WorkerShare, per_endpoint
from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS, SlidingWindow, StartedCall, first_common
from customer_gateway.wire.refusals import RateLimitPastDeadline
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

READ = Call("GET", "/customers/", idempotent=True)


async def sent(client: Client, calls: list[Call], seconds: float = 9) -> list[object]:
    return await asyncio.gather(*(client.call(call, Deadline.after(seconds)) for call in calls), return_exceptions=True)


@pytest.mark.parametrize("latency", [0.0, 0.05])
@again_after_late_calls
async def test_no_window_of_the_vendor_ever_holds_more_than_it_may(latency: float) -> None:
    async with serving(later(latency, telling([]))) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url, budget=[Window(3, 0.3)])

        outcomes = await sent(client, [READ] * 14)

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert fullest(vendor.arrivals, 0.3) == 3
        await client.aclose()


@again_after_late_calls
async def test_an_idle_budget_costs_no_wait_and_a_full_one_little_more_than_its_window() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url, budget=[Window(5, 0.4)])
        began = time.monotonic()

        await sent(client, [READ] * 5)
        at_once = time.monotonic() - began
        await sent(client, [READ] * 10)

        assert at_once < 0.35
        assert 0.8 <= time.monotonic() - began < 2
        await client.aclose()


@again_after_late_calls
async def test_each_endpoint_has_a_count_of_its_own_beside_that_of_all() -> None:
    async with serving(telling([])) as vendor:
        budget = [Window(2, 0.3, per_endpoint), Window(5, 0.3)]
        client = connected(system="billbee", base_url=vendor.base_url, budget=budget)
        calls = [
            Call("GET", f"/{noun}/{number}", template=f"/{noun}/{{id}}")
            for number in range(4)
            for noun in ("a", "b", "c")
        ]

        await sent(client, calls)

        for noun in ("a", "b", "c"):
            own = [at for at, path in zip(vendor.arrivals, vendor.paths(), strict=True) if path.startswith(f"/{noun}/")]
            assert fullest(own, 0.3) <= 2
        assert fullest(vendor.arrivals, 0.3) <= 5
        await client.aclose()


async def test_two_methods_of_one_path_are_two_endpoints() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url, budget=[Window(1, 5.0, per_endpoint)])
        read = Call("GET", "/customers/1", template="/customers/{id}", idempotent=True)
        change = Call("PUT", "/customers/2", template="/customers/{id}")
        before_a_write = Call("GET", "/customers/2", template="/customers/{key}", idempotent=True)

        first, other, again = [(await sent(client, [call], 1))[0] for call in (read, change, before_a_write)]

        assert not isinstance(first, Exception)
        assert not isinstance(other, Exception)
        assert isinstance(again, UpstreamRateLimited)
        await client.aclose()


async def test_a_turn_past_the_deadline_is_refused_at_once_with_the_wait() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url, budget=[Window(2, 5.0)])
        await sent(client, [READ] * 2)
        began = time.monotonic()

        with pytest.raises(UpstreamRateLimited) as caught:
            await client.call(READ, Deadline.after(2))

        assert time.monotonic() - began < 1
        assert 4_000 < (caught.value.retry_after_ms or 0) <= 5_300
        assert "GET /customers/: rate limit: no slot before the deadline; try again in" in str(caught.value)
        assert len(vendor.requests) == 2
        await client.aclose()


@again_after_late_calls
async def test_calls_are_let_in_in_the_order_in_which_they_came() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url, budget=[Window(2, 0.1)])

        await sent(client, [Call("GET", f"/{number}", template="/{id}") for number in range(9)])

        assert sorted(vendor.paths()) == [f"/{number}" for number in range(9)]
        turns = [vendor.paths()[start : start + 2] for start in range(0, 9, 2)]
        assert [sorted(turn) for turn in turns] == [["/0", "/1"], ["/2", "/3"], ["/4", "/5"], ["/6", "/7"], ["/8"]]
        await client.aclose()


async def test_the_vendors_pause_holds_for_everybody() -> None:
    async with serving(answering(429, b"{}", JSON, "retry-after: 1"), telling([])) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url, retry=Retry(attempts=1))
        with pytest.raises(UpstreamRateLimited):
            await client.call(Call("GET", "/a"), Deadline.after(5))

        with pytest.raises(UpstreamRateLimited):
            await client.call(Call("GET", "/b"), Deadline.after(0.5))
        patient = await client.call(Call("GET", "/c"), Deadline.after(5))

        assert patient.document == []
        assert vendor.paths() == ["/a", "/c"]
        assert vendor.arrivals[1] - vendor.arrivals[0] >= 0.99
        await client.aclose()


async def test_a_pause_tells_those_who_wait_and_cannot_wait_so_long() -> None:
    gate = ConcurrencyLimit(RateLimiter((), time.monotonic), 8, [Window(1, 0.2)])
    await gate.enter(READ, Deadline.after(1))
    waiting = asyncio.create_task(gate.enter(READ, Deadline.after(1)))
    await asyncio.sleep(0)

    gate.pause(30)

    with pytest.raises(RateLimitPastDeadline) as caught:
        await asyncio.wait_for(waiting, 5)
    assert 29 < caught.value.seconds <= 30


async def test_a_pause_of_hours_is_told_in_full_and_asked_about_again_after_a_minute() -> None:
    hands = [1_000.0]
    gate = ConcurrencyLimit(RateLimiter((), lambda: hands[0]), 8)

    gate.pause(7_200)

    with pytest.raises(RateLimitPastDeadline) as caught:
        await gate.enter(READ, Deadline.after(10))
    assert (caught.value.seconds, caught.value.paused) == (7_200, True)
    hands[0] += 60
    assert await gate.enter(READ, Deadline.after(10))


async def test_a_budget_that_is_spent_while_a_vendor_would_be_left_alone_is_told_as_such() -> None:
    hands = [1_000.0]
    gate = ConcurrencyLimit(RateLimiter((), lambda: hands[0]), 8, [Window(1, 30.0)])
    gate.pause(7_200)
    hands[0] += 60
    await gate.enter(READ, Deadline.after(10))

    with pytest.raises(RateLimitPastDeadline) as caught:
        await gate.enter(READ, Deadline.after(10))

    assert caught.value.seconds < 31
    assert not caught.value.paused


async def test_a_call_that_is_not_sent_after_a_429_says_so_and_names_the_vendors_wait() -> None:
    async with serving(answering(429, b"{}", JSON, "retry-after: 120")) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        told: list[UpstreamRateLimited] = []
        for _ in range(2):
            with pytest.raises(UpstreamRateLimited) as caught:
                await client.call(READ, Deadline.after(5))
            told.append(caught.value)
        await client.aclose()

    assert len(vendor.requests) == 1
    assert told[0].retry_after_ms == 120_000
    assert 100_000 < (told[1].retry_after_ms or 0) <= 120_000
    assert "answered 429: rate limit reached at the system; try again in 120 s" in str(told[0])
    assert "rate limit: paused after a 429 until past the deadline; try again in 120 s" in str(told[1])


async def test_a_vendor_that_counts_otherwise_without_a_wait_is_left_for_one_window() -> None:
    async with serving(answering(429, b"{}", JSON), telling([])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url, budget=[Window(3, 0.5)])

        answer = await client.call(READ, Deadline.after(5))

        assert answer.document == []
        assert vendor.arrivals[1] - vendor.arrivals[0] >= 0.49
        await client.aclose()


async def test_a_worker_with_a_slot_now_and_then_refuses_at_once_what_its_slots_do_not_reach() -> None:
    gate = ConcurrencyLimit(RateLimiter((), lambda: 1_000.0, WorkerShare(4, 0)), 8, [Window(2, 1.0)])
    calls = [asyncio.create_task(gate.enter(READ, Deadline.after(10))) for _ in range(10)]
    await asyncio.sleep(0.01)

    refused = [call for call in calls if call.done() and isinstance(call.exception(), RateLimitPastDeadline)]

    assert 6 <= len(refused) <= 7, "a slot every 3 s"
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_a_call_given_up_leaves_its_turn_to_the_next() -> None:
    gate = ConcurrencyLimit(RateLimiter((), time.monotonic), 8, [Window(1, 0.4)])
    gate.leave(await gate.enter(READ, Deadline.after(1)))
    given_up = asyncio.create_task(gate.enter(READ, Deadline.after(1)))
    next_one = asyncio.create_task(gate.enter(READ, Deadline.after(1)))
    await asyncio.sleep(0.01)
    began = time.monotonic()

    given_up.cancel()
    await next_one

    assert time.monotonic() - began < 0.7


async def test_a_call_given_up_in_the_moment_of_its_turn_frees_its_place() -> None:
    gate = ConcurrencyLimit(RateLimiter((), time.monotonic), 1)
    first = await gate.enter(READ, Deadline.after(1))
    given_up = asyncio.create_task(gate.enter(READ, Deadline.after(1)))
    await asyncio.sleep(0)

    gate.leave(first)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)

    await asyncio.wait_for(gate.enter(READ, Deadline.after(1)), 0.9)


async def test_a_call_given_up_in_the_moment_of_its_refusal_leaves_nothing_behind() -> None:
    gate = ConcurrencyLimit(RateLimiter((), time.monotonic), 8, [Window(1, 0.2)])
    await gate.enter(READ, Deadline.after(1))
    given_up = asyncio.create_task(gate.enter(READ, Deadline.after(1)))
    await asyncio.sleep(0)
    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))

    gate.pause(30)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    del given_up
    gc.collect()

    assert said == []


async def test_no_more_calls_are_under_way_than_allowed() -> None:
    under_way, most = 0, 0

    async def counted(gate: ConcurrencyLimit) -> None:
        nonlocal under_way, most
        start = await gate.enter(READ, Deadline.after(5))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.002)
        under_way -= 1
        gate.leave(start)

    gate = ConcurrencyLimit(RateLimiter((), time.monotonic), 4)

    await asyncio.gather(*(counted(gate) for _ in range(50)))

    assert most == 4


@again_after_late_calls
async def test_limits_that_are_off_bound_nothing() -> None:
    big = answering(200, b"[" + b" " * 25_000_000 + b"]")
    async with serving(big, later(1.0, telling([]))) as vendor:
        limits = Limits(calls_per_second=0, parallel=0, answer_bytes=0)
        client = connected(system="next", base_url=vendor.base_url, limits=limits)

        outcomes = await sent(client, [READ]) + await sent(client, [READ] * 20)

        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
        assert vendor.arrivals[-1] - vendor.arrivals[1] < 0.9
        await client.aclose()


@again_after_late_calls
async def test_a_configured_rate_is_kept() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="next", base_url=vendor.base_url, limits=Limits(calls_per_second=10))

        await sent(client, [READ] * 15)

        assert fullest(vendor.arrivals, 1.0) == 10
        await client.aclose()


@pytest.mark.parametrize(
    ("rate", "windows"),
    [(0, ()), (20, ((20, 1.0),)), (0.5, ((1, 2.0),)), (2.5, ((2, 0.8),))],
)
def test_a_rate_is_a_window(rate: float, windows: tuple[tuple[int, float], ...]) -> None:
    found = Limits(calls_per_second=rate).windows()

    assert tuple((window.calls, window.seconds) for window in found) == windows


def test_a_call_is_counted_from_its_answer_and_until_then_as_late_as_can_be() -> None:
    start = StartedCall(10.0)
    under_way = start.at

    start.arrived(10.1)

    assert (under_way, start.at) == (10.0 + SKEW_SECONDS, 10.1)


def test_promised_turns_leave_every_window_as_full_as_it_may_be_and_no_fuller() -> None:
    chance = random.Random(7)
    for _ in range(200):
        calls, seconds = chance.randint(1, 4), chance.choice([0.5, 1.0, 2.0])
        narrow, wide = SlidingWindow(Window(calls, seconds)), SlidingWindow(Window(calls + 2, seconds * 2))
        narrow_turns: list[float] = []
        wide_turns: list[float] = []
        for _ in range(25):
            both = chance.random() < 0.6
            tallies = [narrow, wide] if both else [wide]
            turn = first_common(chance.uniform(0, 3), tallies)
            for tally in tallies:
                tally.reserve(turn, turn)
            wide_turns.append(turn)
            if both:
                narrow_turns.append(turn)

        assert all(fullest([at], 1) for at in wide_turns)
        assert not narrow_turns or _fullest_open(narrow_turns, seconds) <= calls
        assert _fullest_open(wide_turns, seconds * 2) <= calls + 2


def _fullest_open(turns: list[float], seconds: float) -> int:
    """As `fullest`, forgiving the last bit of a float."""
    return fullest(turns, seconds - 1e-9)
