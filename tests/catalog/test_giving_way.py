"""A pass of a vendor that takes two calls a second holds nobody up for longer than one of its calls."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from gateway import gateway_over
from vendors import sandbox

from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from pathlib import Path

    from gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("billbee"), pytest.mark.alone]

PAGE = '{ system(name: "billbee") { customers(first: 1) { nodes { name } } } }'


async def seconds_of(gateway: Gateway, query: str) -> float:
    began = time.monotonic()
    assert (await gateway.ask(query)).data
    return time.monotonic() - began


async def test_who_asks_while_a_pass_runs_waits_for_one_of_its_calls_at_most(tmp_path: Path) -> None:
    box = sandbox(customers=1_500, rate_limits=True)
    url = f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}"
    async with (
        box.serving() as urls,
        working(box, urls, url, systems=[("billbee", "billbee")], vendor_budget=True) as worker,
        gateway_over(box, urls=urls, systems=[("billbee", "billbee")], watched=lambda _: worker.federation) as gateway,
    ):
        passing = asyncio.create_task(worker.sync("billbee"))
        await worker.until_called("billbee")
        waits: list[float] = []
        while not passing.done():
            waits.append(await seconds_of(gateway, PAGE))
            await asyncio.sleep(1.2)
        row = await passing

        assert row.state is SyncStateName.IDLE
        assert len(waits) >= 4
        assert median(waits) < 0.3  # mostly there is a slot
        assert max(waits) < 1  # this machine may be slow
        assert not [each for each in box.billbee.log.entries if each.status == 429]


async def test_a_crowd_is_served_before_a_pass_goes_on(tmp_path: Path) -> None:
    box = sandbox(customers=1_500, rate_limits=True)
    url = f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}"
    async with (
        box.serving() as urls,
        working(box, urls, url, systems=[("billbee", "billbee")], vendor_budget=True) as worker,
        gateway_over(box, urls=urls, systems=[("billbee", "billbee")], watched=lambda _: worker.federation) as gateway,
    ):
        await worker.kit.store.request(["billbee"], worker.clock())
        schedule = worker.schedule("billbee")
        await schedule.run_due()
        await worker.until_called("billbee")
        before = len(worker.calls("billbee"))
        await asyncio.gather(
            *(seconds_of(gateway, PAGE.replace("first: 1", f"first: {size}")) for size in range(2, 10))
        )
        calls = [call for call in worker.calls("billbee")[before:] if call.startswith("GET /customers?")]
        await schedule.aclose()

        assert len(calls) >= 8
        assert sum("pageSize=250" in call for call in calls) <= 1
