"""A suspicion that a live read stores while a pass runs is told until a later pass has cleared it up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import sandbox

from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.schedule import ScheduleTiming, is_due
from customer_gateway.model.catalog import RecordState, SyncStateName
from customer_gateway.model.passes import FAILURES, SUSPECT, Ended, PassRow
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from catalog.passing import Worker

    from customer_gateway.catalog.schedule import Schedule
    from customer_gateway.model.catalog import SyncState
    from customer_gateway.model.passes import PassStore

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("pland")]

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LEFT_OUT = "a read of 6 customers by their keys left out 5"


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=100)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


@pytest.fixture
async def passes(database_url: str) -> AsyncGenerator[CatalogPasses]:
    """Passes of the system alpha, whose lease "me" has."""
    database = Database(database_url, CATALOG)
    made = CatalogPasses(database, CatalogIndex(database, row_of, encode_values, decode_values))
    await made.acquire(["alpha"], "me", NOW, NOW + timedelta(days=1))
    yield made
    await database.aclose()


async def doubt(passes: PassStore, name: str, now: datetime) -> None:
    await passes.doubt(name, {"missing": 5, "another": False, "at": now.isoformat()}, LEFT_OUT)


async def doubted_in_a_pass(worker: Worker) -> Schedule:
    """Begin a pass that is due, and doubt its system while it runs."""
    worker.box.pland.faults.set("latency", latency=0.3)
    worker.clock.ahead += timedelta(hours=2)
    schedule = worker.schedule("pland")
    await schedule.run_due()
    await asyncio.sleep(0.1)
    await doubt(worker.kit.store, "pland", worker.clock())
    return schedule


async def told(worker: Worker) -> SyncState:
    return (await worker.kit.store.rows())["pland"].sync_state(0, worker.clock())


@pytest.mark.parametrize("fails", [True, False])
async def test_what_is_doubted_while_a_pass_runs_is_told_after_it_and_cleared_up_by_the_next(
    worker: Worker, fails: bool
) -> None:
    await worker.sync("pland")
    schedule = await doubted_in_a_pass(worker)
    if fails:
        worker.box.pland.faults.set("status", status=503)
    await schedule.wait_idle()

    row = await worker.row("pland")
    assert row.state is (SyncStateName.FAILED if fails else SyncStateName.IDLE)
    state = await told(worker)
    assert (state.state, (state.reason or "").partition("; ")[0]) == (SyncStateName.SUSPECT, LEFT_OUT)
    assert ("and the last pass failed: UPSTREAM_UNAVAILABLE" in (state.reason or "")) is fails

    worker.box.pland.faults.clear()
    worker.clock.ahead += worker.timing.doubted_pause
    await schedule.run_due()  # the doubt has asked for a pass
    await schedule.wait_idle()
    await schedule.aclose()

    assert (await told(worker)).state is SyncStateName.IDLE


async def test_a_pass_lifts_the_suspicion_that_it_has_cleared_up_and_no_later_one(passes: CatalogPasses) -> None:
    await doubt(passes, "alpha", NOW)
    earlier = (await passes.rows())["alpha"].details[SUSPECT]
    await passes.end("alpha", "me", Ended(SyncStateName.IDLE, {}, is_complete=True, lifts=earlier), NOW)
    assert SUSPECT not in (await passes.rows())["alpha"].details

    await doubt(passes, "alpha", NOW + timedelta(seconds=1))
    await passes.end("alpha", "me", Ended(SyncStateName.IDLE, {}, is_complete=True, lifts=earlier), NOW)

    assert (await passes.sync_states())["alpha"].state is SyncStateName.SUSPECT


async def test_a_doubt_about_a_system_that_is_suspect_is_not_lifted_by_a_pass_that_began_before_it(
    worker: Worker,
) -> None:
    await worker.sync("pland")
    await doubt(worker.kit.store, "pland", worker.clock())
    schedule = await doubted_in_a_pass(worker)
    await schedule.wait_idle()

    assert ((await told(worker)).state, (await told(worker)).reason) == (SyncStateName.SUSPECT, LEFT_OUT)

    worker.box.pland.faults.clear()
    worker.clock.ahead += worker.timing.doubted_pause
    await schedule.run_due()
    await schedule.wait_idle()
    await schedule.aclose()

    assert (await told(worker)).state is SyncStateName.IDLE


async def test_a_system_that_is_doubted_all_the_time_is_passed_once_in_ten_minutes(worker: Worker) -> None:
    await worker.sync("pland")
    schedule = worker.schedule("pland")
    began_after: list[float] = []
    for minute in range(31):
        number = (await worker.row("pland")).number
        await doubt(worker.kit.store, "pland", worker.clock())
        await schedule.run_due()
        await schedule.wait_idle()
        began_after += [minute] * ((await worker.row("pland")).number - number)
        worker.clock.ahead += timedelta(minutes=1)
    await schedule.aclose()

    assert began_after == [10, 20, 30]


async def test_what_is_doubted_in_a_pass_that_is_not_believed_has_the_system_passed_ten_minutes_later(
    worker: Worker,
) -> None:
    await worker.sync("pland")
    for key in worker.keys_at("pland")[:10]:
        worker.box.pland.population.vanish(key)
    schedule = await doubted_in_a_pass(worker)
    await schedule.wait_idle()
    assert (await worker.row("pland")).state is SyncStateName.SUSPECT

    worker.box.pland.faults.clear()
    numbers: list[int] = []
    for _ in range(2):
        worker.clock.ahead += timedelta(minutes=6)
        await schedule.run_due()
        await schedule.wait_idle()
        numbers.append((await worker.row("pland")).number)
    await schedule.aclose()

    assert numbers == [2, 3]


@pytest.mark.parametrize(("minutes", "due"), [(9, False), (10, True)])
def test_what_is_doubted_waits_for_ten_minutes_after_a_pass_however_long_that_took(minutes: int, due: bool) -> None:
    ended = NOW + timedelta(hours=2)
    details = {SUSPECT: {"doubted_in": 3}, "ended": ended.isoformat()}
    row = PassRow("alpha", SyncStateName.IDLE, number=3, began_at=NOW, details=details)

    assert is_due(row, ended + timedelta(minutes=minutes), ScheduleTiming(every=timedelta(days=1))) is due


async def test_a_pass_that_a_person_asks_for_does_not_wait_for_what_is_doubted(worker: Worker) -> None:
    await worker.sync("pland")
    await doubt(worker.kit.store, "pland", worker.clock())

    row = await worker.sync("pland")

    assert (row.number, row.requested_at) == (2, None)
    assert row.sync_state(0, worker.clock()).state is SyncStateName.IDLE


async def test_what_was_accepted_is_believed_once_also_where_it_is_doubted_meanwhile(worker: Worker) -> None:
    await worker.sync("pland")
    first, others = worker.keys_at("pland")[:10], worker.keys_at("pland")[10:20]
    for key in first:
        worker.box.pland.population.vanish(key)
    assert (await worker.sync("pland")).state is SyncStateName.SUSPECT
    worker.box.pland.faults.set("latency", latency=0.3)
    await worker.kit.store.request(["pland"], worker.clock(), accept=True)
    schedule = worker.schedule("pland")
    await schedule.run_due()
    await asyncio.sleep(0.1)
    await doubt(worker.kit.store, "pland", worker.clock())
    await schedule.wait_idle()
    await schedule.aclose()
    assert await worker.keys("pland", RecordState.GONE) == set(first)

    worker.box.pland.faults.clear()
    for key in others:
        worker.box.pland.population.vanish(key)
    row = await worker.sync("pland")

    assert (row.state, row.reason) == (SyncStateName.SUSPECT, "10 of 90 customers are missing at once")
    assert await worker.keys("pland", RecordState.GONE) == set(first)


async def test_what_is_accepted_in_the_moment_a_pass_ends_counts_for_the_next(passes: CatalogPasses) -> None:
    complete = Ended(SyncStateName.IDLE, {}, is_complete=True)
    accepted_at: list[datetime | None] = []
    for before in (None, NOW):
        await passes.request(["alpha"], NOW, accept=True)
        await passes.end("alpha", "me", complete._replace(accepted_at=before), NOW)
        accepted_at.append((await passes.rows())["alpha"].accepted_at)

    assert accepted_at == [NOW, None]


async def test_what_is_doubted_in_the_moment_a_pass_ends_is_not_lost(passes: CatalogPasses) -> None:
    for second in range(30):
        complete = Ended(SyncStateName.IDLE, {"complete": {"number": second}}, is_complete=True)
        now = NOW + timedelta(seconds=second)
        await asyncio.gather(doubt(passes, "alpha", now), passes.end("alpha", "me", complete, now))

        details = (await passes.rows())["alpha"].details
        assert (details["complete"], details[SUSPECT]["at"]) == ({"number": second}, now.isoformat())
        await passes.end("alpha", "me", complete._replace(lifts=details[SUSPECT]), now)


async def test_passes_that_fail_are_counted_until_one_is_complete(passes: CatalogPasses) -> None:
    counts: list[int | None] = []
    for state in (SyncStateName.FAILED, SyncStateName.FAILED, SyncStateName.IDLE, SyncStateName.FAILED):
        await passes.end("alpha", "me", Ended(state, {}), NOW)
        counts.append((await passes.rows())["alpha"].details.get(FAILURES))

    assert counts == [1, 2, None, 1]
