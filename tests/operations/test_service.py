"""Writes carried out over real HTTP against the sandbox, with a journal in a real file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from operations.world import working
from picked import WRITABLE
from systems.test_laws_of_writing import WRITTEN
from vendors import sandbox

from customer_gateway.model.callers import EVERY_RIGHT, EVERY_SCOPE, Rights
from customer_gateway.model.operations import OperationKind, OperationState, UserErrorCode, WriteStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

pytestmark = pytest.mark.anyio

SLUGS = [vendor.kind.slug for vendor in WRITTEN]
EACH = pytest.mark.parametrize("system", SLUGS)


CLEARED = ("phone", "mobile", "fax", "website", "vat_number", "organization_number", "external_id", "emails")
"""Fields that no system needs a value of; not every system has all of them."""


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


def key_of(worker: Worker, system: str) -> str:
    return worker.box.vendors[system].customers.keys()[3]


@EACH
async def test_a_dry_run_tells_the_calls_that_the_real_run_makes_and_sends_nothing(worker: Worker, system: str) -> None:
    key = key_of(worker, system)
    version = await worker.version(system, key)
    worker.forget_calls()

    planned = await worker.update(system, key, {"name": "Planned"}, expected_version=version, dry_run=True)

    assert (planned.errors, worker.writes(system)) == ([], [])
    assert planned.operation is not None
    assert (planned.operation.id, planned.operation.state) == (None, OperationState.PLANNED)
    done = await worker.update(system, key, {"name": "Planned"}, expected_version=version)
    assert done.operation is not None
    calls = [f"{each.method} {each.path}" for each in planned.operation.writes]
    assert [f"{each.method} {each.path}" for each in done.operation.writes] == calls
    assert worker.writes(system) == calls
    assert [each.changes for each in done.operation.writes] == [each.changes for each in planned.operation.writes]


@EACH
async def test_an_update_is_applied_and_verified_and_told_by_the_journal(worker: Worker, system: str) -> None:
    key = key_of(worker, system)

    done = await worker.update(system, key, {"name": "Nils"}, expected_version=await worker.version(system, key))

    assert done.operation is not None
    [write] = done.operation.writes
    state = OperationState.PENDING if write.status is WriteStatus.PENDING else OperationState.APPLIED
    assert (done.errors, done.operation.state, done.key) == ([], state, key)
    assert [each.after for each in write.changes] == ["Nils"]
    if state is OperationState.APPLIED:
        assert write.verified is True
    assert done.operation.foreign_changes == []
    found = await worker.operations.find(done.operation.id or "", "key:tests", EVERY_RIGHT)
    assert found == done.operation


@EACH
async def test_without_a_version_nothing_is_sent(worker: Worker, system: str) -> None:
    refused = await worker.update(system, key_of(worker, system), {"name": "Nils"})

    assert [each.code for each in refused.errors] == [UserErrorCode.VERSION_REQUIRED]
    assert worker.writes(system) == []


@EACH
async def test_another_version_is_a_conflict_that_tells_the_places_as_they_are(worker: Worker, system: str) -> None:
    key = key_of(worker, system)
    version = await worker.version(system, key)
    other = await worker.update(system, key, {"phone": "+49 30 901820"}, expected_version=version)
    assert other.errors == []
    worker.forget_calls()

    refused = await worker.update(system, key, {"name": "Nils"}, expected_version=version)

    assert [each.code for each in refused.errors] == [UserErrorCode.CONFLICT]
    assert worker.writes(system) == []
    assert refused.operation is not None
    [write] = refused.operation.writes
    assert (refused.operation.state, write.status) == (OperationState.REJECTED, WriteStatus.SKIPPED)
    assert write.changes[0].before is not None


@EACH
async def test_two_writers_of_one_record_go_one_after_the_other(worker: Worker, system: str, tmp_path: Path) -> None:
    key = key_of(worker, system)
    async with working(worker.box, tmp_path) as other:
        version = await worker.version(system, key)
        both = await asyncio.gather(
            worker.update(system, key, {"name": "One"}, expected_version=version),
            other.update(system, key, {"name": "Two"}, expected_version=version),
        )

    codes = sorted((each.errors[0].code.value if each.errors else "") for each in both)
    assert codes in (["", "CONFLICT"], ["", "PENDING"])


@EACH
async def test_a_key_replays_its_outcome_and_refuses_another_input(worker: Worker, system: str) -> None:
    key = key_of(worker, system)
    how = {"expected_version": await worker.version(system, key), "idempotency_key": "one"}
    first = await worker.update(system, key, {"name": "Nils"}, **how)
    worker.forget_calls()

    again = await worker.update(system, key, {"name": "Nils"}, **how)
    other = await worker.update(system, key, {"name": "Olga"}, **how)

    assert first.operation is not None
    assert again.operation is not None
    assert (again.operation.id, again.operation.replayed) == (first.operation.id, True)
    assert again.operation.state is first.operation.state
    assert [each.code for each in other.errors] == [UserErrorCode.IDEMPOTENCY_MISMATCH]
    assert worker.writes(system) == []


async def test_a_refused_write_keeps_no_key(worker: Worker) -> None:
    key = key_of(worker, WRITABLE)
    version = await worker.version(WRITABLE, key)
    how = {"expected_version": version, "idempotency_key": "one", "input_text": "the same"}

    refused = await worker.update(WRITABLE, key, {"email": "no address"}, **how)
    done = await worker.update(WRITABLE, key, {"name": "Nils"}, **how)

    assert [(each.code, each.field) for each in refused.errors] == [(UserErrorCode.INVALID, ("patch", "email"))]
    assert done.errors == []


@EACH
async def test_taking_out_of_use_and_bringing_back(worker: Worker, system: str) -> None:
    key = key_of(worker, system)
    writer = worker.federation.systems[system].writer
    assert writer is not None

    done = await worker.write(OperationKind.ARCHIVE, system, key, {}, force=True)

    if writer.writes.archive is None:
        assert [each.code for each in done.errors] == [UserErrorCode.NOT_WRITABLE]
        assert worker.calls(system) == []
        return
    assert (done.errors, len(worker.writes(system))) == ([], 1)
    back = await worker.write(OperationKind.RESTORE, system, key, {}, force=True)
    assert back.operation is not None
    assert (back.errors, back.operation.state) == ([], OperationState.APPLIED)


async def test_six_clears_need_force(worker: Worker) -> None:
    key = key_of(worker, WRITABLE)
    writer = worker.federation.systems[WRITABLE].writer
    assert writer is not None
    patch = dict.fromkeys([name for name in CLEARED if name in writer.writes.fields][:6])
    version = await worker.version(WRITABLE, key)

    refused = await worker.update(WRITABLE, key, patch, expected_version=version)
    done = await worker.update(WRITABLE, key, patch, expected_version=version, force=True)

    assert [(each.code, each.field) for each in refused.errors] == [(UserErrorCode.INVALID, ("patch",))]
    assert done.errors == []


@EACH
async def test_a_lost_answer_is_looked_up_and_the_call_not_sent_again(worker: Worker, system: str) -> None:
    key = key_of(worker, system)
    version = await worker.version(system, key)
    vendor = worker.box.vendors[system]
    worker.forget_calls()
    vendor.faults.set("reset", method=_update_method(worker, system), applied="before", calls=1)

    done = await worker.update(system, key, {"name": "Nils"}, expected_version=version)

    assert done.operation is not None
    assert (done.errors, len(worker.writes(system))) == ([], 1)
    assert done.operation.state in (OperationState.APPLIED, OperationState.PENDING)


def _update_method(worker: Worker, system: str) -> str:
    writer = worker.federation.systems[system].writer
    assert writer is not None
    update = writer.writes.resources[""].update
    assert update is not None
    return update[0]


@pytest.mark.vendors("next")
async def test_values_of_scopes_that_a_caller_lacks_are_redacted(worker: Worker) -> None:
    key = key_of(worker, "next")
    done = await worker.update(
        "next",
        key,
        {"next": {"iban": "DE02120300000000202051"}},
        force=True,
        rights=Rights(EVERY_SCOPE - {"billing:read"}),
    )

    assert done.operation is not None
    [change] = done.operation.writes[0].changes
    assert (change.before, change.after, change.redacted) == (None, None, True)
