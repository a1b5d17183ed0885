"""A pass is complete by the vendor's total, told before and after, or by the end of a list that has none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import sandbox

from customer_gateway.catalog.schedule import Schedule, pass_now
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.systems.adapter import Adapter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from catalog.passing import Worker

    from customer_gateway.model.passes import PassRow
    from customer_gateway.work.deadline import Deadline

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next")]

CUSTOMERS = 120


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=CUSTOMERS)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


async def passed(worker: Worker, total: Callable[[int], int | None]) -> PassRow:
    """Make a pass of NEXT; `total` says what its vendor tells when it is asked for the first time, the second, …"""
    asked = 0

    async def counted(_: Deadline) -> int | None:
        nonlocal asked
        asked += 1
        return total(asked)

    system = worker.federation.systems["next"]
    assert isinstance(system, Adapter)
    schedule = Schedule(worker.kit, {"next": replace(system, counted=counted)}, worker.timing)
    await worker.kit.store.request(["next"], worker.clock())
    assert not await pass_now(schedule, ["next"])
    return await worker.row("next")


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
