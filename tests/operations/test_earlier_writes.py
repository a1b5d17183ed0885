"""What an earlier write, a key or a scope lets through; and records that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from operations.world import working
from vendors import sandbox

from customer_gateway.model.callers import EVERY_SCOPE, Rights
from customer_gateway.model.operations import OperationState, UserErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next")]


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with box.serving() as urls, working(box, tmp_path, urls=urls, doubt=60) as made:
        yield made
    box.close()


def key_of(worker: Worker) -> str:
    return worker.box.vendors["next"].customers.keys()[3]


async def test_while_the_outcome_of_a_write_is_open_the_next_is_pending_unless_forced(worker: Worker) -> None:
    key = key_of(worker)
    version = await worker.version("next", key)
    worker.box.vendors["next"].faults.set("status", status=503, method="PUT", calls=1)
    lost = await worker.update("next", key, {"name": "First"}, expected_version=version)
    assert lost.operation is not None
    assert lost.operation.state is OperationState.UNKNOWN
    worker.forget_calls()

    second = await worker.update("next", key, {"phone": "+46 8 123 456"}, expected_version=version)
    sent = worker.writes("next")
    forced = await worker.update("next", key, {"phone": "+46 8 123 456"}, force=True)

    assert ([each.code for each in second.errors], sent) == ([UserErrorCode.PENDING], [])
    assert lost.operation.id is not None
    assert lost.operation.id in second.errors[0].message
    assert (forced.errors, len(worker.writes("next"))) == ([], 1)


async def left_open(worker: Worker, key: str) -> str:
    """The version of a record before a write of it whose outcome is open."""
    version = await worker.version("next", key)
    worker.box.vendors["next"].faults.set("status", status=503, method="PUT", calls=1)
    await worker.update("next", key, {"name": "First"}, expected_version=version)
    worker.forget_calls()
    return version


async def test_what_else_is_refused_is_told_beside_the_open_write(worker: Worker) -> None:
    key = key_of(worker)
    await left_open(worker, key)

    refused = await worker.update("next", key, {"name": "N" * 51, "email": "nobody"}, expected_version="stale")

    assert [(each.code, each.field) for each in refused.errors] == [
        (UserErrorCode.PENDING, ("id",)),
        (UserErrorCode.CONFLICT, ("expectedVersion",)),
        (UserErrorCode.INVALID, ("patch", "email")),
        (UserErrorCode.TOO_LONG, ("patch", "name")),
    ]
    assert worker.writes("next") == []


async def test_a_record_that_cannot_be_read_is_told_beside_the_open_write(worker: Worker) -> None:
    key = key_of(worker)
    version = await left_open(worker, key)
    worker.box.vendors["next"].faults.set("status", status=400, method="GET")

    refused = await worker.update("next", key, {"phone": "+46 8 123 456"}, expected_version=version)

    assert [each.code for each in refused.errors] == [UserErrorCode.PENDING, UserErrorCode.UPSTREAM_BAD_RESPONSE]
    assert (refused.operation, worker.writes("next")) == (None, [])


async def test_a_write_that_is_refused_for_an_open_one_leaves_its_key_free(worker: Worker) -> None:
    key = key_of(worker)
    version = await left_open(worker, key)
    how: dict[str, Any] = {"expected_version": version, "idempotency_key": "one", "input_text": "the same"}

    refused = await worker.update("next", key, {"phone": "+46 8 123 456"}, **how)
    forced = await worker.update("next", key, {"phone": "+46 8 123 456"}, force=True, **how)

    assert [each.code for each in refused.errors] == [UserErrorCode.PENDING]
    assert forced.operation is not None
    assert (forced.operation.state, forced.operation.replayed) == (OperationState.APPLIED, False)


async def test_a_write_that_has_nothing_to_change_keeps_its_key(worker: Worker) -> None:
    key = key_of(worker)
    await worker.update("next", key, {"name": "Same"}, force=True)
    worker.forget_calls()

    first = await worker.update("next", key, {"name": "Same"}, force=True, idempotency_key="one")
    await worker.update("next", key, {"name": "Other"}, force=True)
    again = await worker.update("next", key, {"name": "Same"}, force=True, idempotency_key="one")

    assert again.operation is not None
    assert first.operation is not None
    assert (again.operation.id, again.operation.replayed) == (first.operation.id, True)
    assert len(worker.writes("next")) == 1


@pytest.mark.parametrize("patch", [{"next": {"invoiceemail": "bills@example.com"}}, {"billing.email": "b@example.com"}])
async def test_where_invoices_go_needs_the_scope_of_billing_whichever_way_it_is_written(
    worker: Worker, patch: dict[str, object]
) -> None:
    rights = Rights(EVERY_SCOPE - {"billing:write"})

    refused = await worker.update("next", key_of(worker), patch, force=True, rights=rights)

    assert [each.code for each in refused.errors] == [UserErrorCode.FORBIDDEN]
    assert worker.writes("next") == []


async def test_a_plan_shows_no_value_to_who_may_not_read_customers(worker: Worker) -> None:
    rights = Rights(frozenset({"customers:write", "force"}))

    planned = await worker.update("next", key_of(worker), {"name": "New"}, force=True, dry_run=True, rights=rights)

    assert planned.operation is not None
    [change] = planned.operation.writes[0].changes
    assert (change.before, change.after, change.redacted) == (None, None, True)


async def test_a_record_that_cannot_be_read_is_no_refusal_of_the_write(worker: Worker) -> None:
    worker.box.vendors["next"].faults.set("status", status=400, method="GET")

    failed = await worker.update("next", key_of(worker), {"name": "New"}, force=True)

    assert [each.code for each in failed.errors] == [UserErrorCode.UPSTREAM_BAD_RESPONSE]
    assert (failed.operation, worker.writes("next")) == (None, [])
