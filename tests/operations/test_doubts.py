"""Writes whose answer is lost, late or an error: looked up, sent once, and told as what they were."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from operations.cells import CHANGE, NEW, UPDATE, Calls
from operations.world import working
from picked import WHOLE, WRITABLE
from vendors import sandbox

from customer_gateway.model.operations import OperationKind, OperationState, UserErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome
    from customer_gateway.sandbox.fault import FaultKind

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH = pytest.mark.parametrize("system", [slug for slug, calls in UPDATE.items() if isinstance(calls, Calls)])


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    """A worker on real sockets, for which no call stays in doubt for long."""
    box = sandbox(customers=20)
    async with box.serving() as urls, working(box, tmp_path, urls=urls, doubt=0) as made:
        yield made
    box.close()


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncGenerator[Worker]:
    """A worker whose operations have little time."""
    async with in_seconds(0.6, tmp_path) as made:
        yield made


@pytest.fixture
async def brief(tmp_path: Path) -> AsyncGenerator[Worker]:
    """A worker whose operations have time to look up what no answer came of."""
    async with in_seconds(2, tmp_path) as made:
        yield made


@asynccontextmanager
async def in_seconds(seconds: float, path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with box.serving() as urls, working(box, path, urls=urls, doubt=0, seconds=seconds) as made:
        yield made
    box.close()


def way_of(worker: Worker, system: str, kind: OperationKind) -> tuple[str, str]:
    """The method and path of the customer's own call."""
    writer = worker.federation.systems[system].writer
    assert writer is not None
    resource = writer.writes.resources[""]
    way = resource.create if kind is OperationKind.CREATE else resource.update
    assert way is not None
    return way[0], way[1].partition("{")[0]


def spoil(worker: Worker, system: str, fault: FaultKind, *, creates: bool = False, **otherwise: Any) -> None:
    """Let the next call that writes the customer's own document go wrong."""
    method, path = way_of(worker, system, OperationKind.CREATE if creates else OperationKind.UPDATE)
    worker.box.vendors[system].faults.set(fault, method=method, path=path, calls=1, **otherwise)


async def changed(worker: Worker, system: str, **otherwise: Any) -> Outcome:
    key = worker.box.vendors[system].customers.keys()[3]
    version = await worker.version(system, key)
    worker.forget_calls()
    return await worker.update(system, key, CHANGE, expected_version=version, **otherwise)


def state_of(done: Outcome) -> OperationState:
    assert done.operation is not None
    return done.operation.state


def is_made(worker: Worker, system: str, before: list[str]) -> set[str]:
    return set(worker.box.vendors[system].customers.keys()) - set(before)


UNREADABLE: tuple[FaultKind, ...] = (
    *("truncated", "hang", "slow_headers", "deep_json", "nan", "bad_utf8"),
    *("wrong_content_type", "redirect", "huge_body", "gzip_bomb", "empty_body"),
)


@EACH
async def test_an_update_whose_answer_is_lost_is_looked_up_and_sent_once(worker: Worker, system: str) -> None:
    spoil(worker, system, "reset", applied="before")

    done = await changed(worker, system)

    calls = UPDATE[system]
    assert isinstance(calls, Calls)
    assert (done.errors, state_of(done), len(worker.writes(system))) == ([], OperationState.APPLIED, len(calls.writes))


@EACH
async def test_a_creation_whose_answer_is_lost_is_found_and_made_once(worker: Worker, system: str) -> None:
    before = worker.box.vendors[system].customers.keys()
    spoil(worker, system, "reset", creates=True, applied="before")

    done = await worker.create(system, NEW[system])

    assert (done.errors, state_of(done)) == ([], OperationState.APPLIED)
    assert is_made(worker, system, before) == {done.key}
    assert len(worker.writes(system)) == 1


@pytest.mark.parametrize("fault", UNREADABLE)
async def test_a_creation_whose_answer_cannot_be_read_is_found_and_made_once(brief: Worker, fault: FaultKind) -> None:
    before = brief.box.vendors[WRITABLE].customers.keys()
    spoil(brief, WRITABLE, fault, creates=True, applied="before")

    done = await brief.create(WRITABLE, NEW[WRITABLE])

    assert (done.errors, state_of(done)) == ([], OperationState.APPLIED)
    assert is_made(brief, WRITABLE, before) == {done.key}


@pytest.mark.parametrize("system", [WRITABLE, WHOLE])  # a part, and the whole: what shows nothing is read 3 times
async def test_an_update_that_leaves_no_trace_is_unknown_then_refused_and_its_key_is_free(
    worker: Worker, system: str
) -> None:
    spoil(worker, system, "status", status=503)
    key = worker.box.vendors[system].customers.keys()[3]
    how = {"expected_version": await worker.version(system, key), "idempotency_key": "one"}

    lost = await worker.update(system, key, CHANGE, **how)
    settled = await worker.settle(lost)
    again = await worker.update(system, key, CHANGE, **how)

    assert [state_of(each) for each in (lost, settled, again)] == [
        OperationState.UNKNOWN,
        OperationState.REJECTED,
        OperationState.APPLIED,
    ]
    assert [(each.code, each.retryable) for each in settled.errors] == [(UserErrorCode.UPSTREAM_UNAVAILABLE, True)]
    assert again.operation is not None
    assert not again.operation.replayed


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncGenerator[Worker]:
    """A worker for which a call may show up a minute after it was sent."""
    box = sandbox(customers=20)
    async with box.serving() as urls, working(box, tmp_path, urls=urls) as made:
        yield made
    box.close()


async def test_who_asks_for_an_update_that_may_still_come_is_told_when_to_ask_again(patient: Worker) -> None:
    spoil(patient, WRITABLE, "status", status=503)
    key = patient.box.vendors[WRITABLE].customers.keys()[3]

    lost = await patient.update(WRITABLE, key, CHANGE, expected_version=await patient.version(WRITABLE, key))
    settled = await patient.settle(lost)

    [error] = settled.errors
    assert (state_of(settled), error.retryable) == (OperationState.UNKNOWN, False)
    assert re.search(r"no trace of the write yet.* operationSettle in ([1-9]|[1-5][0-9]|60) s\.$", error.message)


@EACH
async def test_a_creation_that_leaves_no_trace_stays_unknown_and_is_not_sent_again(worker: Worker, system: str) -> None:
    before = worker.box.vendors[system].customers.keys()
    spoil(worker, system, "reset", creates=True)

    lost = await worker.create(system, NEW[system], idempotency_key="one")
    settled = await worker.settle(lost)
    again = await worker.create(system, NEW[system], idempotency_key="one")

    assert [state_of(each) for each in (lost, settled, again)] == [OperationState.UNKNOWN] * 3
    assert [each.retryable for done in (lost, settled, again) for each in done.errors] == [False] * 3
    assert all("do not send it again" in error.message for done in (lost, settled) for error in done.errors)
    assert "try again" not in lost.errors[0].message
    assert again.operation is not None
    assert again.operation.replayed
    assert is_made(worker, system, before) == set()


@EACH
async def test_a_second_customer_of_the_same_name_leaves_it_open_and_both_keys_are_named(
    worker: Worker, system: str
) -> None:
    customers = worker.box.vendors[system].customers
    before = customers.keys()
    method, path = way_of(worker, system, OperationKind.CREATE)
    own = customers.kind.key.rpartition("/")[2]

    def make_another() -> None:
        [made] = is_made(worker, system, before)
        document = customers.get(made) or {}
        other = document[own]
        customers.put({**document, own: other + 1 if isinstance(other, int) else other[::-1]})

    worker.box.vendors[system].hooks.after(f"{method} {path}", make_another)
    spoil(worker, system, "reset", creates=True, applied="before")

    done = await worker.create(system, NEW[system])

    [error] = done.errors
    made = is_made(worker, system, before)
    assert (state_of(done), done.key, len(made)) == (OperationState.UNKNOWN, None, 2)
    assert all(key in error.message for key in made)
    assert len(worker.writes(system)) == 1


@EACH
async def test_an_answer_that_comes_too_late_is_looked_up(brief: Worker, system: str) -> None:
    spoil(brief, system, "latency", latency=60, applied="before")

    done = await changed(brief, system)

    assert (done.errors, state_of(done)) == ([], OperationState.APPLIED)


@EACH
async def test_a_creation_that_is_done_after_we_gave_up_is_found_by_the_one_who_asks_again(
    hasty: Worker, system: str
) -> None:
    before, made = hasty.box.vendors[system].customers.keys(), anyio.Event()
    method, path = way_of(hasty, system, OperationKind.CREATE)
    hasty.box.vendors[system].hooks.after(f"{method} {path}", made.set)
    spoil(hasty, system, "latency", creates=True, latency=0.7, applied="after")

    late = await hasty.create(system, NEW[system])
    await made.wait()
    settled = await hasty.settle(late)

    assert [state_of(late), state_of(settled)] == [OperationState.UNKNOWN, OperationState.APPLIED]
    assert is_made(hasty, system, before) == {settled.key}


@EACH
async def test_a_customer_that_somebody_else_made_is_not_taken_for_a_creation_that_never_arrived(
    worker: Worker, system: str
) -> None:
    first = await worker.create(system, NEW[system])
    spoil(worker, system, "reset", creates=True)

    lost = await worker.create(system, {**NEW[system], "phone": "+49 221 1111111"})

    assert state_of(first) is OperationState.APPLIED
    assert (state_of(lost), lost.key) == (OperationState.UNKNOWN, None)


@pytest.mark.vendors("autodns")
async def test_after_a_creation_that_was_found_the_calls_that_follow_it_are_sent(worker: Worker) -> None:
    section = {**NEW["autodns"]["autodns"], "sepa": {"iban": "DE02120300000000202051", "accountHolder": "Neumann"}}
    spoil(worker, "autodns", "reset", creates=True, applied="before")

    done = await worker.create("autodns", {**NEW["autodns"], "autodns": section})

    assert (done.errors, state_of(done)) == ([], OperationState.APPLIED)
    assert worker.writes("autodns") == ["POST /customer", f"POST /customer/{done.key}/sepa"]


@pytest.mark.parametrize("system", [WRITABLE, WHOLE])
async def test_a_system_that_is_not_reached_leaves_nothing_behind_and_the_key_free(worker: Worker, system: str) -> None:
    key = worker.box.vendors[system].customers.keys()[3]
    how = {"expected_version": await worker.version(system, key), "idempotency_key": "one"}
    await worker.box.stop(system)

    refused = await worker.update(system, key, CHANGE, **how)
    await worker.box.start(system)
    done = await worker.update(system, key, CHANGE, **how)

    assert [(each.code, each.retryable) for each in refused.errors] == [(UserErrorCode.UPSTREAM_UNAVAILABLE, True)]
    assert refused.operation is None
    assert (done.errors, state_of(done)) == ([], OperationState.APPLIED)
