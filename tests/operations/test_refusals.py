"""What a vendor refuses is told with the field that it names; what it did not let in is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import CHANGE, UPDATE, Calls
from operations.world import working
from vendors import FACTS, WRITES, sandbox

from customer_gateway.model.operations import OperationState, UserErrorCode, WriteStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH = pytest.mark.parametrize("system", [slug for slug, calls in UPDATE.items() if isinstance(calls, Calls)])


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


async def changed(worker: Worker, system: str, patch: Mapping[str, Any], **otherwise: Any) -> Outcome:
    key = worker.box.vendors[system].customers.keys()[3]
    version = await worker.version(system, key)
    worker.forget_calls()
    return await worker.update(system, key, patch, expected_version=version, **otherwise)


def fail_updates(worker: Worker, system: str, status: int, **otherwise: Any) -> None:
    """Let the next call that changes the customer's own document be answered so."""
    calls = UPDATE[system]
    assert isinstance(calls, Calls)
    method, _, path = calls.writes[0].partition(" ")
    path = path.partition("{")[0]
    worker.box.vendors[system].faults.set("status", status=status, method=method, path=path, calls=1, **otherwise)


def told(done: Outcome) -> list[Any]:
    return [(each.code, each.field, each.retryable, each.system) for each in done.errors]


@EACH
@pytest.mark.parametrize("status", [400, 422])
async def test_a_refusal_is_told_and_nothing_else_is_sent(worker: Worker, system: str, status: int) -> None:
    fail_updates(worker, system, status)

    done = await changed(worker, system, CHANGE)

    assert told(done) == [(UserErrorCode.UPSTREAM_REJECTED, None, False, system)]
    assert done.operation is not None
    left = [WriteStatus.SKIPPED] * (len(done.operation.writes) - 1)
    assert [each.status for each in done.operation.writes] == [WriteStatus.REJECTED, *left]
    assert (done.operation.state, len(worker.writes(system))) == (OperationState.REJECTED, 1)


@pytest.mark.parametrize("system", [slug for slug, facts in WRITES.items() if facts.unique_number])
async def test_a_number_that_another_customer_has_is_refused_by_the_vendor_and_named(
    worker: Worker, system: str
) -> None:
    customers = worker.box.vendors[system].customers
    other = [each[WRITES[system].unique_number] for each in customers][5]
    before = customers.bodies()

    done = await changed(worker, system, {"number": str(other)})

    assert told(done) == [(UserErrorCode.UPSTREAM_REJECTED, ("patch", "number"), False, system)]
    assert str(other) not in done.errors[0].message
    assert customers.bodies() == before


@pytest.mark.parametrize("system", [slug for slug, facts in WRITES.items() if facts.malformed is not None])
async def test_a_value_that_the_vendor_alone_refuses_is_named(worker: Worker, system: str) -> None:
    malformed = WRITES[system].malformed
    assert malformed is not None
    patch, field = malformed
    before = worker.box.vendors[system].customers.bodies()

    done = await changed(worker, system, patch)

    assert told(done) == [(UserErrorCode.UPSTREAM_REJECTED, field, False, system)]
    assert worker.box.vendors[system].customers.bodies() == before


@EACH
async def test_a_refusal_is_what_its_idempotency_key_answers(worker: Worker, system: str) -> None:
    fail_updates(worker, system, 400)
    key = worker.box.vendors[system].customers.keys()[3]
    how = {"expected_version": await worker.version(system, key), "idempotency_key": "one"}
    first = await worker.update(system, key, CHANGE, **how)
    worker.forget_calls()

    again = await worker.update(system, key, CHANGE, **how)

    assert again.operation is not None
    assert (told(again), again.operation.replayed) == (told(first), True)
    assert worker.calls(system) == []


@EACH
async def test_a_call_that_was_limited_is_repeated(worker: Worker, system: str) -> None:
    fail_updates(worker, system, 429, retry_after="0")

    done = await changed(worker, system, CHANGE)

    calls = UPDATE[system]
    assert isinstance(calls, Calls)
    assert done.operation is not None
    assert (done.errors, done.operation.state) == ([], OperationState.APPLIED)
    assert len(worker.writes(system)) == len(calls.writes) + 1


@EACH
async def test_a_call_whose_session_was_refused_is_repeated_where_there_are_sessions(
    worker: Worker, system: str
) -> None:
    fail_updates(worker, system, 401)

    done = await changed(worker, system, CHANGE)

    logs_in = FACTS[system].login is not None  # at the others it has a key
    assert done.operation is not None
    assert done.operation.state is (OperationState.APPLIED if logs_in else OperationState.REJECTED)
    assert [each.code for each in done.errors] == [UserErrorCode.UPSTREAM_UNAUTHORIZED] * (not logs_in)
    assert len(worker.writes(system)) == 1 + logs_in


@EACH
@pytest.mark.parametrize("status", [500, 503])
async def test_an_error_of_the_vendor_for_an_update_that_it_applied_is_looked_up(
    worker: Worker, system: str, status: int
) -> None:
    fail_updates(worker, system, status, applied="before")

    done = await changed(worker, system, CHANGE)

    calls = UPDATE[system]
    assert isinstance(calls, Calls)
    assert done.operation is not None
    assert (done.errors, done.operation.state) == ([], OperationState.APPLIED)
    assert len(worker.writes(system)) == len(calls.writes)
