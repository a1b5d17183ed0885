"""What befalls workers, on either database: a failover, a rolling restart, an owner that comes back, and more."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.crash_world import a_world
from operations.crash_writes import longest, shortest
from operations.crashing import LEASE
from picked import WRITABLE, update_call
from postgres_server import NEEDS_POSTGRES
from systems.test_laws_of_writing import WRITTEN

from customer_gateway.model.operations import UserErrorCode
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from pathlib import Path

    from operations.crash_world import Process, World
    from operations.crash_writes import CutOff
    from postgres_server import PostgresServer

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

SYSTEMS: Final = tuple(vendor.kind.slug for vendor in WRITTEN)
BEFORE_ITS_CALL_IS_STORED: Final = 4
"""It has begun, has the lease of the record, and has read it."""
WITHIN_THE_COMMIT_OF_ITS_CALL: Final = 5
BETWEEN_TWO_CALLS: Final = 9
"""The first call was sent and answered; what became of it is stored together with the intent of the second."""


async def told_of(world: World, write: CutOff, url: str, **how: Any) -> tuple[str, list[str]]:
    """What a write is told to be, once that agrees with what the vendor has, and its errors."""
    told = await world.recovered(url, write.actor, **how)
    return await write.check(world, told, None), [error.code.value for error in told[0].errors]


@pytest.mark.vendors("next", "lemonsoft", "pland", "billbee")
async def test_work_that_a_failover_has_stranded_is_finished_or_told_by_the_worker_that_stays(
    database_url: str, tmp_path: Path
) -> None:
    """Four workers end at once, each at another point; nobody asks, and the fifth settles what they have left."""
    async with a_world(tmp_path) as world:
        url = database_url
        begun, intended, sent = (
            shortest(world, "next"),
            shortest(world, "lemonsoft"),
            longest(world, "pland"),
        )
        between = longest(world, "billbee")
        points = {begun: 3, intended: 6, sent: 8, between: BETWEEN_TWO_CALLS}
        staying = await world.start(url, stays=True)
        lost = [await world.start(url, point=point, **write.given) for write, point in points.items()]
        for each in lost:
            assert await each.ended() is None

        told = {write.system: await told_of(world, write, url, takes_over=False) for write in points}
        staying.send(signal.SIGTERM)
        ended = await staying.ended()

        not_sent = ("REJECTED", [UserErrorCode.UPSTREAM_UNAVAILABLE.value])
        applied: tuple[str, list[str]] = ("APPLIED", [])
        assert told == {
            **dict.fromkeys(("next", "lemonsoft"), not_sent),
            **dict.fromkeys(("pland", "billbee"), applied),
        }
        assert [len(write.sent(world)) for write in points] == [0, 0, 1, 2]
        assert ended is not None


async def test_a_rolling_restart_ends_no_worker_before_its_write_is_done(database_url: str, tmp_path: Path) -> None:
    """Each worker is told to end while the vendor has its call and has not answered; the next begins meanwhile."""
    async with a_world(tmp_path) as world:
        url, hooks = database_url, world.box.vendors[WRITABLE].hooks
        writes = [shortest(world, WRITABLE) for _ in range(3)]
        for write in writes:
            arrived, go_on = asyncio.Event(), asyncio.Event()

            async def wait(arrived: asyncio.Event = arrived, go_on: asyncio.Event = go_on) -> None:
                arrived.set()
                await go_on.wait()

            hooks.before(update_call(WRITABLE), wait)
            worker = await world.start(url, **write.given)
            await arrived.wait()
            hooks.clear()
            worker.send(signal.SIGTERM)
            await asyncio.sleep(LEASE.total_seconds())
            assert worker.is_there()
            go_on.set()
            assert await worker.ended() is not None

            assert await told_of(world, write, url) == ("APPLIED", [])
            assert sum(write.sent(world).values()) == 1


async def test_a_stale_owner_that_comes_back_does_not_overwrite_who_wrote_meanwhile(
    database_url: str, tmp_path: Path
) -> None:
    """It has read the record, and stands still before it stores what it will send, until another has written."""
    async with a_world(tmp_path) as world:

        async def story(system: str) -> None:
            url, mine = database_url, shortest(world, system)
            others = shortest(world, system, mine.key)
            stale = await world.start(url, point=BEFORE_ITS_CALL_IS_STORED, signal_name="SIGSTOP", **mine.given)
            await stale.stands_still()
            await asyncio.sleep(LEASE.total_seconds())
            other = await world.start(url, **others.given)
            assert await other.ended() is not None

            stale.send(signal.SIGCONT)
            said = await stale.ended()

            assert said is not None
            assert said["state"] != "APPLIED"
            assert (sum(mine.sent(world).values()), sum(others.sent(world).values())) == (0, 1)
            assert await told_of(world, others, url) == ("APPLIED", [])
            assert (await told_of(world, mine, url))[0] == "REJECTED"

        await asyncio.gather(*map(story, SYSTEMS))


@pytest.mark.vendors("billbee")
async def test_a_write_that_is_stuck_between_two_calls_is_finished_by_another_worker(
    database_url: str, tmp_path: Path
) -> None:
    async with a_world(tmp_path) as world:
        write, url = longest(world, "billbee"), database_url
        worker = await world.start(url, point=BETWEEN_TWO_CALLS, **write.given)
        await worker.ended()
        assert len(write.sent(world)) == 1

        assert await told_of(world, write, url) == ("APPLIED", [])
        assert len(write.sent(world)) == 2


@pytest.mark.vendors("billbee")
async def test_a_write_that_is_stuck_between_two_calls_is_not_finished_over_a_foreign_change(
    database_url: str, tmp_path: Path
) -> None:
    """Somebody else changes meanwhile what the second call was to change: it is not sent, and the first one stands."""
    async with a_world(tmp_path) as world:
        write, url = longest(world, "billbee"), database_url
        writer = world.federation.systems["billbee"].writer
        assert writer is not None
        worker = await world.start(url, point=BETWEEN_TWO_CALLS, **write.given)
        await worker.ended()
        present = await writer.read(write.key or "", Deadline.after(5))
        assert present is not None
        path = f"/customers/addresses/{present.document['InvoiceAddress']['Id']}"
        await writer.send("PATCH", path, path, b'{"FirstName":"Stranger"}', Deadline.after(5))

        assert await told_of(world, write, url) == ("PARTIAL", [UserErrorCode.CONFLICT.value])
        after = await writer.read(write.key or "", Deadline.after(5))
        assert after is not None
        assert (after.at("Name").value, after.at("InvoiceAddress.FirstName").value) == (f"{write.mark} Ltd", "Stranger")
        assert len(write.sent(world)) == 1


async def still_within_a_commit(world: World, url: str) -> tuple[CutOff, Process]:
    """A write that has stored what it will send, and stands still before that is committed."""
    write, how = shortest(world, WRITABLE), {"point": WITHIN_THE_COMMIT_OF_ITS_CALL, "signal_name": "SIGSTOP"}
    worker = await world.start(url, lease=60.0, seconds=60, **how, **write.given)
    assert await worker.stands_still()
    return write, worker


async def gone_on(worker: Process) -> str | None:
    worker.send(signal.SIGCONT)
    return (await worker.ended() or {})["state"]


async def test_while_a_worker_stands_still_within_a_commit_others_send_nothing_that_they_cannot_store(
    tmp_path: Path,
) -> None:
    """SQLite has one writer at a time; both writes are made when it goes on."""
    async with a_world(tmp_path) as world:
        url = world.new_journal()
        held, worker = await still_within_a_commit(world, url)
        others = shortest(world, WRITABLE)

        meanwhile = await (await world.start(url, **others.given)).ended()
        sent = [*held.sent(world).values(), *others.sent(world).values()]
        state = await gone_on(worker)
        again = await (await world.start(url, **others.given)).ended()

        assert meanwhile is not None
        assert again is not None
        assert (meanwhile["state"], sent) == (None, [])
        assert (state, again["state"]) == ("APPLIED", "APPLIED")
        assert [sum(each.sent(world).values()) for each in (held, others)] == [1, 1]


@NEEDS_POSTGRES
async def test_on_postgresql_a_worker_that_stands_still_within_a_commit_keeps_nobody_from_other_records(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    async with a_world(tmp_path, new_database=postgres.new_database) as world:
        url = world.new_journal()
        held, worker = await still_within_a_commit(world, url)
        others = shortest(world, WRITABLE)

        meanwhile = await (await world.start(url, **others.given)).ended()

        assert meanwhile is not None
        assert (meanwhile["state"], sum(held.sent(world).values())) == ("APPLIED", 0)
        assert await gone_on(worker) == "APPLIED"
