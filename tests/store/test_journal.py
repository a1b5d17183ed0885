from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import pytest
from sqlalchemy import select
from store.journal_rows import (
    DAY,
    HOUR,
    NAME_OF_SOMEBODY,
    NOW,
    SECOND,
    WRITE,
    a_journal,
    an_operation,
    journals,
    settled,
)

from customer_gateway.errors import DatabaseUnavailable, LeaseLost, PrivateKeyMissing
from customer_gateway.model.journal import Begun, StoredOperation
from customer_gateway.model.operations import OperationState, WriteStatus
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.operation_table import GIVEN_UP, OPERATIONS_KEPT
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.store.tables import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from customer_gateway.model.journal import Journal

T = TypeVar("T")

pytestmark = pytest.mark.anyio


class Waited(Database):
    """A database that tells which of its transactions have waited for the disk."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.durable: list[bool] = []

    async def write(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        self.durable.append(durable)
        return await super().write(work, durable=durable)


@pytest.fixture
def journal(database: Database) -> Journal:
    return a_journal(database)


def without_values(operation: StoredOperation) -> StoredOperation:
    return replace(operation, private={}, writes=tuple(replace(each, body="", changes=()) for each in operation.writes))


async def test_an_operation_is_found_as_it_was_begun(journal: Journal) -> None:
    operation = an_operation(idempotency="i1")

    assert await journal.begin(operation, NOW) == Begun()
    assert await journal.find("op-1") == operation
    assert await journal.find("op-2") is None


async def test_an_operation_is_found_as_it_was_updated(journal: Journal) -> None:
    operation = an_operation(key=None, writes=(replace(WRITE, sent_at=None, verified=None, error=None),))
    await journal.begin(operation, NOW)
    sent = replace(
        operation,
        key="18",
        writes=(WRITE, replace(WRITE, resource="addresses", status=WriteStatus.SKIPPED)),
        errors=(),
        foreign_places=(),
        private={},
        lease_until=NOW + 60 * SECOND,
    )

    await journal.update(sent)

    assert await journal.find("op-1") == sent


async def test_what_is_stored_of_a_call_waits_for_the_disk_and_nothing_else(tmp_path: Path) -> None:
    """Before a call is sent, its intent is on the disk; what was begun and lost with the power has sent nothing."""
    database = Waited(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    journal = a_journal(database)
    operation = an_operation(writes=(replace(WRITE, sent_at=None),))
    sent_late = replace(an_operation(), id="op-2")

    await journal.begin(operation, NOW, "record")
    await journal.renew("op-1", "worker-1", NOW + HOUR, "record")
    await journal.update(operation, "record")
    await journal.discard(operation, "record")
    await journal.acquire_record("other", "worker-1", NOW, NOW + HOUR)
    await journal.release_record("other", "worker-1")
    await journal.begin(sent_late, NOW)
    await database.aclose()

    assert database.durable == [False, False, True, False, False, False, True]


async def test_a_settled_operation_has_no_lease_and_is_changed_no_more(journal: Journal) -> None:
    operation = an_operation()
    await journal.begin(operation, NOW)
    over = settled(operation, NOW + SECOND)

    await journal.update(over)

    assert await journal.find("op-1") == replace(over, owner=None, lease_until=None)
    assert await journal.take_over("op-1", "worker-2", NOW + DAY, NOW + DAY * 2) is None
    with pytest.raises(LeaseLost):
        await journal.update(over)


@pytest.mark.parametrize("state", [OperationState.PENDING, OperationState.UNKNOWN])
async def test_an_open_operation_without_a_lease_is_taken_over_at_once(journal: Journal, state: OperationState) -> None:
    operation = an_operation()
    await journal.begin(operation, NOW)
    await journal.update(replace(operation, state=state, lease_until=None))

    taken = await journal.take_over("op-1", "worker-2", NOW, NOW + 30 * SECOND)
    again = await journal.take_over("op-1", "worker-3", NOW, NOW + 30 * SECOND)

    assert taken is not None
    assert taken == replace(operation, state=state, owner="worker-2", lease_until=NOW + 30 * SECOND)
    assert again is None
    await journal.update(settled(taken, NOW + SECOND))


async def test_who_lost_the_lease_changes_nothing(journal: Journal) -> None:
    operation = an_operation()
    await journal.begin(operation, NOW)
    out = NOW + 30 * SECOND

    early = await journal.take_over("op-1", "worker-2", out - SECOND, out + HOUR)
    taken = await journal.take_over("op-1", "worker-2", out, out + HOUR)

    assert (early, taken) == (None, replace(operation, owner="worker-2", lease_until=out + HOUR))
    for late in (journal.update(settled(operation, out)), journal.discard(operation)):
        with pytest.raises(LeaseLost):
            await late
    assert not await journal.renew("op-1", "worker-1", out + DAY)
    assert await journal.find("op-1") == taken


async def test_a_lease_that_is_renewed_is_not_taken(journal: Journal) -> None:
    await journal.begin(an_operation(), NOW)

    assert await journal.renew("op-1", "worker-1", NOW + HOUR)
    assert await journal.take_over("op-1", "worker-2", NOW + HOUR - SECOND, NOW + DAY) is None
    assert not await journal.renew("op-2", "worker-1", NOW + HOUR)


async def test_of_those_that_take_an_operation_over_at_once_one_has_it(database_url: str) -> None:
    async with journals(database_url, 4) as workers:
        await workers[0].begin(an_operation(), NOW)
        taken = await asyncio.gather(
            *(each.take_over("op-1", f"worker-{n}", NOW + HOUR, NOW + DAY) for n, each in enumerate(workers))
        )

        (one,) = [each for each in taken if each is not None]
        assert await workers[0].find("op-1") == one


async def test_a_discarded_operation_is_gone_and_frees_its_key(journal: Journal) -> None:
    operation = an_operation(idempotency="i1")
    await journal.begin(operation, NOW)

    await journal.discard(operation)

    assert await journal.find("op-1") is None
    assert await journal.begin(an_operation("op-2", idempotency="i1"), NOW) == Begun()


async def test_an_idempotency_key_names_the_operation_that_began_with_it(journal: Journal) -> None:
    operation = an_operation(idempotency="i1")
    await journal.begin(operation, NOW)

    assert await journal.begin(an_operation("op-2", idempotency="i1"), NOW + DAY * 9) == Begun(operation)
    assert await journal.find("op-2") is None
    assert await journal.begin(an_operation("op-3", idempotency="i2"), NOW) == Begun()
    assert await journal.begin(an_operation("op-4"), NOW) == Begun()
    assert await journal.begin(an_operation("op-5"), NOW) == Begun()


async def test_a_settled_operation_holds_its_key_for_a_day(journal: Journal) -> None:
    operation = an_operation(idempotency="i1")
    await journal.begin(operation, NOW)
    await journal.update(settled(operation, NOW))
    later = an_operation("op-2", idempotency="i1")

    held = await journal.begin(later, NOW + DAY - SECOND)
    begun = await journal.begin(later, NOW + DAY)

    assert held.existing is not None
    assert held.existing.id == "op-1"
    assert begun == Begun()
    first = await journal.find("op-1")
    assert first is not None
    assert first.idempotency is None


async def test_of_those_that_begin_with_one_key_at_once_one_does(database_url: str) -> None:
    async with journals(database_url, 5) as workers:
        old = an_operation("old", idempotency="i1")
        await workers[0].begin(old, NOW - DAY * 2)
        await workers[0].update(settled(old, NOW - DAY * 2))

        found = await asyncio.gather(
            *(each.begin(an_operation(f"op-{n}", idempotency="i1"), NOW) for n, each in enumerate(workers))
        )

        (one,) = [n for n, each in enumerate(found) if each.existing is None]
        assert [each.existing.id for each in found if each.existing] == [f"op-{one}"] * 4
        assert {each.id for each in await workers[0].page(9)} == {f"op-{one}", "old"}


async def test_running_operations_without_a_lease_are_stranded(journal: Journal) -> None:
    for number, started in ((1, NOW), (2, NOW - SECOND), (3, NOW + SECOND)):
        await journal.begin(an_operation(f"op-{number}", started_at=started), NOW)
    pending = an_operation("op-4")
    await journal.begin(pending, NOW)
    await journal.update(replace(pending, state=OperationState.PENDING, lease_until=None))
    await journal.renew("op-3", "worker-1", NOW + HOUR)

    assert await journal.stranded(NOW, 9, ["pland"]) == []
    assert await journal.stranded(NOW + 30 * SECOND, 9, ["pland"]) == ["op-2", "op-1"]
    assert await journal.stranded(NOW + HOUR, 2, ["next", "pland"]) == ["op-2", "op-1"]
    assert await journal.stranded(NOW + HOUR, 2, ["next"]) == []


async def test_open_operations_on_a_record_are_told_the_newest_first(journal: Journal) -> None:
    states = [OperationState.PENDING, OperationState.UNKNOWN, OperationState.RUNNING, OperationState.APPLIED]
    for number, state in enumerate(states):
        await journal.begin(an_operation(f"op-{number}", state=state, started_at=NOW + number * SECOND), NOW)
    await journal.begin(an_operation("other", state=OperationState.PENDING, key="18"), NOW)

    assert [each.id for each in await journal.unsettled_of("pland", "17")] == ["op-1", "op-0"]
    assert await journal.unsettled_of("next", "17") == []


async def test_operations_are_paged_the_newest_first(journal: Journal) -> None:
    for number in range(6):
        await journal.begin(an_operation(f"op-{number}", started_at=NOW + number // 2 * SECOND), NOW)

    first = await journal.page(4)
    second = await journal.page(4, (first[-1].started_at, first[-1].id))

    assert [each.id for each in first] == ["op-5", "op-4", "op-3", "op-2"]
    assert [each.id for each in second] == ["op-1", "op-0"]


async def test_a_page_has_what_fulfils_every_condition(journal: Journal) -> None:
    await journal.begin(an_operation("mine"), NOW)
    await journal.begin(an_operation("yours", actor="key:other", system="next"), NOW)
    await journal.begin(an_operation("pending", state=OperationState.PENDING, key="18"), NOW)

    async def ids(**conditions: object) -> list[str]:
        return sorted(each.id for each in await journal.page(9, **conditions))  # pyright: ignore[reportArgumentType] - by name

    assert await ids(actor="key:shop") == ["mine", "pending"]
    assert await ids(states=[OperationState.PENDING, OperationState.UNKNOWN]) == ["pending"]
    assert await ids(record=("pland", "17")) == ["mine"]
    assert await ids(systems=["next", "billbee"]) == ["yours"]
    assert await ids(systems=[]) == []
    await journal.update(settled(an_operation("mine"), NOW + SECOND))
    assert await ids(unsettled_at=NOW + SECOND) == ["mine", "pending", "yours"]
    assert await ids(unsettled_at=NOW + HOUR) == ["pending", "yours"]
    assert await ids(actor="key:shop", states=[OperationState.APPLIED], systems=["pland"]) == ["mine"]


async def test_personal_values_go_a_day_after_their_operation_is_settled(journal: Journal) -> None:
    settled_then, settled_later, unsettled = (an_operation(f"op-{number}") for number in range(3))
    for each in (settled_then, settled_later, unsettled):
        await journal.begin(each, NOW)
    await journal.update(settled(settled_then, NOW))
    await journal.update(settled(settled_later, NOW + SECOND))

    purged = [await journal.purge(NOW + after) for after in (DAY - SECOND, DAY, DAY)]

    assert purged == [0, 1, 0]
    first, second, third = [await journal.find(f"op-{number}") for number in range(3)]
    assert first == without_values(replace(settled(settled_then, NOW), owner=None, lease_until=None))
    assert second is not None
    assert second.writes == (WRITE,)
    assert third == unsettled


async def test_operations_go_90_days_after_they_are_settled(journal: Journal) -> None:
    for each in ("op-1", "op-2"):
        await journal.begin(an_operation(each), NOW)
    await journal.update(settled(an_operation("op-1"), NOW))

    await journal.purge(NOW + OPERATIONS_KEPT - SECOND)
    kept = len(await journal.page(9))
    await journal.purge(NOW + OPERATIONS_KEPT)

    assert (kept, [each.id for each in await journal.page(9)]) == (2, ["op-2"])


@pytest.mark.parametrize("state", [OperationState.RUNNING, OperationState.PENDING, OperationState.UNKNOWN])
async def test_an_operation_that_nobody_settles_for_30_days_is_given_up_as_unknown(
    journal: Journal, state: OperationState
) -> None:
    operation = an_operation(idempotency="i1")
    await journal.begin(operation, NOW)
    if state is not OperationState.RUNNING:
        await journal.update(replace(operation, state=state, lease_until=None))

    early = await journal.purge(NOW + GIVEN_UP - SECOND)
    kept = await journal.find("op-1")
    purged = await journal.purge(NOW + GIVEN_UP)

    assert (early, purged) == (0, 1)
    assert kept is not None
    assert (kept.state, kept.private) == (state, operation.private)
    over = settled(operation, NOW + GIVEN_UP)
    assert await journal.find("op-1") == without_values(
        replace(over, state=OperationState.UNKNOWN, owner=None, lease_until=None)
    )
    assert await journal.unsettled_of("pland", "17") == []
    later = an_operation("op-2", idempotency="i1")
    assert await journal.begin(later, NOW + GIVEN_UP + DAY) == Begun()


async def test_an_operation_that_a_worker_is_at_is_not_given_up(journal: Journal) -> None:
    await journal.begin(replace(an_operation(), lease_until=NOW + DAY + GIVEN_UP), NOW)

    assert await journal.purge(NOW + GIVEN_UP) == 0


async def test_leases_of_records_that_are_out_are_deleted_with_it(journal: Journal) -> None:
    await journal.acquire_record("pland/17", "a", NOW, NOW + SECOND)
    await journal.acquire_record("pland/18", "a", NOW, NOW + HOUR)

    assert await journal.purge(NOW + 2 * SECOND) == 0
    assert not await journal.acquire_record("pland/18", "b", NOW + 2 * SECOND, NOW + HOUR)


async def test_what_another_key_sealed_is_told_without_its_values_and_stays(
    database: Database, journal: Journal
) -> None:
    operation = an_operation()
    await journal.begin(operation, NOW)
    other, keyless = a_journal(database, b"o" * 32), OperationJournal(database, PrivateKeySource(None, lambda: None))

    assert await other.find("op-1") == without_values(operation)
    assert await keyless.page(9) == [without_values(operation)]
    taken = await other.take_over("op-1", "worker-2", NOW + HOUR, NOW + DAY)
    assert taken is not None
    assert taken == without_values(replace(operation, owner="worker-2", lease_until=NOW + DAY))
    await other.update(replace(taken, state=OperationState.UNKNOWN, lease_until=None))

    assert await journal.find("op-1") == replace(operation, state=OperationState.UNKNOWN, owner=None, lease_until=None)


async def test_a_sealed_value_opens_in_its_own_operation_alone(database: Database, journal: Journal) -> None:
    await journal.begin(an_operation("op-1"), NOW)
    await journal.begin(an_operation("op-2"), NOW)
    async with database.write_transaction() as connection:
        other = select(OPERATIONS.c.private).where(OPERATIONS.c.id == "op-2").scalar_subquery()
        await connection.execute(OPERATIONS.update().where(OPERATIONS.c.id == "op-1").values(private=other))

    assert await journal.find("op-1") == without_values(an_operation("op-1"))


async def test_no_personal_value_is_in_the_columns_but_sealed(database: Database, journal: Journal) -> None:
    await journal.begin(an_operation(), NOW)

    async with database.read_transaction() as connection:
        row = (await connection.execute(select(OPERATIONS))).one()
    assert NAME_OF_SOMEBODY.encode() not in row.private
    assert NAME_OF_SOMEBODY not in str(row)
    assert "1.10" not in str(row)


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


async def test_no_personal_value_is_in_the_files_in_clear(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}")
    journal = a_journal(database)
    operation = an_operation()
    await journal.begin(operation, NOW)
    await journal.update(replace(operation, lease_until=NOW + HOUR))
    while_open = contents(tmp_path)
    await database.aclose()

    written = [*while_open, *contents(tmp_path)]
    assert any(b"/customers/17" in content for content in written)
    assert not any(b"Musterfrau" in content for content in written)


async def test_digests_are_the_same_for_one_key_and_others_for_another(database: Database) -> None:
    one, same, other = a_journal(database), a_journal(database), a_journal(database, b"o" * 32)

    assert one.digest("text") == same.digest("text") != other.digest("text")
    assert one.digest("text") != one.digest("text ")
    assert len(one.digest("text")) == 64


async def test_nothing_is_written_without_a_key_and_nothing_is_made_by_reading(
    database: Database, tmp_path: Path
) -> None:
    journal = OperationJournal(database, PrivateKeySource(None, lambda: None))

    with pytest.raises(PrivateKeyMissing, match=r"writes need \[database\] key: .*openssl rand -base64 32"):
        await journal.begin(an_operation(), NOW)
    with pytest.raises(PrivateKeyMissing):
        journal.digest("text")
    assert await journal.find("op-1") is None
    assert await journal.take_over("op-1", "a", NOW, NOW) is None
    assert [
        await journal.stranded(NOW, 9, ["pland"]),
        await journal.page(9),
        await journal.unsettled_of("pland", "17"),
    ] == [[]] * 3
    assert await journal.purge(NOW) == 0
    assert not await database.is_there()
    assert not (tmp_path / "state").exists()


async def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    journal = a_journal(Database(f"sqlite+aiosqlite:///{tmp_path / 'file' / 'gateway.db'}"))

    with pytest.raises(DatabaseUnavailable):
        await journal.begin(an_operation(), NOW)


@pytest.mark.parametrize("text", ["\0", "op-1\0", "x" * 100_000, "'; DROP TABLE operations; --"])
async def test_texts_that_no_operation_can_have_find_none(journal: Journal, text: str) -> None:
    await journal.begin(an_operation(), NOW)

    assert await journal.find(text) is None
    assert await journal.take_over(text, "worker-2", NOW + DAY, NOW + DAY) is None
    assert await journal.unsettled_of("pland", text) == []
    assert await journal.page(9, actor=text) == []
    assert await journal.page(9, record=("pland", text)) == []
