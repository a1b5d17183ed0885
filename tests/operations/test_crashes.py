"""Workers that are killed or stand still at every point of the longest write: nothing is lost or sent twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.crashing import KEY, LEASE, settings_of
from vendors import VENDORS, sandbox

from customer_gateway.app import build_federation
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationState, WriteStatus
from customer_gateway.operations.recovery import Recovery
from customer_gateway.operations.service import Operations
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from customer_gateway.model.operations import Operation
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

TESTS: Final = Path(__file__).parent.parent
DOUBT: Final = timedelta(seconds=0.5)
TWO_CALLS: Final = {"name": "Crash Ltd", "first_name": "Crash"}
"""Billbee writes a name in two documents, each by a call of its own: no other update takes more calls."""
NEW: Final = {"name": "New Ltd", "external_id": "crash-1", "next": {"customertypeid": 1}}
POINTS: Final = 16
POINTS_OF_A_CREATE: Final = 10


class World:
    """A sandbox on real ports, and a journal that several processes use."""

    def __init__(self, box: Sandbox, urls: dict[str, str], path: Path) -> None:
        self.box = box
        self.url = f"sqlite+aiosqlite:///{path / 'gateway.db'}"
        self.tables = {
            name: {"base_url": url, **box.vendors[name].credentials, "limits": {"vendor_budget": False}}
            for name, url in urls.items()
        }

    async def begin(
        self, system: str, kind: str, key: str | None, patch: dict[str, Any], point: int, signal_name: str
    ) -> asyncio.subprocess.Process:
        given = {
            "url": self.url,
            "tables": {system: self.tables[system]},
            "system": system,
            "kind": kind,
            "key": key,
            "patch": patch,
            "point": point,
            "signal": signal_name,
        }
        environ = {**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}"}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "operations.crashing", json.dumps(given), env=environ, stdout=asyncio.subprocess.PIPE
        )

    async def recovered(self) -> Sequence[Operation]:
        """Every operation, the newest first, when another worker has taken over what was left."""
        federation = build_federation(settings_of(self.tables), vendors=VENDORS)
        database = Database(self.url)
        journal = OperationJournal(database, PrivateKeySource(KEY, lambda: None))
        operations = Operations(federation.systems, journal, seconds=5, doubt=DOUBT, lease=LEASE)
        recovery = Recovery(operations, journal)
        try:
            until = datetime.now(UTC) + LEASE + 2 * DOUBT + timedelta(seconds=1)
            while datetime.now(UTC) < until:
                await asyncio.sleep(0.2)
                await recovery.recover()
            return await operations.page(20, None, "key:crash", EVERY_RIGHT)
        finally:
            await operations.aclose()
            await federation.aclose()
            await database.aclose()

    async def shown(self, key: str) -> list[bool]:
        """Which of the two calls of an update a record of Billbee shows."""
        federation = build_federation(settings_of(self.tables), vendors=VENDORS)
        try:
            writer = federation.systems["billbee"].writer
            assert writer is not None
            present = await writer.read(key, Deadline.after(5))
            assert present is not None
            values = [present.at("Name").value, present.at("InvoiceAddress.FirstName").value]
            return [now == new for now, new in zip(values, TWO_CALLS.values(), strict=True)]
        finally:
            await federation.aclose()

    def made(self) -> int:
        """How many customers of NEXT the created one is."""
        return sum(each.get("externalid") == NEW["external_id"] for each in self.box.vendors["next"].customers)

    def sends(self, system: str) -> list[str]:
        """The calls that a vendor carried out and that change something."""
        log = self.box.vendors[system].log.calls()
        return [call for call in log if call.split()[0] in {"PUT", "PATCH"} or call == "POST /customer/"]


@asynccontextmanager
async def a_world(path: Path) -> AsyncGenerator[World]:
    box = sandbox(customers=10)
    async with box.serving() as urls:
        yield World(box, urls, path)
    box.close()


async def test_a_worker_that_nothing_befalls_passes_these_points(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        key = world.box.vendors["billbee"].customers.keys()[3]
        process = await world.begin("billbee", "UPDATE", key, TWO_CALLS, 0, "SIGKILL")
        said, _ = await process.communicate()

    assert json.loads(said.splitlines()[-1]) == {"points": POINTS, "state": "APPLIED"}


@pytest.mark.parametrize("point", range(1, POINTS + 1))
async def test_a_killed_update_is_finished_or_told(point: int, tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        key = world.box.vendors["billbee"].customers.keys()[3]
        process = await world.begin("billbee", "UPDATE", key, TWO_CALLS, point, "SIGKILL")
        await process.wait()
        assert process.returncode == -signal.SIGKILL

        told = await world.recovered()

        _agrees_with_the_vendor(world, told, await world.shown(key))


@pytest.mark.parametrize("point", range(1, POINTS + 1, 3))
async def test_an_update_of_a_worker_that_stood_still_is_sent_once_or_told(point: int, tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        key = world.box.vendors["billbee"].customers.keys()[3]
        process = await world.begin("billbee", "UPDATE", key, TWO_CALLS, point, "SIGSTOP")
        await _stopped(process)

        await world.recovered()
        process.send_signal(signal.SIGCONT)
        await process.wait()
        told = await world.recovered()

        _agrees_with_the_vendor(world, told, await world.shown(key))


async def test_a_worker_that_stood_still_does_not_overwrite_who_wrote_meanwhile(tmp_path: Path) -> None:
    """A stale owner that comes back: it has read the record, and stands still before it stores what it will send."""
    async with a_world(tmp_path) as world:
        key = world.box.vendors["billbee"].customers.keys()[3]
        stale = await world.begin("billbee", "UPDATE", key, TWO_CALLS, 5, "SIGSTOP")
        await _stopped(stale)
        await asyncio.sleep(LEASE.total_seconds() + 0.2)
        other = await world.begin("billbee", "UPDATE", key, {"name": "Other Ltd"}, 0, "SIGKILL")
        await other.wait()

        stale.send_signal(signal.SIGCONT)
        await stale.wait()

        document = world.box.vendors["billbee"].customers.get(key)
        assert document is not None
        assert (document["Name"], len(world.sends("billbee"))) == ("Other Ltd", 1)


async def test_a_worker_that_creates_a_customer_passes_these_points(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        process = await world.begin("next", "CREATE", None, NEW, 0, "SIGKILL")
        said, _ = await process.communicate()

        assert json.loads(said.splitlines()[-1]) == {"points": POINTS_OF_A_CREATE, "state": "APPLIED"}
        assert world.made() == 1


@pytest.mark.parametrize("point", range(1, POINTS_OF_A_CREATE + 1))
async def test_a_killed_creation_is_found_again_or_told(point: int, tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        process = await world.begin("next", "CREATE", None, NEW, point, "SIGKILL")
        await process.wait()

        told = await world.recovered()

        _agrees_with_what_was_made(world, told)


@pytest.mark.parametrize("point", range(3, POINTS_OF_A_CREATE + 1))
async def test_a_creation_of_a_worker_that_stood_still_is_made_once_and_told(point: int, tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        process = await world.begin("next", "CREATE", None, NEW, point, "SIGSTOP")
        await _stopped(process)

        await world.recovered()
        process.send_signal(signal.SIGCONT)
        await process.wait()

        _agrees_with_what_was_made(world, await world.recovered())


@pytest.mark.hypothesis
@pytest.mark.skipif("FUZZ" not in os.environ, reason="random points are tried by `make fuzz`")
@pytest.mark.parametrize("number", range(300))
async def test_a_random_crash_is_finished_or_told(number: int, tmp_path: Path) -> None:
    draw = random.Random(number)
    async with a_world(tmp_path) as world:
        key = draw.choice(world.box.vendors["billbee"].customers.keys())
        workers = [
            await world.begin("billbee", "UPDATE", key, TWO_CALLS, draw.randint(1, POINTS), "SIGKILL")
            for _ in range(draw.randint(1, 3))
        ]
        await asyncio.gather(*(each.wait() for each in workers))
        told = await world.recovered()

        assert not [each for each in told if each.state is OperationState.RUNNING]
        applied = {each.state is OperationState.APPLIED for each in told}
        assert True not in applied or all(await world.shown(key))


def _agrees_with_what_was_made(world: World, told: Sequence[Operation]) -> None:
    """One customer at most was made, and the journal knows."""
    assert world.made() <= 1
    newest = told[0] if told else None
    if newest is None:
        assert world.made() == 0
    elif newest.state is not OperationState.UNKNOWN:
        assert (newest.state is OperationState.APPLIED) is (world.made() == 1), newest


def _agrees_with_the_vendor(world: World, told: Sequence[Operation], applied: list[bool]) -> None:
    """Each call was sent once at most, and what the journal says of it is what the vendor has."""
    sent = world.sends("billbee")
    assert len(sent) == len(set(sent)), sent
    if not told:
        assert applied == [False, False]
        return
    # Newest first: what was sent late is reported by an operation of its own, after the one that was given up.
    newest = told[0]
    assert newest.state is not OperationState.RUNNING
    if newest.state is OperationState.UNKNOWN:
        return
    says = [each.status is WriteStatus.APPLIED for each in newest.writes] or [False, False]
    assert says == applied, (newest, sent)
    if newest.state is OperationState.REJECTED:
        assert newest.errors


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """Wait until the process stands still."""
    for _ in range(200):
        if _state_of(process.pid) == "T":
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the process did not stop")


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
