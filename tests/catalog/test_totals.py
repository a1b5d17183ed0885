"""A pass is complete by the vendor's total, told before and after, or by the end of a list that has none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from catalog.passing import working
from vendors import sandbox

from customer_gateway.catalog.schedule import Schedule, pass_now
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.systems.adapter import Adapter
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from catalog.passing import Worker

    from customer_gateway.model.passes import PassRow
    from customer_gateway.work.deadline import Deadline

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next", "pland")]

CUSTOMERS = 120


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=CUSTOMERS)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


async def passed(worker: Worker, total: Callable[[int], int | None], name: str = "next") -> PassRow:
    """Make a pass of a system; `total` says what its vendor tells when it is asked for the first time, the second, …"""
    asked = 0

    async def counted(_: Deadline) -> int | None:
        nonlocal asked
        asked += 1
        return total(asked)

    system = worker.federation.systems[name]
    assert isinstance(system, Adapter)
    schedule = Schedule(worker.kit, {name: replace(system, counted=counted)}, worker.timing)
    await worker.kit.store.request([name], worker.clock())
    assert not await pass_now(schedule, [name])
    return await worker.row(name)


@pytest.mark.parametrize("told", [0, 1])
async def test_a_total_that_is_told_before_or_after_alone_completes_nothing(worker: Worker, told: int) -> None:
    row = await passed(worker, lambda asked: CUSTOMERS if asked % 2 == told else None)

    assert (row.state, row.completed_at) == (SyncStateName.FAILED, None)
    assert row.reason == "its total was not told both before and after they were read, 5 times"


async def test_a_total_that_is_told_again_completes_the_next_walk(worker: Worker) -> None:
    row = await passed(worker, lambda asked: None if asked == 2 else CUSTOMERS)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys("next") == set(worker.keys_at("next"))


async def test_without_a_total_the_list_is_read_to_its_end_whatever_a_page_says(worker: Worker) -> None:
    worker.box.next.faults.set("wrong_total", off=-20)

    row = await passed(worker, lambda _: None)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys("next") == set(worker.keys_at("next"))


class FirstPages(httpx.AsyncBaseTransport):
    """The way to Pland, which answers the first 50 rows of its list whatever page is asked for."""

    def __init__(self) -> None:
        self._way = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "offset" in request.url.params:
            few = min(int(request.url.params["limit"]), 50)
            request.url = request.url.copy_merge_params({"offset": "0", "limit": str(few)})
        return await self._way.handle_async_request(request)

    async def aclose(self) -> None:
        await self._way.aclose()


@pytest.mark.vendors("pland")
@pytest.mark.parametrize(
    ("total", "reason", "most_calls"),
    [
        (CUSTOMERS, "its pages hold fewer customers than its total, 5 times", 60),
        (None, "its list goes on with customers that it has listed before, 5 times", 200),
    ],
    ids=["with a total", "without a total"],
)
async def test_a_list_that_begins_again_and_again_fails_its_pass(
    total: int | None, reason: str, most_calls: int, database_url: str
) -> None:
    box = sandbox(customers=CUSTOMERS)
    wiring = Wiring(transport=lambda _name: FirstPages())
    async with box.serving() as urls, working(box, urls, database_url, wiring=wiring) as worker:
        async with asyncio.timeout(60):
            row = await passed(worker, lambda _: total, "pland")

        assert (row.state, row.completed_at, row.reason) == (SyncStateName.FAILED, None, reason)
        assert len(worker.calls("pland")) <= most_calls
    box.close()
