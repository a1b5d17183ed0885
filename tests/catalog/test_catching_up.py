"""What a killed process has written and not stored in the index is taken from the journal by the next one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from store.journal_rows import a_journal, an_operation
from structlog.testing import capture_logs

from customer_gateway.catalog.keeping import keeping
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.updates import IndexUpdates
from customer_gateway.catalog.written import WrittenRecords
from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.model.catalog import RecordChange, SyncStateName
from customer_gateway.model.ids import RecordRef
from customer_gateway.model.operations import OperationState
from customer_gateway.model.passes import Ended
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.store.journal import OperationJournal
    from customer_gateway.system import WrittenDocument

pytestmark = pytest.mark.anyio

SYSTEM = "pland"
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLDEST = NOW - 80 * DAY


@dataclass
class Restarted:
    """A gateway that begins to serve; `read` are the records that it reads because of the journal, in their order."""

    index: CatalogIndex
    passes: CatalogPasses
    journal: OperationJournal
    read: list[str] = field(default_factory=list[str])
    is_down: bool = False
    at_once: int = 0
    most_at_once: int = 0

    async def put(self, key: str, at: datetime, *, whole: bool = True) -> None:
        await self.index.put([RecordChange(RecordRef(SYSTEM, key), {"name": "Anna"}, whole)], at)

    async def journaled(self, key: str, started_at: datetime, settled_at: datetime | None, **more: Any) -> None:
        state = OperationState.UNKNOWN if settled_at is None else OperationState.APPLIED
        id_ = f"{key}-{started_at.isoformat()}"
        operation = an_operation(id_, key=key, state=state, started_at=started_at, settled_at=settled_at, **more)
        await self.journal.begin(operation, started_at)

    async def complete_pass(self, began: datetime) -> None:
        """Store what a complete pass leaves that began then."""
        await self.passes.acquire([SYSTEM], "me", began, began + HOUR)
        seen: dict[str, Any] = {"began": began.isoformat(), "at": (began + HOUR).isoformat(), "number": 1, "sample": {}}
        await self.passes.end(SYSTEM, "me", Ended(SyncStateName.IDLE, {"complete": seen}, is_complete=True), began)

    async def caught_up(self) -> list[str]:
        """Serve until the oldest operation is looked at, which is open; return which other records were read."""
        await self.journaled("oldest", OLDEST, None)
        written = WrittenRecords(self.index, self._read)
        async with (
            keeping(IndexUpdates(self.index, self.passes), written, self.journal, self.passes, [SYSTEM]),
            asyncio.timeout(30),
        ):
            while not await self.index.whole_at(SYSTEM, ["oldest"]):  # noqa: ASYNC110 - it is stored in the background
                await asyncio.sleep(0.01)
        return [key for key in self.read if key != "oldest"]

    async def served(self, seconds: float) -> list[str]:
        """Serve for some seconds; return which records were read."""
        written = WrittenRecords(self.index, self._read)
        async with keeping(IndexUpdates(self.index, self.passes), written, self.journal, self.passes, [SYSTEM]):
            await asyncio.sleep(seconds)
        return self.read

    async def _read(self, system: str, key: str, _written: WrittenDocument | None) -> tuple[RecordChange, datetime]:
        began = datetime.now(UTC)
        self.read.append(key)
        if self.is_down:
            raise UpstreamUnavailable(system, "down")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        return RecordChange(RecordRef(system, key), {"name": "Berta"}), began


@pytest.fixture
async def restarted(database_url: str) -> AsyncGenerator[Restarted]:
    store, catalog = Database(database_url), Database(database_url.replace("gateway.db", "catalog.db"), CATALOG)
    index = CatalogIndex(catalog, row_of, encode_values, decode_values)
    yield Restarted(index, CatalogPasses(catalog, index), a_journal(store))
    await store.aclose()
    await catalog.aclose()


async def test_an_operation_that_took_hours_and_was_settled_just_before_the_kill_is_stored(
    restarted: Restarted,
) -> None:
    await restarted.complete_pass(NOW - 2 * HOUR)
    await restarted.put("1", NOW - HOUR)
    await restarted.journaled("1", NOW - 3 * HOUR, NOW - timedelta(seconds=1))

    assert await restarted.caught_up() == ["1"]


async def test_all_operations_are_looked_at_however_many_there_are_one_after_the_other(restarted: Restarted) -> None:
    await restarted.complete_pass(NOW - 2 * HOUR)
    await restarted.put("busy", NOW)
    for number in range(230):
        await restarted.journaled("busy", NOW - timedelta(seconds=number + 10), NOW - timedelta(seconds=1))
    for number in range(5):
        await restarted.journaled(f"{number}", NOW - HOUR, NOW - HOUR)

    assert sorted(await restarted.caught_up()) == ["0", "1", "2", "3", "4"]
    assert restarted.most_at_once == 1


async def test_what_was_settled_while_no_pass_was_made_for_days_is_stored_and_what_a_pass_has_seen_is_not_read(
    restarted: Restarted,
) -> None:
    await restarted.complete_pass(NOW - 3 * DAY)
    await restarted.journaled("since", NOW - 5 * DAY, NOW - 2 * DAY)
    await restarted.journaled("seen", NOW - 5 * DAY, NOW - 4 * DAY)
    await restarted.put("open", NOW)
    await restarted.journaled("open", NOW - 10 * DAY, None)
    await restarted.journaled("elsewhere", NOW - HOUR, NOW, system="next")

    assert await restarted.caught_up() == ["since", "open"]


async def test_before_the_first_pass_has_begun_nothing_is_read_for_it_reads_all(restarted: Restarted) -> None:
    await restarted.journaled("1", NOW - HOUR, NOW - HOUR)

    assert await restarted.served(seconds=0.3) == []


async def test_while_the_first_pass_runs_what_was_settled_since_it_began_is_read(restarted: Restarted) -> None:
    await restarted.passes.acquire([SYSTEM], "me", NOW - HOUR, NOW + HOUR)
    await restarted.passes.begin(SYSTEM, "me", {}, NOW - HOUR)
    await restarted.journaled("before", NOW - DAY, NOW - 2 * HOUR)
    await restarted.journaled("since", NOW - DAY, NOW - timedelta(minutes=1))

    assert await restarted.caught_up() == ["since"]


async def test_a_system_that_is_down_is_asked_for_one_record_and_not_for_all_of_them(restarted: Restarted) -> None:
    await restarted.complete_pass(NOW - 2 * HOUR)
    for key in ("1", "2", "3"):
        await restarted.journaled(key, NOW - HOUR, NOW - HOUR)
    restarted.is_down = True

    with capture_logs() as lines:
        assert len(await restarted.served(seconds=0.3)) == 1

    assert [(each["event"], each["reason"]) for each in lines] == [("journal_not_read", "UpstreamUnavailable")]


async def test_a_read_of_some_fields_after_a_write_does_not_pass_for_one_of_the_record(restarted: Restarted) -> None:
    await restarted.complete_pass(NOW - 2 * HOUR)
    for key in ("narrow", "wide"):
        await restarted.put(key, NOW - HOUR)
        await restarted.journaled(key, NOW - timedelta(minutes=3), NOW - timedelta(minutes=2))
        await restarted.put(key, NOW - timedelta(minutes=1), whole=key == "wide")

    assert await restarted.caught_up() == ["narrow"]
