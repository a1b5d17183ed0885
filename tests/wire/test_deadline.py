from __future__ import annotations

import asyncio
import gzip
import time
from typing import TYPE_CHECKING

import pytest
from wire.connected import connected
from wire.vendor import JSON, answering, dripping, hanging, later, serving, telling

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.wire import Call, Limits
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from wire.vendor import Script

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
READ = Call("GET", "/customers/", idempotent=True)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(hanging, id="hang"),
        pytest.param(dripping(b"HTTP/1.1 200 OK\r\n", b"x-slow: 1\r\n", 0.02), id="slow headers"),
        pytest.param(dripping(HEAD + b"content-length: 9999\r\n\r\n", b" ", 0.02), id="slow drip"),
        pytest.param(dripping(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02), id="slow chunks"),
        pytest.param(later(1.0, telling([])), id="late answer"),
    ],
)
async def test_whatever_takes_too_long_is_a_timeout_at_the_deadline(script: Script) -> None:
    async with serving(script) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        began = time.monotonic()

        with pytest.raises(UpstreamTimeout) as caught:
            await client.call(READ, Deadline.after(0.2))

        assert caught.value.retryable
        assert str(caught.value) == "pland: GET /customers/: no whole answer before the deadline; try again later"
        assert 0.15 < time.monotonic() - began < 0.45
        await client.aclose()


async def test_a_deadline_that_is_over_sends_nothing() -> None:
    async with serving(telling([])) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)

        with pytest.raises(UpstreamTimeout):
            await client.call(READ, Deadline.after(0))

        assert vendor.requests == []
        await client.aclose()


async def test_a_deadline_moved_out_moves_the_call_with_it() -> None:
    async with serving(later(0.2, telling([1]))) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        deadline = Deadline.after(0.1)
        call = asyncio.create_task(client.call(READ, deadline))
        await asyncio.sleep(0.05)

        deadline.extend(deadline.at + 1)

        assert (await call).document == [1]
        await client.aclose()


async def test_waiting_for_a_free_place_counts_against_the_deadline() -> None:
    async with serving(later(0.3, telling([]))) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, limits=Limits(parallel=1))
        first = asyncio.create_task(client.call(READ, Deadline.after(2)))
        await asyncio.sleep(0.05)

        with pytest.raises(UpstreamTimeout):
            await client.call(READ, Deadline.after(0.1))

        assert (await first).document == []
        assert len(vendor.requests) == 1
        await client.aclose()


async def test_a_hang_after_a_failure_is_told_as_the_hang() -> None:
    async with serving(answering(503), hanging) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)

        with pytest.raises(UpstreamTimeout):
            await client.call(READ, Deadline.after(0.4))

        assert len(vendor.requests) == 2
        await client.aclose()


async def test_a_failure_is_told_at_once_when_a_repetition_would_outlast_the_deadline() -> None:
    async with serving(answering(503, b"", "retry-after: 2")) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        began = time.monotonic()

        with pytest.raises(UpstreamUnavailable):
            await client.call(READ, Deadline.after(1))

        assert time.monotonic() - began < 0.9
        assert len(vendor.requests) == 1
        await client.aclose()


async def test_bombs_and_floods_are_refused_long_before_they_could_hurt() -> None:
    bomb = answering(200, gzip.compress(b" " * 100_000_000), JSON, "content-encoding: gzip")
    flood = dripping(HEAD + b"\r\n", b" " * 1_000_000, 0)
    for script in (bomb, flood):
        async with serving(script) as vendor:
            client = connected(system="pland", base_url=vendor.base_url, limits=Limits(answer_bytes=5_000_000))

            with pytest.raises(UpstreamBadResponse):
                await client.call(READ, Deadline.after(2))

            await client.aclose()


async def test_the_callers_own_cancellation_stays_one() -> None:
    async with serving(hanging) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        call = asyncio.create_task(client.call(READ, Deadline.after(5)))
        await asyncio.sleep(0.05)

        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call
        assert client.health.in_flight == 0
        await client.aclose()


async def test_twenty_calls_to_a_hanging_system_all_end_at_the_deadline() -> None:
    async with serving(hanging) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        began = time.monotonic()

        outcomes = await asyncio.gather(
            *(client.call(READ, Deadline.after(0.3)) for _ in range(20)), return_exceptions=True
        )

        assert {type(outcome) for outcome in outcomes} == {UpstreamTimeout}
        assert all(isinstance(outcome, UpstreamError) for outcome in outcomes)
        assert time.monotonic() - began < 0.8
        await client.aclose()
