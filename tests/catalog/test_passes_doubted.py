"""What a vendor leaves out is MISSING, GONE with proof alone; what cannot be believed changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import SYSTEMS, VENDORS, sandbox

from customer_gateway.model.catalog import RecordState, SyncStateName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from catalog.passing import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland", "next", "billbee", "lemonsoft", "autodns")]

CUSTOMERS = 240
PAGED = tuple(vendor.kind.slug for vendor in VENDORS if vendor.kind.writes is not None)
"""Those whose writer reads a record by its key."""


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=CUSTOMERS)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


def next_day(worker: Worker) -> None:
    worker.clock.ahead += timedelta(days=1)


@pytest.mark.parametrize("name", ["next", "billbee"])
async def test_pages_that_repeat_rows_and_lose_others_are_walked_until_all_are_seen(worker: Worker, name: str) -> None:
    worker.box.vendors[name].faults.set("unstable_pages")

    row = await worker.sync(name)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys(name) == set(worker.keys_at(name))


@pytest.mark.parametrize("name", PAGED)
async def test_an_empty_list_by_mistake_changes_nothing_and_is_forgotten_when_it_is_over(
    worker: Worker, name: str
) -> None:
    await worker.sync(name)
    worker.box.vendors[name].faults.set("empty_list")
    row = await worker.sync(name)

    assert row.state is SyncStateName.SUSPECT
    assert row.reason == f"{CUSTOMERS} of {CUSTOMERS} customers are missing at once"
    assert await worker.keys(name) == set(worker.keys_at(name))
    assert row.sync_state(0, worker.clock()).state is SyncStateName.SUSPECT

    worker.box.vendors[name].faults.clear()
    row = await worker.sync(name)

    assert row.state is SyncStateName.IDLE
    assert row.sync_state(0, worker.clock()).state is SyncStateName.IDLE


@pytest.mark.parametrize("name", PAGED)
async def test_a_customer_that_has_vanished_is_gone_by_a_read_of_its_key(worker: Worker, name: str) -> None:
    await worker.sync(name)
    key = worker.keys_at(name)[7]
    worker.box.vendors[name].population.vanish(key)

    row = await worker.sync(name)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys(name, RecordState.GONE) == {key}
    assert await worker.found(name) == CUSTOMERS - 1


@pytest.mark.parametrize("name", PAGED)
async def test_a_customer_that_a_list_leaves_out_is_not_gone(worker: Worker, name: str) -> None:
    await worker.sync(name)
    lost = worker.keys_at(name)[3:6]
    worker.box.vendors[name].faults.set("lost_rows", keys=lost)

    for _ in range(3):
        next_day(worker)
        row = await worker.sync(name)
        assert row.state is SyncStateName.IDLE

    assert await worker.keys(name) == set(worker.keys_at(name))


async def test_one_that_cannot_be_read_by_its_key_stays_missing(worker: Worker) -> None:
    await worker.sync("pland")
    key = worker.keys_at("pland")[7]
    worker.box.pland.faults.set("lost_rows", keys=[key])
    worker.box.pland.faults.set("status", status=500, path=f"/customers/{key}")

    for _ in range(3):
        next_day(worker)
        await worker.sync("pland")

    assert await worker.keys("pland", RecordState.MISSING) == {key}
    assert await worker.found("pland") == CUSTOMERS


@pytest.mark.vendors("fjord")
async def test_without_reads_by_key_a_second_complete_pass_proves_it(worker: Worker) -> None:
    await worker.sync("fjord")
    key = worker.keys_at("fjord")[7]
    worker.box.fjord.population.vanish(key)

    await worker.sync("fjord")
    assert await worker.keys("fjord", RecordState.MISSING) == {key}
    next_day(worker)
    await worker.sync("fjord")

    assert await worker.keys("fjord", RecordState.GONE) == {key}


async def test_too_many_missing_at_once_change_nothing_until_that_is_accepted(worker: Worker) -> None:
    await worker.sync("pland")
    lost = worker.keys_at("pland")[:5]
    for key in lost:
        worker.box.pland.population.vanish(key)
    new = worker.box.pland.population.appear()

    row = await worker.sync("pland")
    assert row.state is SyncStateName.SUSPECT
    assert "5 of 241" in (row.reason or "")
    assert await worker.keys("pland") == {*worker.keys_at("pland"), *lost}
    assert new in await worker.keys("pland")

    row = await worker.sync("pland")
    assert row.state is SyncStateName.SUSPECT
    row = await worker.sync("pland", accept=True)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys("pland", RecordState.GONE) == set(lost)


async def test_what_was_accepted_is_not_more_than_what_was_told(worker: Worker) -> None:
    await worker.sync("pland")
    for key in worker.keys_at("pland")[:8]:
        worker.box.pland.population.vanish(key)
    await worker.sync("pland")
    worker.box.pland.faults.set("empty_list")

    row = await worker.sync("pland", accept=True)

    assert row.state is SyncStateName.SUSPECT
    assert not await worker.keys("pland", RecordState.GONE)


@pytest.mark.parametrize("name", [*PAGED, "fjord"])
async def test_another_tenant_is_suspect_and_those_of_the_first_stay(worker: Worker, name: str) -> None:
    await worker.sync(name)
    first = set(worker.keys_at(name))
    worker.box.vendors[name].tenants.switch("other")
    other = set(worker.keys_at(name))

    row = await worker.sync(name)
    assert row.state is SyncStateName.SUSPECT
    assert "another tenant" in (row.reason or "")
    assert await worker.keys(name) == first | other

    worker.box.vendors[name].tenants.switch("first")
    row = await worker.sync(name)

    assert row.state is SyncStateName.IDLE
    assert await worker.keys(name) == first


async def test_another_tenant_that_is_accepted_takes_the_place_of_the_first(worker: Worker) -> None:
    await worker.sync("pland")
    first = set(worker.keys_at("pland"))
    worker.box.pland.tenants.switch("other")
    await worker.sync("pland")

    await worker.sync("pland", accept=True)
    next_day(worker)
    row = await worker.sync("pland")

    assert row.state is SyncStateName.IDLE
    assert await worker.keys("pland") == set(worker.keys_at("pland"))
    assert await worker.keys("pland", RecordState.GONE) == first


async def test_a_record_that_is_made_again_is_present_again(worker: Worker) -> None:
    await worker.sync("pland")
    key = worker.keys_at("pland")[7]
    worker.box.pland.population.vanish(key)
    await worker.sync("pland")
    assert await worker.keys("pland", RecordState.GONE) == {key}
    worker.box.pland.population.come_back(key)

    await worker.sync("pland")

    assert await worker.keys("pland") == set(worker.keys_at("pland"))
    assert await worker.values("pland") == await worker.truth("pland")


@pytest.mark.parametrize("off", [3, -3])
async def test_a_total_that_is_not_that_of_the_list_completes_nothing(worker: Worker, off: int) -> None:
    await worker.sync("next")
    worker.box.next.faults.set("wrong_total", off=off)

    row = await worker.sync("next")

    assert row.state is SyncStateName.FAILED
    assert await worker.keys("next") == set(worker.keys_at("next"))


async def test_customers_that_come_and_go_all_the_time_fail_a_pass_and_are_applied(worker: Worker) -> None:
    await worker.sync("next")
    worker.box.next.churn.start(per_call=3)
    row = await worker.sync("next")
    worker.box.next.churn.stop()

    assert row.state is SyncStateName.FAILED
    assert not await worker.keys("next", RecordState.GONE)
    next_day(worker)
    row = await worker.sync("next")

    if row.state is SyncStateName.SUSPECT:  # more than two in a hundred have gone
        row = await worker.sync("next", accept=True)
    assert row.state is SyncStateName.IDLE
    assert await worker.keys("next") == set(worker.keys_at("next"))


async def test_a_system_that_is_down_fails_its_pass_and_says_why(worker: Worker) -> None:
    worker.box.pland.faults.set("status", status=503)

    row = await worker.sync("pland")

    assert row.state is SyncStateName.FAILED
    assert (row.reason or "").startswith("UPSTREAM_UNAVAILABLE: pland: ")
    assert row.completed_at is None
    assert row.number == 1


async def test_addresses_that_cannot_be_read_cost_a_pass_its_end_and_leave_what_was_known(worker: Worker) -> None:
    await worker.sync("billbee")
    before = await worker.values("billbee")
    worker.box.billbee.faults.set("status", status=500, path="/customer-addresses")

    row = await worker.sync("billbee")

    assert row.state is SyncStateName.FAILED
    assert await worker.values("billbee") == before


async def test_a_pass_of_a_vendor_whose_addresses_are_apart_reads_them_by_whole_pages(worker: Worker) -> None:
    worker.box.billbee.log.clear()

    await worker.sync("billbee")

    calls = [call.partition("?")[0] for call in worker.calls("billbee")]
    assert set(calls) == {"GET /customers", "GET /customer-addresses"}
    assert len(calls) <= 8


@pytest.mark.parametrize("name", SYSTEMS)
async def test_a_pass_tells_the_calls_that_it_has_made(worker: Worker, name: str) -> None:
    worker.box.vendors[name].log.clear()

    row = await worker.sync(name)

    logins = sum(call.login for call in worker.box.vendors[name].log.entries)
    assert row.details["complete"]["calls"] - logins <= len(worker.calls(name)) <= row.details["complete"]["calls"]
