"""Others change a record while it is written: told where it can be seen, refused where the version tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import UPDATE, Calls
from operations.world import working
from picked import WRITTEN, WRITTEN_IN_PART
from vendors import WRITES, sandbox

from customer_gateway.model.operations import OperationState, UserErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.table]

PHONE_OF_ITS_OWN = [slug for slug, writes in WRITTEN.items() if writes.fields["phone"].places == ("phone",)]
EACH = pytest.mark.parametrize("system", list(WRITTEN))
OURS = {"phone": "+49 221 7654321"}


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with working(box, tmp_path) as made:
        yield made
    box.close()


def key_at(worker: Worker, system: str) -> str:
    return worker.box.vendors[system].customers.keys()[3]


def interfere(worker: Worker, system: str) -> None:
    """Change the record as somebody else does, within the second of its last change: no stamp moves."""
    place, value = WRITES[system].foreign
    worker.box.vendors[system].customers.plant(key_at(worker, system), f'{{"{place}":"{value}"}}')


def call_of(worker: Worker, system: str, calls: tuple[str, ...]) -> str:
    """The customer's own call, as the vendor's hooks have it."""
    writer = worker.federation.systems[system].writer
    assert writer is not None
    return calls[0].replace("{key}", writer.writes.path_of(key_at(worker, system)))


def calls_of(system: str) -> Calls:
    calls = UPDATE[system]
    assert isinstance(calls, Calls)
    return calls


async def changed(worker: Worker, system: str, version: str, **otherwise: Any) -> Outcome:
    return await worker.update(system, key_at(worker, system), OURS, expected_version=version, **otherwise)


def foreign(done: Outcome) -> dict[str, Any]:
    assert done.operation is not None
    return {each.field: each.after for each in done.operation.foreign_changes}


@EACH
async def test_a_foreign_change_before_our_read_is_a_conflict_though_no_stamp_has_moved(
    worker: Worker, system: str
) -> None:
    version = await worker.version(system, key_at(worker, system))
    interfere(worker, system)
    worker.forget_calls()

    refused = await changed(worker, system, version)

    assert [each.code for each in refused.errors] == [UserErrorCode.CONFLICT]
    assert worker.writes(system) == []


@pytest.mark.parametrize("system", WRITTEN_IN_PART)
async def test_a_foreign_change_between_our_read_and_a_write_in_part_stays_and_is_told(
    worker: Worker, system: str
) -> None:
    place, value = WRITES[system].foreign
    version = await worker.version(system, key_at(worker, system))
    reading = call_of(worker, system, calls_of(system).reads)
    worker.box.vendors[system].hooks.after(reading, lambda: interfere(worker, system))

    done = await changed(worker, system, version)

    assert done.operation is not None
    assert (done.errors, done.operation.state) == ([], OperationState.APPLIED)
    assert foreign(done) == {place: value}
    assert (worker.box.vendors[system].customers.get(key_at(worker, system)) or {})[place] == value


@EACH
async def test_a_foreign_change_right_after_our_write_stays_and_is_told(worker: Worker, system: str) -> None:
    place, value = WRITES[system].foreign
    version = await worker.version(system, key_at(worker, system))
    writing = call_of(worker, system, calls_of(system).writes)
    worker.box.vendors[system].hooks.after(writing, lambda: interfere(worker, system))

    done = await changed(worker, system, version)

    assert done.operation is not None
    assert [each.verified for each in done.operation.writes] == [True]
    assert (done.errors, foreign(done)) == ([], {place: value})
    assert (worker.box.vendors[system].customers.get(key_at(worker, system)) or {})[place] == value


@pytest.mark.parametrize("system", PHONE_OF_ITS_OWN)
async def test_a_foreign_change_of_the_place_that_we_wrote_leaves_it_unverified(worker: Worker, system: str) -> None:
    version = await worker.version(system, key_at(worker, system))
    writing = call_of(worker, system, calls_of(system).writes)
    customers = worker.box.vendors[system].customers
    other = '{"phone":"+358 9 1234567"}'
    worker.box.vendors[system].hooks.after(writing, lambda: customers.plant(key_at(worker, system), other))

    done = await changed(worker, system, version)

    assert done.operation is not None
    assert [each.verified for each in done.operation.writes] == [False]
    assert len(worker.writes(system)) == 1


@pytest.mark.parametrize("system", PHONE_OF_ITS_OWN)
async def test_a_foreign_change_of_the_place_whose_answer_was_lost_leaves_it_open(worker: Worker, system: str) -> None:
    version = await worker.version(system, key_at(worker, system))
    writing = call_of(worker, system, calls_of(system).writes)
    upstream = worker.box.vendors[system]
    other = '{"phone":"+358 9 1234567"}'
    upstream.hooks.after(writing, lambda: upstream.customers.plant(key_at(worker, system), other))
    upstream.faults.set("status", status=502, method=writing.partition(" ")[0], calls=1, applied="before")

    done = await changed(worker, system, version)

    assert done.operation is not None
    assert done.operation.state is OperationState.UNKNOWN
    assert len(worker.writes(system)) == 1
