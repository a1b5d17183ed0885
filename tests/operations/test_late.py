"""A call that arrives after another worker has taken its operation over: what the first one knows is not lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import NEW, UPDATE, Calls
from operations.test_leases import Unrenewed
from operations.world import ACTOR, working
from structlog.testing import capture_logs
from vendors import sandbox

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationState, UserErrorCode, WriteStatus
from customer_gateway.operations.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.requests import Outcome
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH = pytest.mark.parametrize("system", [slug for slug, calls in UPDATE.items() if isinstance(calls, Calls)])
LEASE = 2.0
DOUBT = 0.2
PHONE = {"phone": "+49 221 7654321"}


class FailsOnce(Unrenewed):
    """One whose database fails also when it is first asked what became of an operation."""

    failures = 1

    async def find(self, id: str) -> Any:  # noqa: A002 - as in the journal
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable("it does not answer", "it does not answer")
        return await self._journal.find(id)


class Held:
    """Two workers of one journal. The vendor holds the first one's call back; it cannot prolong its lease."""

    def __init__(self, one: Worker, other: Worker, system: str) -> None:
        self.one, self.other, self.system = one, other, system
        self.arrived, self.go_on = asyncio.Event(), asyncio.Event()
        self.key = one.box.vendors[system].customers.keys()[3]

    async def update(self) -> asyncio.Task[Outcome]:
        calls = UPDATE[self.system]
        assert isinstance(calls, Calls)
        self._hold(f"{calls.writes[0].partition(' ')[0]} *")
        return await self._under_way(self.one.update(self.system, self.key, PHONE, force=True))

    async def creation(self) -> asyncio.Task[Outcome]:
        writer = self.one.federation.systems[self.system].writer
        assert writer is not None
        call = " ".join(writer.writes.resources[""].create or ())
        self._hold(call)
        self.one.box.vendors[self.system].hooks.after(call, self._make_another)
        return await self._under_way(self.one.create(self.system, NEW[self.system]))

    def _make_another(self) -> None:
        """Make a customer that every search finds beside the one that was just made."""
        customers = self.one.box.vendors[self.system].customers
        document = customers.get(customers.keys()[-1]) or {}
        own = customers.kind.key.rpartition("/")[2]
        number = document[own]
        customers.put({**document, own: number + 1 if isinstance(number, int) else number[::-1]})

    def _hold(self, call: str) -> None:
        async def wait() -> None:
            self.arrived.set()
            await self.go_on.wait()

        self.one.box.vendors[self.system].hooks.before(call, wait)

    async def _under_way(self, writing: Any) -> asyncio.Task[Outcome]:
        task = asyncio.create_task(writing)
        async with asyncio.timeout(20):
            await self.arrived.wait()
        return task

    async def taken_over(self) -> Sequence[Operation]:
        """What is told when the other worker has looked for traces of the call, also after its doubt."""
        recovery = Recovery(self.other.operations, self.other.journal)
        until, looked_up = asyncio.get_running_loop().time() + LEASE + 3 * DOUBT, 0
        while asyncio.get_running_loop().time() < until:
            looked_up += await recovery.recover()
            await asyncio.sleep(0.05)
        assert looked_up
        return await self.told()

    async def told(self) -> Sequence[Operation]:
        return await self.other.operations.page(9, None, ACTOR, EVERY_RIGHT)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    made = sandbox(customers=20)
    yield made
    made.close()


@asynccontextmanager
async def held(box: Sandbox, path: Path, system: str, journal_as: Any = Unrenewed) -> AsyncGenerator[Held]:
    async with (
        working(box, path, journal_as=journal_as, lease=LEASE, doubt=DOUBT) as one,
        working(box, path, lease=LEASE, doubt=DOUBT) as other,
    ):
        yield Held(one, other, system)


def states_of(told: Sequence[Operation]) -> list[OperationState]:
    return [each.state for each in told]


@EACH
@pytest.mark.parametrize("journal_as", [Unrenewed, FailsOnce])
async def test_an_update_that_arrives_after_it_was_given_up_is_told_by_an_operation_of_its_own(
    box: Sandbox, tmp_path: Path, system: str, journal_as: Any
) -> None:
    async with held(box, tmp_path, system, journal_as) as world:
        update = await world.update()
        given_up = await world.taken_over()
        with capture_logs() as lines:
            world.go_on.set()
            done = await update
        told = await world.told()

    assert states_of(given_up) == [OperationState.REJECTED]
    assert states_of(told) == [OperationState.APPLIED, OperationState.REJECTED]
    late, first = told
    assert done.operation is not None
    assert (done.operation.id, done.key) == (late.id, world.key)
    assert [each.code for each in late.errors] == [UserErrorCode.UPSTREAM_TIMEOUT]
    assert first.id is not None
    assert first.id in late.errors[0].message
    assert [each["event"] for each in lines if each["log_level"] == "error"] == [
        "operation_lease_lost",
        "write_sent_late",
    ]


@EACH
async def test_the_key_that_a_late_creation_is_told_settles_what_no_search_can_tell(
    box: Sandbox, tmp_path: Path, system: str
) -> None:
    """The answer has the key; a search finds another customer, too. Nobody asks for the operation again."""
    async with held(box, tmp_path, system) as world:
        before = set(box.vendors[system].customers.keys())
        creation = await world.creation()
        open_still = await world.taken_over()
        world.go_on.set()
        done = await creation
        told = await world.told()
        made = set(box.vendors[system].customers.keys()) - before

    assert states_of(open_still) == [OperationState.UNKNOWN]
    assert states_of(told) == [OperationState.APPLIED]
    assert done.operation is not None
    assert (done.errors, len(made)) == ([], 2)
    assert done.key in made
    assert [(each.status, each.verified) for each in told[0].writes] == [(WriteStatus.APPLIED, True)]
