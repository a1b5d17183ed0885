"""A call is sent only while enough of the write's lease is left, however long it waited for its turn."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import NEW
from operations.world import ACTOR, working
from picked import WRITABLE
from vendors import WRITES, sandbox

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind, OperationState, UserErrorCode
from customer_gateway.operations.recovery import Recovery

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome
    from customer_gateway.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

LEASE = 1.2
SLOW = {"limits": {"vendor_budget": False, "calls_per_second": 0.5}}
"""One call in 2 s. A write reads the record first; its own call then waits longer than a lease lasts."""


class Unrenewed:
    """A journal whose database does not answer when leases are to be prolonged."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def renew(self, *_: Any) -> bool:
        raise DatabaseUnavailable("it does not answer", "it does not answer")


@asynccontextmanager
async def a_worker(box: Sandbox, path: Path, **otherwise: Any) -> AsyncGenerator[Worker]:
    async with working(box, path, lease=LEASE, doubt=0.2, **otherwise) as worker:
        yield worker


@pytest.fixture
def box() -> Iterator[Sandbox]:
    made = sandbox(customers=10)
    yield made
    made.close()


async def update_of(worker: Worker) -> Outcome:
    key = worker.box.vendors[WRITABLE].customers.keys()[3]
    return await worker.update(WRITABLE, key, {"phone": "+49 221 7654321"}, force=True)


async def recovered(worker: Worker, update: asyncio.Task[Any]) -> int:
    """How many operations another process takes over while an update is under way."""
    taken, recovery = 0, Recovery(worker.operations, worker.journal)
    while not update.done():
        taken += await recovery.recover()
        await asyncio.sleep(0.1)
    return taken


async def test_a_call_that_waits_for_its_turn_longer_than_a_lease_keeps_its_lease_and_is_sent(
    box: Sandbox, tmp_path: Path
) -> None:
    async with a_worker(box, tmp_path, tables=SLOW) as one, a_worker(box, tmp_path) as other:
        update = asyncio.create_task(update_of(one))
        taken = await recovered(other, update)
        done = await update

    assert (taken, done.errors) == (0, [])
    assert done.operation is not None
    assert done.operation.state is OperationState.APPLIED
    assert len(one.writes(WRITABLE)) == 1


async def test_a_call_whose_lease_was_not_prolonged_while_it_waited_is_not_sent(box: Sandbox, tmp_path: Path) -> None:
    async with a_worker(box, tmp_path, tables=SLOW, journal_as=Unrenewed) as one:
        done = await update_of(one)

    [error] = done.errors
    assert (error.code, error.retryable) == (UserErrorCode.UPSTREAM_TIMEOUT, True)
    assert error.message.endswith(
        "not sent: its slot in the rate limit came when the lease of the write was nearly over; send it again"
    )
    assert done.operation is not None
    assert done.operation.state is OperationState.REJECTED
    assert one.writes(WRITABLE) == []


async def test_a_call_that_another_worker_took_over_while_it_waited_is_not_sent(box: Sandbox, tmp_path: Path) -> None:
    """The process that waits cannot prolong its lease; another one finds no trace of the call, and tells so."""
    async with (
        a_worker(box, tmp_path, tables=SLOW, journal_as=Unrenewed) as one,
        a_worker(box, tmp_path) as other,
    ):
        update = asyncio.create_task(update_of(one))
        taken = await recovered(other, update)
        await update
        [told] = await other.operations.page(9, None, ACTOR, EVERY_RIGHT)

    assert (taken, told.state, one.writes(WRITABLE)) == (1, OperationState.REJECTED, [])
    assert told.errors[0].message == f"{WRITABLE} shows no trace of the write: it was not applied. Send it again."


async def test_a_creation_that_another_worker_took_over_while_it_waited_is_told_as_not_sent(
    box: Sandbox, tmp_path: Path
) -> None:
    """That a search finds nothing proves nothing; the process that waited knows it, and says so when it comes back."""
    async with (
        a_worker(box, tmp_path, tables=SLOW, journal_as=Unrenewed) as one,
        a_worker(box, tmp_path) as other,
    ):
        creation = asyncio.create_task(one.create(WRITABLE, NEW[WRITABLE], idempotency_key="one"))
        await recovered(other, creation)
        done = await creation
        [told] = await other.operations.page(9, None, ACTOR, EVERY_RIGHT)
        again = await other.create(WRITABLE, NEW[WRITABLE], idempotency_key="one")

    assert (told.state, [each.retryable for each in done.errors]) == (OperationState.REJECTED, [True])
    assert again.operation is not None
    assert (again.operation.state, again.operation.replayed) == (OperationState.APPLIED, False)
    assert one.writes(WRITABLE) == list(WRITES[WRITABLE].calls[OperationKind.CREATE].writes)
