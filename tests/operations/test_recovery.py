"""What others left is taken over, of the systems that are configured; what goes wrong behind a request is logged."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import NEW
from operations.world import ACTOR, working
from picked import WRITABLE
from structlog.testing import capture_logs
from vendors import sandbox

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.journal import StoredOperation
from customer_gateway.model.operations import OperationKind, OperationState, UserErrorCode
from customer_gateway.operations.recovery import Recovery
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    made = sandbox(customers=10)
    yield made
    made.close()


def stranded(number: int, system: str) -> StoredOperation:
    """One that a process left before it had a plan; those of lower numbers are older."""
    started = LONG_AGO + timedelta(seconds=number)
    return StoredOperation(
        id=f"op-{number:03}",
        kind=OperationKind.UPDATE,
        system=system,
        key="17",
        actor=ACTOR,
        state=OperationState.RUNNING,
        started_at=started,
        owner="gone",
        lease_until=started,
    )


class LateToFail:
    """A journal whose database says late that it takes nothing over."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.go_on = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def take_over(self, *_: Any) -> StoredOperation | None:
        await self.go_on.wait()
        raise DatabaseUnavailable("it does not answer", "it does not answer")


@pytest.mark.parametrize("state", [OperationState.RUNNING, OperationState.UNKNOWN])
async def test_operations_of_systems_that_are_gone_hold_up_no_others(
    state: OperationState, box: Sandbox, tmp_path: Path
) -> None:
    async with working(box, tmp_path) as worker:
        for number in range(150):
            each = stranded(number, "gone")
            await worker.journal.begin(each, LONG_AGO)
            if state is OperationState.UNKNOWN:
                await worker.journal.update(replace(each, state=state, lease_until=None))
        await worker.journal.begin(stranded(500, WRITABLE), LONG_AGO)
        for number in range(200, 320):
            await worker.journal.begin(stranded(number, "gone"), LONG_AGO)

        taken = await Recovery(worker.operations, worker.journal).recover()

        found = await worker.journal.find("op-500")
        assert found is not None
        assert (taken, found.state) == (1, OperationState.REJECTED)
        gone = await worker.journal.find("op-200")
        assert gone == stranded(200, "gone")


async def test_an_operation_of_a_system_that_is_gone_is_not_taken_over(box: Sandbox, tmp_path: Path) -> None:
    async with working(box, tmp_path, systems=[(WRITABLE, WRITABLE)]) as worker:
        await worker.journal.begin(stranded(1, "gone"), LONG_AGO)

        assert await worker.operations.find("op-001", ACTOR, EVERY_RIGHT) is None
        assert await Recovery(worker.operations, worker.journal).recover() == 0
        assert await worker.journal.find("op-001") == stranded(1, "gone")


async def test_what_fails_behind_its_request_leaves_a_line_in_the_log(box: Sandbox, tmp_path: Path) -> None:
    made: list[LateToFail] = []

    def late(journal: Any) -> LateToFail:
        made.append(LateToFail(journal))
        return made[0]

    async with working(box, tmp_path, journal_as=late) as worker:
        await worker.journal.begin(stranded(1, WRITABLE), LONG_AGO)
        early = await worker.operations.settle("op-001", ACTOR, EVERY_RIGHT, Deadline.after(0.1))
        with capture_logs() as lines:
            made[0].go_on.set()
            await worker.operations.aclose()
            await asyncio.sleep(0)  # the task's end is told in the next turn

    assert early is not None
    assert [each.code for each in early.errors] == [UserErrorCode.UPSTREAM_TIMEOUT]
    assert [(each["event"], each["reason"]) for each in lines] == [("write_failed", "DatabaseUnavailable")]


async def test_what_could_not_be_looked_up_is_looked_up_again_when_it_is_twice_as_old(
    box: Sandbox, tmp_path: Path
) -> None:
    """The vendor lets nothing be read for a while, and nobody asks for the operation."""
    async with working(box, tmp_path, doubt=0.1) as worker:
        box.vendors[WRITABLE].faults.set("status", status=503, method="POST", calls=1, applied="before")
        box.vendors[WRITABLE].hooks.after(
            "POST *", lambda: box.vendors[WRITABLE].faults.set("status", status=400, method="GET")
        )
        lost = await worker.create(WRITABLE, NEW[WRITABLE])
        recovery = Recovery(worker.operations, worker.journal)
        looked_up = await recovered_within(recovery, 1)
        [still] = await worker.operations.page(9, None, ACTOR, EVERY_RIGHT)
        box.vendors[WRITABLE].faults.clear()
        await recovered_within(recovery, 2)
        [found] = await worker.operations.page(9, None, ACTOR, EVERY_RIGHT)

    assert lost.operation is not None
    assert [each.state for each in (lost.operation, still)] == [OperationState.UNKNOWN] * 2
    assert 1 < looked_up < 6
    assert (found.state, found.key) == (OperationState.APPLIED, box.vendors[WRITABLE].customers.keys()[-1])


async def recovered_within(recovery: Recovery, seconds: float) -> int:
    """How often something is looked up in so many seconds."""
    until, looked_up = asyncio.get_running_loop().time() + seconds, 0
    while asyncio.get_running_loop().time() < until:
        looked_up += await recovery.recover()
        await asyncio.sleep(0.02)
    return looked_up
