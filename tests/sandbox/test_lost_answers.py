"""Writes whose answer is lost or late, and what a test does at a moment of a call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest
from sandbox.clients import Clock, credentials_of

from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.sandbox import FaultKind, Vendor

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next")]

KEY = 1202
PATH = f"/customer/{KEY}"


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return Sandbox(customers=5, clock=clock)


@pytest.fixture
def vendor(box: Sandbox) -> Vendor:
    return box.next


@pytest.fixture
async def client(box: Sandbox, vendor: Vendor) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the vendor on a real socket, which gives up after 0.3 s of silence."""
    async with (
        box.serving() as urls,
        httpx.AsyncClient(base_url=urls["next"], timeout=0.3, **credentials_of(vendor)) as client,
    ):
        yield client


def name_of(vendor: Vendor) -> str:
    return orjson.loads(vendor.customers.text(KEY))["name"]


async def rename(client: httpx.AsyncClient, name: str = "Nytt") -> httpx.Response:
    return await client.put(PATH, json={"name": name})


@pytest.mark.parametrize("kind", ["reset", "truncated"])
async def test_an_answer_can_be_lost_after_the_write_is_applied(
    client: httpx.AsyncClient, vendor: Vendor, kind: FaultKind
) -> None:
    vendor.faults.set(kind, method="PUT", applied="before", calls=1)

    with pytest.raises(httpx.TransportError):
        await rename(client)

    assert name_of(vendor) == "Nytt"
    assert [(str(call), call.status) for call in vendor.log.entries] == [(f"PUT {PATH}", None)]


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_write_that_is_refused_is_not_applied(client: httpx.AsyncClient, vendor: Vendor, status: int) -> None:
    before = vendor.customers.text(KEY)
    vendor.faults.set("status", status=status, method="PUT")

    answer = await rename(client)

    assert answer.status_code == status
    assert vendor.customers.text(KEY) == before


async def test_a_reset_alone_is_a_write_that_never_arrived(client: httpx.AsyncClient, vendor: Vendor) -> None:
    before = vendor.customers.text(KEY)
    vendor.faults.set("reset")

    with pytest.raises(httpx.TransportError):
        await rename(client)

    assert vendor.customers.text(KEY) == before


async def test_an_error_may_come_for_a_write_that_was_applied(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("status", status=502, applied="before")

    answer = await rename(client)

    assert (answer.status_code, name_of(vendor)) == (502, "Nytt")


async def test_an_answer_can_be_late_though_the_write_is_applied_at_once(
    client: httpx.AsyncClient, vendor: Vendor
) -> None:
    vendor.faults.set("latency", latency=0.1, applied="before")

    answer = asyncio.ensure_future(rename(client))
    await asyncio.sleep(0.05)
    at_once, came = name_of(vendor), answer.done()

    assert (at_once, came) == ("Nytt", False)
    assert (await answer).json()["name"] == "Nytt"


async def test_a_delayed_write_is_applied_though_its_caller_has_gone(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("latency", latency=0.5, applied="after")

    with pytest.raises(httpx.ReadTimeout):
        await rename(client)
    await asyncio.sleep(0.05)
    early = name_of(vendor)
    await asyncio.sleep(0.4)

    assert (early == "Nytt", name_of(vendor)) == (False, "Nytt")


async def test_without_that_a_write_ends_with_its_caller(client: httpx.AsyncClient, vendor: Vendor) -> None:
    before = vendor.customers.text(KEY)
    vendor.faults.set("latency", latency=0.5)

    with pytest.raises(httpx.ReadTimeout):
        await rename(client)
    await asyncio.sleep(0.4)

    assert vendor.customers.text(KEY) == before


async def test_a_write_with_a_lost_answer_is_applied_once(client: httpx.AsyncClient, vendor: Vendor) -> None:
    vendor.faults.set("slow_drip", pause=0.0, applied="before")

    await client.post("/customer/", json={"name": "Nytt", "customertypeid": 1})

    assert vendor.customers.count() == 6


async def test_a_foreign_change_comes_right_after_the_second_read(client: httpx.AsyncClient, vendor: Vendor) -> None:
    change = '{"name":"Främmande","changed":"2026-11-21T01:00:00"}'
    vendor.hooks.after(f"GET {PATH}", lambda: vendor.customers.plant(KEY, change), nth=2)

    names = [(await client.get(PATH)).json()["name"] for _ in range(3)]

    assert names[0] == names[1] != "Främmande"
    assert names[2] == "Främmande"


async def test_a_hook_runs_once_and_for_its_call_alone(client: httpx.AsyncClient, vendor: Vendor) -> None:
    ran: list[str] = []
    vendor.hooks.after("GET /customer/*", lambda: ran.append("read"))
    vendor.hooks.before("PUT *", lambda: ran.append(name_of(vendor)))

    await client.get("/customercontact/")
    await rename(client, "Ett")
    for _ in range(2):
        await client.get(PATH)
    await rename(client, "Två")

    assert len(ran) == 2
    assert ran[0] != "Ett"
    assert ran[1] == "read"


async def test_a_write_waits_for_what_a_hook_waits_for(client: httpx.AsyncClient, vendor: Vendor) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await go_on.wait()

    before = name_of(vendor)
    vendor.hooks.before(f"PUT {PATH}", wait)
    answer = asyncio.ensure_future(rename(client))
    await arrived.wait()
    meanwhile = name_of(vendor)
    go_on.set()

    assert (await answer).json()["name"] == "Nytt"
    assert meanwhile == before


async def test_a_call_that_is_not_carried_out_runs_no_hook(client: httpx.AsyncClient, vendor: Vendor) -> None:
    ran: list[str] = []
    vendor.hooks.before("PUT *", lambda: ran.append("before"))
    vendor.hooks.after("PUT *", lambda: ran.append("after"))
    vendor.faults.set("status", calls=1)

    await rename(client)
    vendor.hooks.clear()
    await rename(client)

    assert ran == []


async def test_a_lost_answer_comes_after_the_hook(client: httpx.AsyncClient, vendor: Vendor) -> None:
    ran: list[str] = []
    vendor.hooks.after("PUT *", lambda: ran.append(name_of(vendor)))
    vendor.faults.set("reset", applied="before")

    with pytest.raises(httpx.TransportError):
        await rename(client)

    assert ran == ["Nytt"]
