"""Budgets that several workers keep in one Redis: here a worker is a store of its own."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis_server import NEEDS_REDIS, PASSWORD, RedisServer
from structlog.testing import capture_logs
from wire.connected import connected
from wire.late_calls import again_after_late_calls
from wire.limits.test_rate_limiter import sent
from wire.vendor import answering, closed_port, fullest, hanging, serving, telling

from customer_gateway.errors import UpstreamRateLimited
from customer_gateway.wire import BudgetStore, Call, Client, LimiterRegistry, Limits, Window, WorkerShare, per_endpoint
from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS
from customer_gateway.wire.shared_limits.store import ANSWER_SECONDS, RETRY_SECONDS
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from wire.vendor import Vendor

pytestmark = [pytest.mark.anyio, NEEDS_REDIS, pytest.mark.alone]  # a store starved for 0.1 s counts as lost

READ = Call("GET", "/customers/", idempotent=True)
SCOPE = ("billbee", "key-not-to-be-shown", "shop")


@asynccontextmanager
async def worker(
    url: str, vendor: Vendor, *windows: Window, workers: int = 2, log: Any = None, **otherwise: Any
) -> AsyncGenerator[Client]:
    turns = LimiterRegistry(share=WorkerShare(workers), store=BudgetStore(url, log=log))
    client = connected(
        system="billbee",
        base_url=vendor.base_url,
        limiter=turns.of(SCOPE, windows),
        name="own",
        **otherwise,
    )
    try:
        yield client
    finally:
        await client.aclose()
        await turns.aclose()


def failures(outcomes: Sequence[object]) -> list[object]:
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


@again_after_late_calls
async def test_two_workers_never_fill_a_window_beyond_what_it_holds_and_use_nearly_all_of_it(
    redis: RedisServer,
) -> None:
    budget = Window(4, 0.3)
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, budget) as one,
        worker(redis.url, vendor, budget) as other,
    ):
        began = time.monotonic()
        outcomes = await asyncio.gather(sent(one, [READ] * 20), sent(other, [READ] * 20))

        assert failures([*outcomes[0], *outcomes[1]]) == []
        assert fullest(vendor.arrivals, 0.3) == 4
        assert time.monotonic() - began < 9 * 0.3 * 1.6


@again_after_late_calls
async def test_a_call_that_waits_starts_a_window_after_the_answer_before_not_as_late_as_that_could_have_been_counted(
    redis: RedisServer,
) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(1, 0.4)) as alone:
        began = time.monotonic()

        assert failures(await sent(alone, [READ] * 8)) == []
        assert 7 * 0.4 <= time.monotonic() - began < 7 * 0.4 + 6 * SKEW_SECONDS


@again_after_late_calls
async def test_a_worker_alone_has_the_whole_budget(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(6, 5.0), workers=3) as alone:
        began = time.monotonic()

        assert failures(await sent(alone, [READ] * 6)) == []
        assert time.monotonic() - began < 1


@again_after_late_calls
async def test_calls_that_give_way_leave_room_for_one_that_does_not(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(2, 1.0), workers=1) as one:
        giving_way = [asyncio.create_task(one.call(READ, Deadline.after(30, gives_way=True))) for _ in range(3)]
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await one.call(READ, Deadline.after(30))

        assert time.monotonic() - began < 0.3
        await asyncio.gather(*giving_way)
        assert fullest(vendor.arrivals, 1.0) == 2


@again_after_late_calls
async def test_where_several_calls_that_give_way_wait_no_start_is_counted_before_it_is_made(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(2, 1.0), workers=1) as one:
        giving_way = [asyncio.create_task(one.call(READ, Deadline.after(30, gives_way=True))) for _ in range(5)]
        await giving_way[0]
        await giving_way[1]
        await asyncio.sleep(0.8)

        await asyncio.gather(*(one.call(READ, Deadline.after(30)) for _ in range(3)))

        assert fullest(vendor.arrivals, 1.0) == 2
        for task in giving_way:
            task.cancel()
        await asyncio.gather(*giving_way, return_exceptions=True)


@again_after_late_calls
async def test_a_call_that_gives_way_starts_when_it_is_counted_also_where_another_has_come_between(
    redis: RedisServer,
) -> None:
    budget = Window(2, 1.0), Window(2, 0.5, per_endpoint)
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, *budget) as one,
        worker(redis.url, vendor, *budget) as other,
    ):
        asked = [asyncio.create_task(one.call(READ, Deadline.after(30)))]
        asked += [asyncio.create_task(one.call(Call("GET", "/a"), Deadline.after(30, gives_way=True)))]
        await asyncio.sleep(0.2)
        asked += [asyncio.create_task(other.call(READ, Deadline.after(30))) for _ in range(2)]
        await asyncio.gather(*asked)

        assert fullest(vendor.arrivals, 1.0) == 2


async def test_a_turn_past_the_deadline_is_refused_at_once_with_the_wait(redis: RedisServer) -> None:
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, Window(2, 5.0)) as one,
        worker(redis.url, vendor, Window(2, 5.0)) as other,
    ):
        await sent(one, [READ] * 2)
        began = time.monotonic()

        with pytest.raises(UpstreamRateLimited) as caught:
            await other.call(READ, Deadline.after(2))

        assert time.monotonic() - began < 0.5
        assert 4_000 < (caught.value.retry_after_ms or 0) <= 5_300


@again_after_late_calls
async def test_every_scope_has_a_count_of_its_own_beside_that_of_all(redis: RedisServer) -> None:
    budget = (Window(2, 0.3, per_endpoint), Window(5, 0.3))
    calls = [Call("GET", f"/{noun}/1", template=f"/{noun}/{{id}}") for _ in range(2) for noun in ("a", "b", "c")]
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, *budget) as one,
        worker(redis.url, vendor, *budget) as other,
    ):
        assert failures(await sent(one, calls)) + failures(await sent(other, calls)) == []

        assert fullest(vendor.arrivals, 0.3) <= 5
        for noun in ("a", "b", "c"):
            own = [at for at, path in zip(vendor.arrivals, vendor.paths(), strict=True) if path.startswith(f"/{noun}/")]
            assert fullest(own, 0.3) <= 2


@again_after_late_calls
async def test_a_limit_of_our_own_is_kept_by_all_workers_together(redis: RedisServer) -> None:
    limits = Limits(calls_per_second=5)
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, limits=limits) as one,
        worker(redis.url, vendor, limits=limits) as other,
    ):
        outcomes = await asyncio.gather(sent(one, [READ] * 8), sent(other, [READ] * 2))

        assert failures([*outcomes[0], *outcomes[1]]) == []
        assert fullest(vendor.arrivals, 1.0) == 5


@again_after_late_calls
async def test_calls_are_let_in_in_the_order_in_which_they_came(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(2, 0.1)) as alone:
        await sent(alone, [Call("GET", f"/{number}", template="/{id}") for number in range(9)])

        turns = [vendor.paths()[start : start + 2] for start in range(0, 9, 2)]
        assert [sorted(turn) for turn in turns] == [["/0", "/1"], ["/2", "/3"], ["/4", "/5"], ["/6", "/7"], ["/8"]]


@again_after_late_calls
async def test_a_small_request_does_not_wait_for_all_calls_of_a_big_one_in_any_worker(redis: RedisServer) -> None:
    async def request(client: Client, name: str, calls: int) -> list[object]:
        deadline = Deadline.after(5)
        call = Call("GET", f"/{name}", template="/{id}")
        return await asyncio.gather(*(client.call(call, deadline) for _ in range(calls)), return_exceptions=True)

    budget = Window(2, 0.3)
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, budget) as one,
        worker(redis.url, vendor, budget) as other,
    ):
        big = asyncio.create_task(request(one, "big", 200))
        while len(vendor.arrivals) < 2:  # noqa: ASYNC110 - the vendor has no event
            await asyncio.sleep(0.01)
        small = await asyncio.gather(request(one, "small", 2), request(other, "small", 2))
        before = vendor.paths().count("/big")
        big.cancel()
        await asyncio.gather(big, return_exceptions=True)

    assert failures([*small[0], *small[1]]) == []
    assert 2 < before <= 8
    assert fullest(vendor.arrivals, 0.3) == 2


async def test_no_more_calls_are_under_way_than_allowed(redis: RedisServer) -> None:
    async with (
        serving(hanging) as vendor,
        worker(redis.url, vendor, Window(100, 0.1), limits=Limits(parallel=3)) as alone,
    ):
        waiting = asyncio.gather(*(alone.call(READ, Deadline.after(0.5)) for _ in range(9)), return_exceptions=True)
        await asyncio.sleep(0.4)

        assert len(vendor.requests) == 3
        await waiting


async def test_the_vendors_pause_holds_in_every_worker_also_for_those_who_wait(redis: RedisServer) -> None:
    busy = answering(429, b"{}", "content-type: application/json", "retry-after: 30")
    async with (
        serving(telling([]), busy) as vendor,
        worker(redis.url, vendor, Window(1, 0.5)) as one,
        worker(redis.url, vendor, Window(1, 0.5)) as other,
    ):
        await one.call(READ, Deadline.after(1))
        hearing = asyncio.create_task(one.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(one.call(READ, Deadline.after(5)))
        for task in (hearing, waiting):
            with pytest.raises(UpstreamRateLimited, match="429"):
                await asyncio.wait_for(task, 2)

        with pytest.raises(UpstreamRateLimited) as caught:
            await other.call(READ, Deadline.after(5))

        assert 25_000 < (caught.value.retry_after_ms or 0) <= 30_000
        assert len(vendor.requests) == 2


async def test_a_call_given_up_leaves_its_turn_to_the_next(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(1, 0.5)) as alone:
        await alone.call(READ, Deadline.after(1))
        given_up = asyncio.create_task(alone.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.05)
        next_one = asyncio.create_task(alone.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.05)
        began = time.monotonic()

        given_up.cancel()
        await next_one

        assert time.monotonic() - began < 0.8


async def test_a_call_given_up_while_it_asks_costs_nobody_a_turn(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(1, 5.0)) as alone:
        given_up = asyncio.create_task(alone.call(READ, Deadline.after(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await asyncio.sleep(0.05)

        await alone.call(READ, Deadline.after(1))

        assert len(vendor.requests) == 1


async def test_a_slot_of_a_call_given_up_is_free_for_another_worker(redis: RedisServer) -> None:
    async with (
        serving(telling([])) as vendor,
        worker(redis.url, vendor, Window(1, 1.0)) as one,
        worker(redis.url, vendor, Window(1, 1.0)) as other,
    ):
        await one.call(READ, Deadline.after(1))
        given_up = asyncio.create_task(one.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.1)

        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await other.call(READ, Deadline.after(1.5))

        assert len(vendor.requests) == 2


async def test_a_slot_of_a_call_given_up_is_free_for_a_call_of_another_endpoint(redis: RedisServer) -> None:
    budget = Window(1, 0.6), Window(5, 1.0, per_endpoint)
    async with serving(telling([])) as vendor, worker(redis.url, vendor, *budget) as alone:
        await alone.call(READ, Deadline.after(1))
        given_up = asyncio.create_task(alone.call(Call("GET", "/given-up"), Deadline.after(5)))
        await asyncio.sleep(0.05)
        next_one = asyncio.create_task(alone.call(Call("GET", "/next"), Deadline.after(5)))
        await asyncio.sleep(0.05)
        began = time.monotonic()

        given_up.cancel()
        await next_one

        assert time.monotonic() - began < 0.8


@again_after_late_calls
async def test_a_worker_whose_store_has_just_come_back_keeps_to_its_share(redis: RedisServer) -> None:
    store = BudgetStore(redis.url)
    store.back_at = time.monotonic()
    limiters = LimiterRegistry(share=WorkerShare(2), store=store)
    async with serving(telling([])) as vendor:
        budget = [Window(4, 0.4)]
        client = connected(system="billbee", base_url=vendor.base_url, limiter=limiters.of(SCOPE, budget))

        assert failures(await sent(client, [READ] * 4)) == []
        await client.aclose()
        await limiters.aclose()

        assert fullest(vendor.arrivals, 0.4) == 2


async def test_who_asked_beside_a_call_given_up_takes_its_turn_at_once(redis: RedisServer) -> None:
    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(1, 2.0)) as alone:
        given_up = asyncio.create_task(alone.call(READ, Deadline.after(5)))
        beside = asyncio.create_task(alone.call(READ, Deadline.after(5)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()

        await asyncio.wait_for(beside, 1)

        assert len(vendor.requests) == 1


async def test_a_vendor_that_asks_for_a_pause_of_no_time_does_not_cost_the_store(redis: RedisServer) -> None:
    busy = answering(429, b"{}", "content-type: application/json", "retry-after: 0")
    with capture_logs() as log:
        async with serving(busy, telling([])) as vendor, worker(redis.url, vendor, Window(4, 0.5)) as alone:
            await asyncio.gather(alone.call(READ, Deadline.after(3)), return_exceptions=True)
            await alone.call(READ, Deadline.after(3))

    assert [line for line in log if line["event"] == "budget_store"] == []


async def test_a_call_that_nothing_counts_does_not_touch_the_store() -> None:
    with capture_logs() as log:
        async with (
            serving(telling([])) as vendor,
            worker(f"redis://127.0.0.1:{closed_port()}/0", vendor) as alone,
        ):
            await sent(alone, [READ] * 5)

    assert [line["event"] for line in log] == ["upstream_call"] * 5


async def test_no_name_in_the_store_tells_a_secret(redis: RedisServer) -> None:
    from redis.asyncio import Redis

    async with serving(telling([])) as vendor, worker(redis.url, vendor, Window(1, 5.0)) as alone:
        await alone.call(READ, Deadline.after(1))
        async with Redis(port=redis.port, password=PASSWORD) as reader:
            client: Any = reader  # which leaves its options untyped
            names = [name.decode() async for name in client.scan_iter()]

    assert [name.startswith("customer-gateway:budget:") for name in names] == [True]
    assert not any(secret in name for secret in SCOPE for name in names)


def changes(log: list[Any]) -> list[tuple[str, str]]:
    return [(line["log_level"], line["state"]) for line in log if line["event"] == "budget_store"]


async def test_without_the_store_each_worker_keeps_to_its_share_until_it_is_back(redis: RedisServer) -> None:
    budget = Window(4, 0.4)
    with capture_logs() as log:
        async with (
            serving(telling([])) as vendor,
            worker(redis.url, vendor, budget) as one,
            worker(redis.url, vendor, budget) as other,
        ):
            await sent(one, [READ] * 4)
            redis.stop()
            outcomes = await asyncio.gather(sent(one, [READ] * 6), sent(other, [READ] * 6))
            alone = len(vendor.arrivals)
            redis.start()
            await asyncio.sleep(RETRY_SECONDS)
            returning = await asyncio.gather(sent(one, [READ] * 6), sent(other, [READ] * 2))
            await asyncio.sleep(RETRY_SECONDS + 0.4)
            began = time.monotonic()
            await sent(one, [READ] * 4)
            took = time.monotonic() - began

    assert failures([*outcomes[0], *outcomes[1], *returning[0], *returning[1]]) == []
    assert alone == 16
    assert fullest(vendor.arrivals, 0.4) == 4
    assert took < 0.3, "the whole budget is one worker's again"
    assert sorted(changes(log)) == [("warning", "back")] * 2 + [("warning", "lost")] * 2
    assert PASSWORD not in str(log)


@again_after_late_calls
async def test_a_turn_of_the_share_that_comes_when_the_store_decides_again_is_asked_for(redis: RedisServer) -> None:
    budget, store = Window(2, 0.6), BudgetStore(redis.url)
    store.back_at = time.monotonic() - RETRY_SECONDS  # a window more, and the store decides
    turns = LimiterRegistry(share=WorkerShare(2), store=store)
    async with serving(telling([])) as vendor, worker(redis.url, vendor, budget) as other:
        returning = connected(system="billbee", base_url=vendor.base_url, limiter=turns.of(SCOPE, [budget]))
        waiting = asyncio.create_task(sent(returning, [READ] * 4))
        await asyncio.sleep(0.65)

        outcomes = await asyncio.gather(waiting, sent(other, [READ] * 6))
        await returning.aclose()
        await turns.aclose()

    assert failures([*outcomes[0], *outcomes[1]]) == []
    assert fullest(vendor.arrivals, 0.6) == 2


async def test_a_store_that_hangs_is_given_up_soon() -> None:
    with capture_logs() as log:
        async with (
            serving(hanging) as store,
            serving(telling([])) as vendor,
            worker(store.base_url.replace("http", "redis"), vendor, Window(4, 0.1)) as alone,
        ):
            began = time.monotonic()
            await alone.call(READ, Deadline.after(5))

            assert time.monotonic() - began < 2
            began = time.monotonic()
            await alone.call(READ, Deadline.after(5))
            assert time.monotonic() - began < ANSWER_SECONDS

    assert changes(log) == [("warning", "lost")]


async def test_a_store_that_talks_nonsense_is_lost() -> None:
    with capture_logs() as log:
        async with (
            serving(telling([])) as nonsense,
            serving(telling([])) as vendor,
            worker(nonsense.base_url.replace("http", "redis"), vendor, Window(4, 0.1)) as alone,
        ):
            await alone.call(READ, Deadline.after(5))

    assert changes(log) == [("warning", "lost")]


async def test_a_wrong_password_is_told_without_it(redis: RedisServer) -> None:
    with capture_logs() as log:
        async with (
            serving(telling([])) as vendor,
            worker(redis.url.replace(PASSWORD, "wrong-one"), vendor, Window(4, 0.1)) as alone,
        ):
            await alone.call(READ, Deadline.after(5))

    (line,) = (line for line in log if line["event"] == "budget_store")
    assert line["reason"] == "AuthenticationError"
    assert line["store"] == f"127.0.0.1:{redis.port}"
    assert "wrong-one" not in str(log)


async def test_a_store_is_not_lost_because_this_process_was_busy(redis: RedisServer) -> None:
    with capture_logs() as log:
        store = BudgetStore(redis.url)
        await store.open()

        for turns in range(6):
            answer = store.run((), (), "return {1}")
            for _ in range(turns):
                await asyncio.sleep(0)
            time.sleep(0.15)  # noqa: ASYNC251 - as a process that computes, or gets no CPU
            assert await answer == [1]
        await store.aclose()

    assert changes(log) == []
