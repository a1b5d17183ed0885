"""A request: a call is made once, and whoever asks again is told the same, value or failure."""

from __future__ import annotations

import asyncio
import gc

import pytest
from federation.fake_system import Acme, Asked, request

from customer_gateway.errors import UpstreamBadResponse, UpstreamRateLimited, UpstreamTimeout
from customer_gateway.federation.request import Batchers
from customer_gateway.system import Route
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio


async def test_a_call_is_made_once_a_request() -> None:
    asking = request(Acme())
    calls: list[str] = []

    async def call(_deadline: Deadline) -> str:
        calls.append("call")
        return "page"

    assert [await asking.memoized("acme", "page", "key", call) for _ in range(3)] == ["page"] * 3
    assert calls == ["call"]


async def test_a_failed_call_is_not_made_again_and_fails_all_alike() -> None:
    asking = request(Acme())
    calls: list[str] = []

    async def call(_deadline: Deadline) -> str:
        calls.append("call")
        raise UpstreamBadResponse("acme", "GET /customers answered 400", status=400)

    failures = [
        await asyncio.gather(
            asking.memoized("acme", "page", "key", call),
            asking.memoized("acme", "page", "key", call),
            return_exceptions=True,
        ),
        await asyncio.gather(asking.memoized("acme", "page", "key", call), return_exceptions=True),
    ]

    told = [each for group in failures for each in group]
    assert {(type(each), str(each)) for each in told} == {
        (UpstreamBadResponse, "acme: GET /customers answered 400"),
    }
    assert calls == ["call"]


async def test_who_leaves_early_is_told_what_failed_before_and_what_is_late() -> None:
    asking = request(Acme())

    async def refused(_deadline: Deadline) -> str:
        raise UpstreamBadResponse("acme", "GET /customers answered 400", status=400)

    async def unasked(_deadline: Deadline) -> str:
        raise AssertionError("who leaves asks nothing more")

    await asyncio.gather(asking.memoized("acme", "page", "list", refused), return_exceptions=True)
    leaving = asking.so_far()

    with pytest.raises(UpstreamBadResponse, match="answered 400") as told:
        await leaving.memoized("acme", "page", "list", unasked)
    assert told.value.status == 400
    with pytest.raises(UpstreamTimeout, match=r"^acme: count: no whole answer before the deadline; try again later$"):
        await leaving.memoized("acme", "count", "count", unasked)


async def test_what_fails_twice_with_one_code_is_one_entry_with_the_longer_wait() -> None:
    asking = request(Acme())
    for wait in (850, 900, 800):
        asking.note_incomplete(["customers"], [UpstreamRateLimited("acme", "no slot", retry_after_ms=wait)])
    asking.note_incomplete(["customers"], [UpstreamTimeout("acme", "late")])

    entries = [(each["code"], each.get("retryAfterMs")) for each in asking.extensions["incomplete"]]
    assert entries == [("UPSTREAM_RATE_LIMITED", 900), ("UPSTREAM_TIMEOUT", None)]


async def test_a_route_has_one_batcher_in_the_process_and_another_route_another() -> None:
    batchers, asked = Batchers(), Asked({})
    first, second = Route("acme.customers", asked.fetch, 100), Route("acme.customers", asked.fetch, 100)

    assert batchers.of(first) is batchers.of(first)
    assert batchers.of(first) is not batchers.of(second)


async def test_a_batcher_goes_with_its_route() -> None:
    batchers = Batchers()
    routes = [Route("acme.customers", Asked({}).fetch, 100) for _ in range(3)]
    await asyncio.gather(*(batchers.of(each).load(["1"], Deadline.after(5)) for each in routes))

    del routes[1:]
    gc.collect()

    assert len(batchers) == 1
