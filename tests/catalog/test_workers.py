"""One worker makes the passes of a system; another goes on where it ended, was killed, or stood still."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import sandbox

from customer_gateway.catalog.schedule import ScheduleTiming
from customer_gateway.errors import LeaseLost
from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from catalog.passing import Worker

    from customer_gateway.catalog.schedule import Schedule
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland", "next")]

SHORT = ScheduleTiming(lease=timedelta(seconds=0.6), tick_seconds=0.05)
LASTING = ScheduleTiming(lease=timedelta(seconds=20), tick_seconds=0.05)
"""A machine that stands still for a second makes none lose its lease."""
LONG = timedelta(hours=1)


@pytest.fixture
def box() -> Sandbox:
    return sandbox(customers=250)


@asynccontextmanager
async def two_workers(box: Sandbox, database_url: str, timing: ScheduleTiming) -> AsyncGenerator[tuple[Worker, Worker]]:
    async with (
        box.serving() as urls,
        working(box, urls, database_url, timing=timing) as one,
        working(box, urls, database_url, timing=timing) as other,
    ):
        yield one, other


@pytest.fixture
async def pair(box: Sandbox, database_url: str) -> AsyncGenerator[tuple[Worker, Worker]]:
    """Two workers, of which the one that stands still for 0.6 s loses its leases."""
    async with two_workers(box, database_url, SHORT) as workers:
        yield workers


async def until_passed(worker: Worker, name: str, number: int = 1) -> None:
    """Wait until so many passes of a system have ended."""
    async with asyncio.timeout(30):
        while True:
            row = (await worker.kit.store.rows()).get(name)
            if row is not None and row.number >= number and row.state is not SyncStateName.RUNNING:
                return
            await asyncio.sleep(0.05)


async def until_stored(worker: Worker, name: str, rows: int) -> None:
    """Wait until a pass of a system has stored so many rows of its list."""
    async with asyncio.timeout(30):
        while True:
            if ((await worker.row(name)).position or {}).get("start", 0) >= rows:
                return
            await asyncio.sleep(0.02)


async def running(*schedules: Schedule) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(each.run()) for each in schedules]


async def stopped(tasks: list[asyncio.Task[None]], *schedules: Schedule) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for each in schedules:
        await each.aclose()


async def test_two_workers_make_one_pass_of_a_system(box: Sandbox, database_url: str) -> None:
    async with two_workers(box, database_url, LASTING) as (one, other):
        schedules = one.schedule("next"), other.schedule("next")
        tasks = await running(*schedules)
        await until_passed(one, "next")
        await asyncio.sleep(1)  # the other looks twenty times
        await stopped(tasks, *schedules)

        pages = [call for call in one.calls("next") if "size=100" in call]
        assert len(pages) == len(set(pages)) == 3
        assert (await one.row("next")).number == 1


async def test_a_worker_that_ends_gives_its_systems_up_at_once(pair: tuple[Worker, Worker]) -> None:
    one, other = pair
    first, second = one.schedule("next"), other.schedule("next")
    await first.run_due()
    assert (await one.row("next")).owner == first.owner
    await first.aclose()
    await second.run_due()

    assert (await one.row("next")).owner == second.owner
    await second.aclose()


async def test_a_worker_that_stands_still_loses_its_pass_and_stores_nothing_more(pair: tuple[Worker, Worker]) -> None:
    one, other = pair
    first, second = one.schedule("next"), other.schedule("next")
    one.box.next.faults.set("hang", path="/customer/")
    await first.run_due()  # begins the pass, and then renews nothing
    await one.until_called("next")
    one.box.next.faults.clear()
    await asyncio.sleep(0.8)
    tasks = await running(second)
    await until_passed(other, "next")

    row = await other.row("next")
    assert row.owner == second.owner
    with pytest.raises(LeaseLost):
        await one.kit.store.advance("next", first.owner, row.number, [], {}, one.clock())
    await stopped(tasks, first, second)
    assert await other.keys("next") == set(other.keys_at("next"))


async def test_another_worker_goes_on_at_the_page_that_a_pass_has_reached(pair: tuple[Worker, Worker]) -> None:
    one, other = pair
    one.box.next.faults.set("hang", path="/customer/")  # the first call hangs until the worker is stopped
    first, second = one.schedule("next"), other.schedule("next")
    await first.run_due()
    await one.until_called("next")
    one.box.next.faults.clear()
    await first.aclose()
    row = await other.row("next")
    assert row.state is SyncStateName.RUNNING

    tasks = await running(second)
    await until_passed(other, "next")
    await stopped(tasks, second)

    assert (await other.row("next")).state is SyncStateName.IDLE
    assert await other.keys("next") == set(other.keys_at("next"))


@pytest.mark.parametrize(("hours", "passes"), [(0.9, 1), (72, 2)])
async def test_a_pass_that_stood_still_for_more_than_an_hour_begins_anew(
    pair: tuple[Worker, Worker], hours: float, passes: int
) -> None:
    one, other = pair
    one.box.next.faults.set("latency", latency=0.3)
    first, second = one.schedule("next"), other.schedule("next")
    await first.run_due()
    await until_stored(one, "next", 100)
    await first.aclose()
    one.box.next.faults.clear()
    if passes > 1:  # the total is as it was
        one.box.next.population.vanish(min(await one.keys("next")))
        one.box.next.population.appear()
    other.clock.ahead += timedelta(hours=hours)
    await second.run_due()
    await second.wait_idle()
    await second.aclose()

    row = await other.row("next")
    assert (row.state, row.number) == (SyncStateName.IDLE, passes)
    assert await other.keys("next") == set(other.keys_at("next"))


async def test_a_system_that_fails_is_tried_again_after_longer_and_longer(pair: tuple[Worker, Worker]) -> None:
    one, _ = pair
    one.box.pland.faults.set("status", status=401)
    schedule = one.schedule("pland")
    numbers: list[int] = []
    for seconds in (0, 9, 2, 19, 2):
        one.clock.ahead += timedelta(seconds=seconds)
        await schedule.run_due()
        await schedule.wait_idle()
        numbers.append((await one.row("pland")).number)
    await schedule.aclose()

    assert numbers == [1, 1, 2, 2, 3]


async def test_a_pass_that_is_asked_for_begins_though_none_is_due(pair: tuple[Worker, Worker]) -> None:
    one, other = pair
    schedule = one.schedule("pland")
    tasks = await running(schedule)
    await until_passed(one, "pland")
    await other.kit.store.request(["pland"], other.clock())
    await until_passed(one, "pland", 2)
    await stopped(tasks, schedule)

    assert (await one.row("pland")).requested_at is None
