from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from wire.connected import connected
from wire.vendor import JSON, answering, resetting, saying, serving, telling

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire import Call, Retry, Window
from customer_gateway.wire.attempt import wait_before_repeating
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from wire.vendor import Script

pytestmark = pytest.mark.anyio

READ = Call("POST", "/customer/_search", body={}, idempotent=True)
SHORT = saying(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n[", close=True)


@pytest.mark.parametrize(
    "first", [answering(500), answering(503), resetting, SHORT, answering(200, b"[1,"), answering(429, b"{}", JSON)]
)
async def test_an_idempotent_call_survives_a_passing_failure(first: Script) -> None:
    async with serving(first, telling([1])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url)

        answer = await client.call(READ, Deadline.after(5))

        assert answer.document == [1]
        assert len(vendor.requests) == 2
        await client.aclose()


@pytest.mark.parametrize("first", [answering(500), answering(503), resetting, SHORT, answering(200, b"[1,")])
async def test_a_call_not_declared_idempotent_is_not_repeated_where_it_may_have_been_done(first: Script) -> None:
    async with serving(first, telling([1])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url)

        with pytest.raises(UpstreamError):
            await client.call(Call("GET", "/token"), Deadline.after(5))

        assert len(vendor.requests) == 1
        await client.aclose()


async def test_a_call_not_declared_idempotent_is_repeated_after_a_429_which_did_nothing() -> None:
    async with serving(answering(429, b"{}", JSON), telling([1])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url)

        answer = await client.call(Call("POST", "/customers/", body={}), Deadline.after(5))

        assert (answer.document, len(vendor.requests)) == ([1], 2)
        await client.aclose()


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 409, 422])
async def test_a_refusal_is_never_repeated(status: int) -> None:
    async with serving(answering(status), telling([1])) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url)

        with pytest.raises(UpstreamError):
            await client.call(READ, Deadline.after(5))

        assert len(vendor.requests) == 1
        await client.aclose()


async def test_there_are_no_more_attempts_than_allowed() -> None:
    async with serving(answering(503)) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url, retry=Retry(attempts=3, base_seconds=0.01))

        with pytest.raises(UpstreamUnavailable):
            await client.call(READ, Deadline.after(5))

        assert len(vendor.requests) == 3
        await client.aclose()


async def test_the_vendors_wait_is_kept_before_the_next_attempt() -> None:
    async with serving(answering(429, b"{}", JSON, "retry-after: 1"), telling([1])) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url)

        answer = await client.call(READ, Deadline.after(5))

        assert answer.document == [1]
        assert 0.99 <= vendor.arrivals[1] - vendor.arrivals[0] < 3
        await client.aclose()


async def test_the_vendors_wait_that_outlasts_the_deadline_is_not_waited_for() -> None:
    async with serving(answering(429, b"{}", JSON, "retry-after: 30")) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url)
        began = asyncio.get_running_loop().time()

        with pytest.raises(UpstreamRateLimited) as caught:
            await client.call(READ, Deadline.after(5))

        assert caught.value.retry_after_ms == 30_000
        assert asyncio.get_running_loop().time() - began < 2
        await client.aclose()


async def test_a_connection_that_the_vendor_closed_meanwhile_is_not_noticed() -> None:
    closing = saying(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]", pause=0.05, close=True
    )
    async with serving(closing) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url)

        for _ in range(5):
            assert (await client.call(READ, Deadline.after(5))).document == []
            await asyncio.sleep(0.05)

        assert vendor.connections == 5
        await client.aclose()


def test_the_wait_grows_with_each_attempt_up_to_its_cap() -> None:
    policy = Retry(attempts=100, base_seconds=0.1, cap_seconds=2.0)
    failure = UpstreamUnavailable("next", "answered 503")

    longest = [
        max(wait_before_repeating(READ, failure, attempt, policy) or 0 for _ in range(500)) for attempt in (1, 2, 3, 20)
    ]

    assert [round(wait, 1) for wait in longest] == [0.1, 0.2, 0.4, 2.0]


@pytest.mark.parametrize(
    ("failure", "repeated"),
    [
        (UpstreamUnavailable("next", "x"), True),
        (UpstreamRateLimited("next", "x"), True),
        (UpstreamBadResponse("next", "x", retryable=True), True),
        (UpstreamBadResponse("next", "x"), False),
        (UpstreamUnauthorized("next", "x"), False),
        (UpstreamTimeout("next", "x"), False),
    ],
)
def test_only_what_may_pass_is_worth_repeating(failure: UpstreamError, repeated: bool) -> None:
    wait = wait_before_repeating(READ, failure, 1, Retry())

    assert (wait is not None) is repeated


@pytest.mark.parametrize("header", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
async def test_a_wait_that_is_over_already_still_is_a_little_one(status: int, header: str) -> None:
    policy = Retry(attempts=3, base_seconds=0.2)
    async with serving(answering(status, b"{}", JSON, f"retry-after: {header}"), telling([1])) as vendor:
        client = connected(system="billbee", base_url=vendor.base_url, retry=policy)

        answer = await client.call(READ, Deadline.after(5))

        assert answer.document == [1]
        assert 0.1 <= vendor.arrivals[1] - vendor.arrivals[0] < 2
        await client.aclose()


async def test_a_429_that_says_no_wait_lets_nobody_else_start_for_a_window() -> None:
    async with serving(answering(429, b"{}", JSON, "retry-after: 0"), telling([1])) as vendor:
        once = Retry(attempts=1)
        client = connected(system="billbee", base_url=vendor.base_url, budget=[Window(5, 0.5)], retry=once)

        with pytest.raises(UpstreamRateLimited):
            await client.call(Call("GET", "/once"), Deadline.after(5))
        await client.call(Call("GET", "/customers"), Deadline.after(5))

        assert vendor.arrivals[1] - vendor.arrivals[0] >= 0.45
        await client.aclose()
