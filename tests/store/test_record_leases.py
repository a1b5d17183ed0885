from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from store.journal_rows import HOUR, NOW, SECOND, a_journal, an_operation, journals, settled

from customer_gateway.errors import LeaseLost
from customer_gateway.model.journal import Begun
from customer_gateway.model.operations import OperationState

if TYPE_CHECKING:
    from customer_gateway.model.journal import Journal
    from customer_gateway.store.database import Database

pytestmark = pytest.mark.anyio

RECORD = "pland/17"


@pytest.fixture
def journal(database: Database) -> Journal:
    return a_journal(database)


async def is_free(journal: Journal) -> bool:
    """Whether another than the owner of `an_operation` gets the record's lease, within its time."""
    return await journal.acquire_record(RECORD, "worker-2", NOW, NOW + SECOND)


async def test_a_record_has_one_owner_until_its_lease_is_expired_or_released(journal: Journal) -> None:
    until = NOW + 30 * SECOND

    assert await journal.acquire_record("pland/17", "a", NOW, until)
    assert not await journal.acquire_record("pland/17", "b", NOW, until)
    assert await journal.acquire_record("pland/18", "b", NOW, until)
    assert await journal.acquire_record("pland/17", "a", NOW, until + SECOND)
    assert not await journal.acquire_record("pland/17", "b", until, until + HOUR)
    assert await journal.acquire_record("pland/17", "b", until + SECOND, until + HOUR)
    await journal.release_record("pland/17", "a")
    assert not await journal.acquire_record("pland/17", "a", until + SECOND, until + HOUR)
    await journal.release_record("pland/17", "b")
    assert await journal.acquire_record("pland/17", "a", until + SECOND, until + HOUR)


async def test_of_those_that_lock_a_record_at_once_one_has_it(database_url: str) -> None:
    async with journals(database_url, 5) as workers:
        for begun in (NOW, NOW + HOUR):  # first there is none, then one that is out
            had = await asyncio.gather(
                *(
                    each.acquire_record("pland/17", f"{begun} {n}", begun, begun + SECOND)
                    for n, each in enumerate(workers)
                )
            )
            assert sorted(had) == [False] * 4 + [True]


async def test_an_operation_that_begins_takes_its_record_too(journal: Journal) -> None:
    operation = an_operation()

    assert await journal.begin(operation, NOW, RECORD) == Begun(has_record=True)
    assert not await is_free(journal)
    assert await journal.acquire_record(RECORD, "worker-2", NOW + 30 * SECOND, NOW + HOUR)


async def test_an_operation_that_takes_its_record_is_told_what_is_unsettled_of_it(journal: Journal) -> None:
    unknown = replace(an_operation("op-0", state=OperationState.UNKNOWN), lease_until=None)
    await journal.begin(an_operation("op-0"), NOW)
    await journal.update(unknown)

    first = await journal.begin(an_operation(), NOW, RECORD)
    second = await journal.begin(an_operation("op-2", owner="worker-2"), NOW, RECORD)

    assert first == Begun(has_record=True, unsettled=(replace(unknown, owner=None),))
    assert second == Begun()


async def test_an_operation_begins_while_another_has_its_record(journal: Journal) -> None:
    await journal.begin(an_operation(), NOW, RECORD)

    other = an_operation("op-2", owner="worker-2")

    assert await journal.begin(other, NOW, RECORD) == Begun()
    assert await journal.find("op-2") == other


async def test_an_operation_whose_key_another_has_takes_no_record(journal: Journal) -> None:
    first = an_operation(idempotency="i1")
    await journal.begin(first, NOW)

    assert await journal.begin(an_operation("op-2", idempotency="i1"), NOW, RECORD) == Begun(first)
    assert await is_free(journal)


async def test_an_operation_that_goes_on_keeps_its_record(journal: Journal) -> None:
    operation = replace(an_operation(), lease_until=NOW + HOUR)
    await journal.begin(an_operation(), NOW, RECORD)

    await journal.update(operation, RECORD)

    assert not await journal.acquire_record(RECORD, "worker-2", NOW + HOUR - SECOND, NOW + HOUR)
    assert await journal.renew("op-1", "worker-1", NOW + 2 * HOUR, RECORD)
    assert not await journal.acquire_record(RECORD, "worker-2", NOW + HOUR, NOW + HOUR)


@pytest.mark.parametrize("state", [OperationState.APPLIED, OperationState.PENDING, OperationState.UNKNOWN])
async def test_an_operation_that_is_done_with_gives_its_record_up_in_the_same_commit(
    journal: Journal, state: OperationState
) -> None:
    operation = an_operation()
    await journal.begin(operation, NOW, RECORD)
    over = settled(operation, NOW + SECOND) if state is OperationState.APPLIED else replace(operation, lease_until=None)

    await journal.update(replace(over, state=state), RECORD)

    assert await is_free(journal)


async def test_an_operation_that_is_discarded_gives_its_record_up(journal: Journal) -> None:
    await journal.begin(an_operation(), NOW, RECORD)

    await journal.discard(an_operation(), RECORD)

    assert await is_free(journal)


async def test_who_lost_the_record_goes_on_with_nothing_and_may_settle(journal: Journal) -> None:
    operation = replace(an_operation(), lease_until=NOW + HOUR)
    await journal.begin(an_operation(), NOW, RECORD)
    assert await journal.acquire_record(RECORD, "worker-2", NOW + 30 * SECOND, NOW + HOUR)

    with pytest.raises(LeaseLost):
        await journal.update(operation, RECORD)
    assert not await journal.renew("op-1", "worker-1", NOW + HOUR, RECORD)
    assert await journal.find("op-1") == an_operation()

    await journal.update(settled(operation, NOW + SECOND), RECORD)
    assert not await journal.acquire_record(RECORD, "worker-3", NOW + HOUR - SECOND, NOW + HOUR)
