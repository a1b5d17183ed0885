"""Who follows a record is notified once of every write that may have been sent, when all of it is settled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from operations.test_doubts import spoil, state_of
from operations.world import working
from structlog.testing import capture_logs
from systems.test_laws_of_writing import WRITTEN
from vendors import sandbox

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.operations import OperationState
from customer_gateway.operations.clock import as_stored

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.store.journal import OperationJournal
    from customer_gateway.system import WrittenDocument

pytestmark = pytest.mark.anyio

EACH = pytest.mark.parametrize("system", [vendor.kind.slug for vendor in WRITTEN])
PHONE = {"phone": "+49 221 1234567"}


class Away:
    """A journal whose database does not answer from a step on: when a call is about to be sent, or when all is done."""

    def __init__(self, journal: OperationJournal, *, at_the_end: bool) -> None:
        self._journal = journal
        self._at_the_end = at_the_end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def update(self, operation: StoredOperation, record: str | None = None) -> None:
        if operation.is_settled or operation.lease_until is None or not self._at_the_end:
            raise DatabaseUnavailable("it does not answer", "it does not answer")
        await self._journal.update(operation, record)


@pytest.fixture
def box() -> Sandbox:
    return sandbox(customers=20)


@pytest.fixture
async def worker(box: Sandbox, tmp_path: Path) -> AsyncGenerator[Worker]:
    async with working(box, tmp_path) as made:
        yield made


def key_of(box: Sandbox, system: str) -> str:
    return box.vendors[system].customers.keys()[3]


@EACH
async def test_a_record_is_notified_once_when_its_operation_is_settled(worker: Worker, system: str) -> None:
    """It is settled since the read began whose document is given, so that a restart reads it no more."""
    for_the_answer: list[tuple[str | None, WrittenDocument | None]] = []
    key = key_of(worker.box, system)

    def note(key: str | None, document: WrittenDocument | None) -> None:
        for_the_answer.append((key, document))

    done = await worker.update(system, key, PHONE, force=True, written=note)

    assert done.operation is not None
    stored = await worker.journal.find(done.operation.id or "")
    assert stored is not None
    ((notified, notified_key, at),) = worker.notified
    ((answered_key, document),) = for_the_answer
    assert document is not None
    assert (notified, notified_key, answered_key) == (system, key, key)
    assert stored.settled_at in (None, as_stored(document.read_at))
    assert stored.started_at <= document.read_at <= at
    assert (stored.settled_at is None) is (stored.state is OperationState.PENDING)


@EACH
async def test_a_write_whose_outcome_cannot_be_stored_is_notified_once(
    box: Sandbox, system: str, tmp_path: Path
) -> None:
    async with working(box, tmp_path, journal_as=lambda journal: Away(journal, at_the_end=True)) as worker:
        for_the_answer: list[str | None] = []
        key = key_of(box, system)

        def note(key: str | None, _document: WrittenDocument | None) -> None:
            for_the_answer.append(key)

        done = await worker.update(system, key, PHONE, force=True, written=note)

        assert [each.message for each in done.errors] != []
        assert ([each[:2] for each in worker.notified], for_the_answer) == ([(system, key)], [key])


@EACH
async def test_a_write_that_may_not_have_been_sent_is_notified_all_the_same(
    box: Sandbox, system: str, tmp_path: Path
) -> None:
    async with working(box, tmp_path, journal_as=lambda journal: Away(journal, at_the_end=False)) as worker:
        key = key_of(box, system)
        await worker.update(system, key, PHONE, force=True)

        assert ([each[:2] for each in worker.notified], worker.writes(system)) == ([(system, key)], [])


@EACH
async def test_a_write_that_is_found_out_later_is_notified_again(worker: Worker, system: str) -> None:
    key = key_of(worker.box, system)
    spoil(worker, system, "status", status=503)
    done = await worker.update(system, key, PHONE, force=True)
    assert (state_of(done), len(worker.notified)) == (OperationState.UNKNOWN, 1)

    await worker.settle(done)

    assert [each[:2] for each in worker.notified] == [(system, key)] * 2


@EACH
async def test_a_follower_that_fails_keeps_no_outcome_from_being_stored(worker: Worker, system: str) -> None:
    def fail(_key: str | None, _document: WrittenDocument | None) -> None:
        raise ValueError("a mistake")

    with capture_logs() as lines:
        done = await worker.update(system, key_of(worker.box, system), PHONE, force=True, written=fail)

    assert done.operation is not None
    stored = await worker.journal.find(done.operation.id or "")
    assert stored is not None
    assert stored.state is done.operation.state is not OperationState.RUNNING
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["write_not_followed"]
