"""Clients that their vendor counts together."""

from __future__ import annotations

import asyncio
import time

import pytest
from wire.connected import connected
from wire.vendor import later, serving, telling

from customer_gateway.wire import Call, LimiterRegistry, Limits, Window
from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.refusals import RateLimitPastDeadline
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

READ = Call("GET", "/customers/", idempotent=True)


def soon() -> Deadline:
    return Deadline.after(5)


async def test_two_clients_of_one_scope_never_fill_a_window_beyond_what_it_holds() -> None:
    async with serving(telling([])) as vendor:
        turns = LimiterRegistry().of(("127.0.0.1",), [Window(3, 0.3)])
        clients = [connected(system=name, base_url=vendor.base_url, limiter=turns) for name in ("one", "other")]

        await asyncio.gather(*(client.call(READ, soon()) for client in clients * 5))

        arrivals = sorted(vendor.arrivals)
        assert len(arrivals) == 10
        assert all(later_one - one >= 0.3 for one, later_one in zip(arrivals, arrivals[3:], strict=False))
        for client in clients:
            await client.aclose()


async def test_each_client_keeps_to_its_own_number_of_calls_under_way() -> None:
    async with serving(later(0.2, telling([]))) as vendor:
        turns = RateLimiter([Window(100, 1.0)], time.monotonic)
        narrow = connected(system="narrow", base_url=vendor.base_url, limiter=turns, limits=Limits(parallel=1))
        wide = connected(system="wide", base_url=vendor.base_url, limiter=turns)
        waiting = asyncio.gather(*(narrow.call(READ, soon()) for _ in range(3)))
        await asyncio.sleep(0)
        began = time.monotonic()

        await wide.call(READ, soon())

        assert time.monotonic() - began < 0.39, "a call of the wide one waits for none of the narrow one's"
        await waiting
        assert time.monotonic() - began >= 0.59
        await narrow.aclose()
        await wide.aclose()


async def test_a_pause_asked_of_one_is_kept_by_all_of_its_scope_and_by_no_other() -> None:
    shared = LimiterRegistry()
    one, other, stranger = (
        ConcurrencyLimit(shared.of((scope,), [Window(3, 1.0)]), 8) for scope in ("here", "here", "there")
    )

    one.pause(30)

    with pytest.raises(RateLimitPastDeadline):
        await other.enter(READ, soon())
    assert await stranger.enter(READ, soon())


async def test_a_count_of_its_own_holds_a_client_up_beside_the_common_one() -> None:
    turns = RateLimiter([Window(10, 1.0)], time.monotonic)
    slow, free = (
        ConcurrencyLimit(turns, 8, [Window(1, 9.0)]),
        ConcurrencyLimit(turns, 8),
    )
    await slow.enter(READ, soon())

    with pytest.raises(RateLimitPastDeadline) as caught:
        await slow.enter(READ, soon())

    assert caught.value.seconds > 5
    assert await free.enter(READ, soon())
