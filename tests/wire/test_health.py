from __future__ import annotations

import asyncio

import pytest
from wire.connected import connected
from wire.vendor import JSON, answering, closed_port, hanging, later, serving, telling

from customer_gateway.errors import UpstreamError
from customer_gateway.wire import Call, Window
from customer_gateway.wire.health import Health
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

ONCE = Call("GET", "/customers/")


async def health_after(status: int, body: bytes = b"[]") -> bool | None:
    async with serving(answering(status, body, JSON)) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        await asyncio.gather(client.call(ONCE, Deadline.after(5)), return_exceptions=True)
        await client.aclose()
        return client.health.fresh(30)


@pytest.mark.parametrize(
    ("status", "ok"),
    [
        (200, True),
        (400, True),
        (404, True),
        (422, True),
        (429, True),
        (302, False),
        (401, False),
        (403, False),
        (500, False),
    ],
)
async def test_the_last_answer_tells_whether_a_system_can_be_used(status: int, ok: bool) -> None:
    assert await health_after(status) is ok


async def test_garbage_is_no_sign_of_health() -> None:
    assert await health_after(200, b"<html>") is False


async def test_a_refused_connection_is_ill_health() -> None:
    client = connected(system="pland", base_url=f"http://127.0.0.1:{closed_port()}")

    with pytest.raises(UpstreamError):
        await client.call(ONCE, Deadline.after(5))

    assert client.health.last_ok is False
    await client.aclose()


async def test_one_callers_haste_and_the_gateways_own_budget_say_nothing() -> None:
    async with serving(telling([]), hanging) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, budget=[Window(2, 60)])
        await client.call(ONCE, Deadline.after(5))
        for _ in range(2):
            with pytest.raises(UpstreamError):
                await client.call(ONCE, Deadline.after(0.05))

        assert client.health.fresh(30) is True
        await client.aclose()


def test_what_was_learnt_long_ago_is_not_known() -> None:
    now = 100.0
    health = Health(lambda: now)
    before = health.fresh(30)
    health.began()
    health.ended(True)
    now = 131.0

    assert (before, health.last_ok, health.last_at, health.fresh(30)) == (None, True, 100.0, None)


async def test_settled_waits_for_a_call_under_way() -> None:
    async with serving(later(0.05, telling([]))) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        call = asyncio.create_task(client.call(ONCE, Deadline.after(5)))
        await asyncio.sleep(0.01)
        under_way = (client.health.in_flight, client.health.last_ok)

        await client.health.wait_idle()

        assert under_way == (1, None)
        assert (client.health.in_flight, client.health.last_ok) == (0, True)
        await call
        await client.aclose()


async def test_settled_waits_for_nothing_when_nothing_is_under_way() -> None:
    client = connected(system="pland", base_url="http://127.0.0.1:1")

    await asyncio.wait_for(client.health.wait_idle(), 1)

    await client.aclose()
