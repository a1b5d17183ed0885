"""What live reads did not find since the last pass is weighed by the next one as if they had not been."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import sandbox

from customer_gateway.model.catalog import RecordChange, RecordState, SyncStateName
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from catalog.passing import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland", "next")]


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=100)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


def next_day(worker: Worker) -> None:
    worker.clock.ahead += timedelta(days=1)


async def miss(worker: Worker, name: str, keys: Sequence[str]) -> None:
    """Do what pages of ten do of which each lacks four."""
    worker.clock.ahead += timedelta(minutes=1)
    for start in range(0, len(keys), 4):
        now = worker.clock()
        await worker.index.set_state(name, keys[start : start + 4], RecordState.MISSING, now, now)


async def find(worker: Worker, name: str, keys: Sequence[str]) -> None:
    """Do what a live read does that finds them."""
    worker.clock.ahead += timedelta(minutes=1)
    truth = await worker.truth(name)
    await worker.index.put(
        [RecordChange(RecordRef(name, key), truth[key], whole=False) for key in keys], worker.clock()
    )


@pytest.mark.parametrize("are_found_again", [False, True])
async def test_customers_that_live_reads_had_missed_make_a_pass_suspect_that_lacks_them_too(
    worker: Worker, are_found_again: bool
) -> None:
    await worker.sync("pland")
    lost = sorted(worker.keys_at("pland"))[:20]
    await miss(worker, "pland", lost)
    if are_found_again:
        await find(worker, "pland", lost)
    worker.box.pland.faults.set("lost_rows", keys=lost)
    for key in lost[:3]:
        worker.box.pland.faults.set("status", status=500, path=f"/customers/{key}")

    for _ in range(3):
        next_day(worker)
        row = await worker.sync("pland")
        assert (row.state, row.reason) == (SyncStateName.SUSPECT, "20 of 100 customers are missing at once")

    assert await worker.found("pland") == 100


async def test_a_pass_that_failed_in_between_makes_nobody_a_newcomer(worker: Worker) -> None:
    await worker.sync("next")
    lost = sorted(worker.keys_at("next"))[:20]
    await miss(worker, "next", lost)
    worker.box.next.faults.set("wrong_total", off=3)
    assert (await worker.sync("next")).state is SyncStateName.FAILED  # it has seen all of them
    worker.box.next.faults.set("lost_rows", keys=lost)

    row = await worker.sync("next")

    assert (row.state, row.reason) == (SyncStateName.SUSPECT, "20 of 100 customers are missing at once")
    assert not await worker.keys("next", RecordState.GONE)


async def test_a_second_pass_without_a_customer_proves_nothing_where_reads_by_key_fail(worker: Worker) -> None:
    await worker.sync("pland")
    lost = sorted(worker.keys_at("pland"))[:4]
    worker.box.pland.faults.set("lost_rows", keys=lost)
    for key in lost:
        worker.box.pland.faults.set("status", status=500, path=f"/customers/{key}")

    for _ in range(3):
        next_day(worker)
        assert (await worker.sync("pland")).state is SyncStateName.IDLE

    assert await worker.keys("pland", RecordState.MISSING) == set(lost)
    assert await worker.found("pland") == 100


@pytest.mark.parametrize("status", [403, 410])
async def test_customers_whose_keys_the_system_refuses_to_read_are_gone_by_a_second_pass(
    worker: Worker, status: int
) -> None:
    await worker.sync("pland")
    lost = sorted(worker.keys_at("pland"))[:4]
    worker.box.pland.faults.set("lost_rows", keys=lost)
    for key in lost:
        worker.box.pland.faults.set("status", status=status, path=f"/customers/{key}")

    for _ in range(2):
        next_day(worker)
        assert (await worker.sync("pland")).state is SyncStateName.IDLE

    assert await worker.keys("pland", RecordState.GONE) == set(lost)


async def test_keys_whose_reads_always_fail_do_not_keep_the_others_from_being_looked_up(worker: Worker) -> None:
    await worker.sync("pland")
    *failing, gone = sorted(worker.keys_at("pland"))[:4]
    worker.box.pland.faults.set("lost_rows", keys=[*failing, gone])
    for key in failing:
        worker.box.pland.faults.set("status", status=500, path=f"/customers/{key}")
    worker.box.pland.faults.set("status", status=404, path=f"/customers/{gone}")

    for _ in range(8):
        next_day(worker)
        await worker.sync("pland")

    assert await worker.keys("pland", RecordState.GONE) == {gone}
