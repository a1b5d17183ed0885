"""Changes that a vendor holds until it has checked them, records that it archived, and writes that are half done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from gateway import gateway_over
from operations.cells import CHANGE
from operations.world import ACTOR, working
from vendors import sandbox

from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationState, UserErrorCode, WriteStatus
from customer_gateway.operations import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("autodns", "billbee")]

HELD = {"name": "Neumann & Söhne"}
CHANGE_OF_PHONE = {"phone": CHANGE["phone"]}

RECORD = """query ($key: String!) { customer(by: {record: {system: "autodns", key: $key}}) { records {
  ... on AutodnsCustomer { name pending persistent { name } } } } }"""


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


def key_at(worker: Worker, system: str) -> str:
    return worker.box.vendors[system].customers.keys()[3]


async def changed(worker: Worker, system: str, patch: dict[str, Any], **otherwise: Any) -> Outcome:
    key = key_at(worker, system)
    version = await worker.version(system, key)
    worker.forget_calls()
    return await worker.update(system, key, patch, expected_version=version, **otherwise)


def state_of(done: Outcome) -> tuple[OperationState, list[WriteStatus]]:
    assert done.operation is not None
    return done.operation.state, [each.status for each in done.operation.writes]


def reviews(worker: Worker) -> Any:
    """Who decides on changes that wait."""
    dialect: Any = worker.box.autodns.dialect
    return dialect.reviews


async def test_a_held_change_is_pending_and_the_record_shows_both_values(worker: Worker) -> None:
    key = key_at(worker, "autodns")
    before = (worker.box.autodns.customers.get(key) or {})["name"]

    done = await changed(worker, "autodns", HELD)

    assert state_of(done) == (OperationState.PENDING, [WriteStatus.PENDING])
    assert done.errors == []
    assert done.operation is not None
    assert not done.operation.is_settled
    async with gateway_over(worker.box) as gateway:
        answer = await gateway.ask(RECORD, {"key": key})
    [record] = answer.data["customer"]["records"]
    assert record == {"name": HELD["name"], "pending": True, "persistent": {"name": before}}


async def test_a_second_write_meanwhile_is_refused_as_pending_unless_forced(worker: Worker) -> None:
    await changed(worker, "autodns", HELD)

    refused = await changed(worker, "autodns", CHANGE_OF_PHONE)
    calls = worker.writes("autodns")
    forced = await changed(worker, "autodns", CHANGE_OF_PHONE, force=True)

    assert [(each.code, each.field) for each in refused.errors] == [(UserErrorCode.PENDING, ("id",))]
    assert (refused.operation, calls) == (None, [])
    assert forced.errors == []
    stored = worker.box.autodns.customers.get(key_at(worker, "autodns")) or {}
    assert (stored["name"], stored["phone"]) == (HELD["name"], "+49-221-7654321")


async def test_a_confirmed_change_is_applied_when_it_is_settled(worker: Worker) -> None:
    done = await changed(worker, "autodns", HELD)
    waiting = await worker.settle(done)
    reviews(worker).confirm(key_at(worker, "autodns"))
    worker.forget_calls()

    settled = await worker.settle(done)
    again = await worker.settle(done)

    assert state_of(waiting)[0] is OperationState.PENDING
    assert state_of(settled) == (OperationState.APPLIED, [WriteStatus.APPLIED])
    assert settled.operation is not None
    assert (settled.errors, [each.verified for each in settled.operation.writes]) == ([], [True])
    assert state_of(again) == state_of(settled)
    assert worker.writes("autodns") == []


async def test_a_refused_change_is_rejected_when_it_is_settled(worker: Worker) -> None:
    done = await changed(worker, "autodns", HELD)
    reviews(worker).refuse(key_at(worker, "autodns"))
    worker.forget_calls()

    settled = await worker.settle(done)

    assert state_of(settled) == (OperationState.REJECTED, [WriteStatus.REJECTED])
    assert [(each.code, each.retryable) for each in settled.errors] == [(UserErrorCode.UPSTREAM_REJECTED, False)]
    assert worker.writes("autodns") == []


async def test_a_held_change_that_cannot_be_looked_up_at_present_stays_pending(worker: Worker, tmp_path: Path) -> None:
    key = key_at(worker, "autodns")
    done = await changed(worker, "autodns", HELD)
    now = clock.now()
    assert await worker.journal.acquire_record(f"autodns/{key}", "another", now, now + timedelta(seconds=60))

    async with working(worker.box, tmp_path, seconds=0.3) as brief:
        waiting = await brief.settle(done)
        [told] = await brief.operations.page(9, None, ACTOR, EVERY_RIGHT)
    await worker.journal.release_record(f"autodns/{key}", "another")
    reviews(worker).confirm(key)
    settled = await worker.settle(done)

    assert [each.code for each in waiting.errors] == [UserErrorCode.UPSTREAM_RATE_LIMITED]
    assert state_of(waiting) == (OperationState.PENDING, [WriteStatus.PENDING])
    assert told.state is OperationState.PENDING
    assert state_of(settled)[0] is OperationState.APPLIED


async def test_of_a_refused_change_the_call_beside_it_that_nobody_reviews_is_told_as_applied(worker: Worker) -> None:
    mandate = {"iban": "DE02120300000000202051", "accountHolder": "Neumann"}
    done = await changed(worker, "autodns", {**HELD, "autodns": {"sepa": mandate}})
    reviews(worker).refuse(key_at(worker, "autodns"))

    settled = await worker.settle(done)

    assert state_of(done)[0] is OperationState.PENDING
    assert state_of(settled) == (OperationState.PARTIAL, [WriteStatus.REJECTED, WriteStatus.APPLIED])


async def test_a_held_change_with_its_key_again_is_settled_and_not_sent_again(worker: Worker) -> None:
    key = key_at(worker, "autodns")
    how = {"expected_version": await worker.version("autodns", key), "idempotency_key": "one"}
    await worker.update("autodns", key, HELD, **how)
    reviews(worker).confirm(key)
    worker.forget_calls()

    again = await worker.update("autodns", key, HELD, **how)

    assert again.operation is not None
    assert (again.operation.state, again.operation.replayed) == (OperationState.APPLIED, True)
    assert worker.writes("autodns") == []


async def test_a_held_change_whose_answer_is_lost_is_pending(worker: Worker) -> None:
    worker.box.autodns.faults.set("status", status=502, method="PUT", calls=1, applied="before")

    done = await changed(worker, "autodns", HELD)

    assert state_of(done) == (OperationState.PENDING, [WriteStatus.PENDING])
    assert len(worker.writes("autodns")) == 1


async def test_an_archived_record_is_refused_and_nothing_is_sent(worker: Worker) -> None:
    key = key_at(worker, "billbee")
    worker.box.billbee.customers.plant(key, '{"ArchivedAt":"2026-01-01T00:00:00","RestoredAt":null}')

    refused = await changed(worker, "billbee", dict(CHANGE))

    assert [(each.code, each.field) for each in refused.errors] == [(UserErrorCode.ARCHIVED, ("id",))]
    assert worker.writes("billbee") == []


async def test_a_record_that_was_restored_can_be_written(worker: Worker) -> None:
    key = key_at(worker, "billbee")
    stamps = '{"ArchivedAt":"2026-01-01T00:00:00","RestoredAt":"2026-01-02T00:00:00"}'
    worker.box.billbee.customers.plant(key, stamps)

    done = await changed(worker, "billbee", dict(CHANGE))

    assert (done.errors, state_of(done)[0]) == ([], OperationState.APPLIED)


async def test_a_record_that_is_archived_before_the_call_arrives_is_refused_by_the_vendor(worker: Worker) -> None:
    key = key_at(worker, "billbee")
    archive = '{"ArchivedAt":"2026-01-01T00:00:00","RestoredAt":null}'
    worker.box.billbee.hooks.before("PUT *", lambda: worker.box.billbee.customers.plant(key, archive))

    done = await changed(worker, "billbee", dict(CHANGE))

    assert state_of(done) == (OperationState.REJECTED, [WriteStatus.REJECTED, WriteStatus.SKIPPED])
    assert [each.code for each in done.errors] == [UserErrorCode.UPSTREAM_REJECTED]
    assert len(worker.writes("billbee")) == 1


async def test_a_second_call_that_is_refused_leaves_the_write_partial_with_what_became_of_each(
    worker: Worker,
) -> None:
    worker.box.billbee.faults.set("status", status=400, method="PATCH", calls=1)

    done = await changed(worker, "billbee", dict(CHANGE), idempotency_key="one")

    assert state_of(done) == (OperationState.PARTIAL, [WriteStatus.APPLIED, WriteStatus.REJECTED])
    assert done.operation is not None
    first, second = done.operation.writes
    assert (first.verified, first.error) == (True, None)
    assert second.error is not None
    assert second.error.code is UserErrorCode.UPSTREAM_REJECTED
    assert list(done.errors) == [second.error]
    assert done.operation.is_settled
    stored = worker.box.billbee.customers.get(key_at(worker, "billbee")) or {}
    assert stored["Tel1"] == CHANGE["phone"]


async def test_a_second_call_that_is_lost_is_open_until_it_is_settled(worker: Worker, tmp_path: Path) -> None:
    worker.box.billbee.faults.set("status", status=503, method="PATCH", calls=1)

    done = await changed(worker, "billbee", dict(CHANGE))
    async with working(worker.box, tmp_path, doubt=0) as later:
        settled = await later.settle(done)

    assert state_of(done) == (OperationState.UNKNOWN, [WriteStatus.APPLIED, WriteStatus.UNKNOWN])
    assert state_of(settled) == (OperationState.PARTIAL, [WriteStatus.APPLIED, WriteStatus.REJECTED])
    assert len(worker.writes("billbee")) == 2
