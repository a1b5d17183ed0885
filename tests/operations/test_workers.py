"""Several workers of one journal, on either database: writers of a record wait, a key is used once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from operations.cells import NEW, UPDATE, Calls
from operations.world import ACTOR, working
from picked import WRITABLE, update_call
from vendors import sandbox

from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationState, UserErrorCode

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from pathlib import Path

    from operations.world import Worker

    from customer_gateway.operations.requests import Outcome

pytestmark = [pytest.mark.anyio, pytest.mark.table]

EACH = pytest.mark.parametrize("system", [slug for slug, calls in UPDATE.items() if isinstance(calls, Calls)])
OURS = {"phone": "+49 221 7654321"}
PATCHES = [{"phone": "+49 221 7654321"}, {"vat_number": "DE136695976"}, {"address.city": "Bonn"}]
"""Changes of different places, none of which a vendor reviews: all of them are to stand in the end."""


@asynccontextmanager
async def workers(url: str, path: Path) -> AsyncGenerator[tuple[Worker, Worker]]:
    """Two workers over one sandbox, with a database in common."""
    box = sandbox(customers=20)
    async with working(box, path, url=url) as one, working(box, path, url=url) as other:
        yield one, other
    box.close()


def key_at(worker: Worker, system: str) -> str:
    return worker.box.vendors[system].customers.keys()[3]


def codes_of(outcomes: Iterable[Outcome]) -> list[UserErrorCode | None]:
    return [each.errors[0].code if each.errors else None for each in outcomes]


def ids_of(outcomes: Iterable[Outcome]) -> set[str | None]:
    return {each.operation.id for each in outcomes if each.operation is not None and not each.errors}


@EACH
async def test_of_two_writers_with_one_version_one_writes_and_the_other_is_told(
    system: str, database_url: str, tmp_path: Path
) -> None:
    async with workers(database_url, tmp_path) as (one, other):
        key = key_at(one, system)
        version = await one.version(system, key)

        both = await asyncio.gather(
            one.update(system, key, {"phone": "+49 221 7654321"}, expected_version=version),
            other.update(system, key, {"phone": "+49 221 7654322"}, expected_version=version),
        )

        assert sorted(map(str, codes_of(both))) == ["None", str(UserErrorCode.CONFLICT)]
        assert len(one.writes(system)) == 1


@EACH
async def test_changes_of_many_writers_all_stand_in_the_end(system: str, database_url: str, tmp_path: Path) -> None:
    async with workers(database_url, tmp_path) as both:
        key = key_at(both[0], system)
        writer = both[0].federation.systems[system].writer
        assert writer is not None
        patches = [each for each in PATCHES if set(each) <= set(writer.writes.fields)]

        done = await asyncio.gather(
            *(worker.update(system, key, patch, force=True) for patch in patches for worker in both)
        )

        assert codes_of(done) == [None] * len(done)
        again = [await both[0].update(system, key, patch, force=True, dry_run=True) for patch in patches]
        assert [each.operation.writes for each in again if each.operation] == [[]] * len(patches)


async def started_together(both: tuple[Worker, Worker], system: str, **how: Any) -> list[Outcome]:
    key = key_at(both[0], system)
    return await asyncio.gather(*(worker.update(system, key, OURS, **how) for worker in both for _ in range(2)))


@EACH
async def test_a_key_that_comes_to_two_workers_at_once_is_written_once(
    system: str, database_url: str, tmp_path: Path
) -> None:
    async with workers(database_url, tmp_path) as both:
        how = {"expected_version": await both[0].version(system, key_at(both[0], system)), "idempotency_key": "one"}

        done = await started_together(both, system, **how)
        later = await started_together(both, system, **how)

        assert set(codes_of(done)) <= {None, UserErrorCode.IDEMPOTENCY_IN_PROGRESS}
        assert None in codes_of(done)
        assert len(ids_of(done)) == len(ids_of(later)) == len(ids_of([*done, *later])) == 1
        assert [each.operation.replayed for each in later if each.operation] == [True] * 4
        assert len(both[0].writes(system)) == 1


@EACH
async def test_a_creation_whose_key_comes_to_two_workers_at_once_makes_one_customer(
    system: str, database_url: str, tmp_path: Path
) -> None:
    async with workers(database_url, tmp_path) as both:
        customers = both[0].box.vendors[system].customers
        before = set(customers.keys())

        done = await asyncio.gather(*(each.create(system, NEW[system], idempotency_key="one") for each in both))

        made = set(customers.keys()) - before
        applied = [each for each in done if not each.errors]
        assert len(made) == 1
        assert {each.key for each in applied} == made
        assert [each.operation.state for each in applied if each.operation] == [OperationState.APPLIED] * len(applied)


async def test_a_key_whose_write_is_under_way_is_in_progress_at_another_worker_and_replayed_afterwards(
    database_url: str, tmp_path: Path
) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await go_on.wait()

    async with workers(database_url, tmp_path) as (one, other):
        key = key_at(one, WRITABLE)
        how = {"expected_version": await one.version(WRITABLE, key), "idempotency_key": "one"}
        one.box.vendors[WRITABLE].hooks.before(update_call(WRITABLE), wait)
        first = asyncio.create_task(one.update(WRITABLE, key, OURS, **how))
        await arrived.wait()

        meanwhile = await other.update(WRITABLE, key, OURS, **how)
        go_on.set()
        done = await first
        again = await other.update(WRITABLE, key, OURS, **how)

        [error] = meanwhile.errors
        assert (error.code, error.retryable) == (UserErrorCode.IDEMPOTENCY_IN_PROGRESS, True)
        assert error.field == ("idempotencyKey",)
        assert error.retry_after_ms
        assert codes_of([done, again]) == [None, None]
        assert again.operation is not None
        assert again.operation.replayed
        assert len(one.writes(WRITABLE)) == 1


async def test_a_request_ends_by_its_deadline_and_its_write_goes_on(database_url: str, tmp_path: Path) -> None:
    go_on = asyncio.Event()
    async with workers(database_url, tmp_path) as (one, other):
        key = key_at(one, WRITABLE)
        version = await one.version(WRITABLE, key)
        one.box.vendors[WRITABLE].hooks.before(update_call(WRITABLE), go_on.wait)

        early = await one.update(WRITABLE, key, OURS, expected_version=version, seconds=2)
        go_on.set()
        await one.operations.aclose()

        assert codes_of([early]) == [UserErrorCode.UPSTREAM_TIMEOUT]
        assert early.operation is not None
        assert early.operation.state is OperationState.RUNNING
        later = await other.operations.find(early.operation.id or "", ACTOR, EVERY_RIGHT)
        assert later is not None
        assert (later.state, len(one.writes(WRITABLE))) == (OperationState.APPLIED, 1)


async def test_a_request_that_is_given_up_leaves_its_write_to_go_on(database_url: str, tmp_path: Path) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await go_on.wait()

    async with workers(database_url, tmp_path) as (one, other):
        key = key_at(one, WRITABLE)
        version = await one.version(WRITABLE, key)
        one.box.vendors[WRITABLE].hooks.before(update_call(WRITABLE), wait)

        asked = asyncio.create_task(one.update(WRITABLE, key, OURS, expected_version=version))
        await arrived.wait()
        asked.cancel()
        go_on.set()
        await one.operations.aclose()

        [told] = await other.operations.page(5, None, ACTOR, EVERY_RIGHT)
        assert (told.key, told.state, len(one.writes(WRITABLE))) == (key, OperationState.APPLIED, 1)
