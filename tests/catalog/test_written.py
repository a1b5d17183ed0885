"""What this gateway has written is in the index before the write is answered, and never dropped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from customer_gateway.catalog.written import WrittenRecords
from customer_gateway.errors import DatabaseUnavailable, UpstreamUnavailable
from customer_gateway.model.catalog import RecordChange, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.system import WrittenDocument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

pytestmark = pytest.mark.anyio

REF = RecordRef("alpha", "1")


class Index:
    """Keeps what it is given; its database does not answer while it `is_away`."""

    def __init__(self) -> None:
        self.is_away = False
        self.rows: list[str | RecordState] = []
        self.whole: dict[str, datetime] = {}

    async def put(
        self,
        changes: Sequence[RecordChange],
        read_at: datetime,
        seen_pass: int | None = None,
        *,
        note_seen: bool = True,
    ) -> int:
        assert note_seen
        del read_at, seen_pass
        self._answer()
        self.rows += [each.values["name"] for each in changes]
        return len(changes)

    async def whole_at(self, system: str, keys: Sequence[str]) -> Mapping[str, datetime]:
        del system
        return {key: self.whole[key] for key in keys if key in self.whole}

    async def set_state(
        self,
        system: str,
        keys: Sequence[str],
        state: RecordState,
        since: datetime,
        unseen_since: datetime | None = None,
    ) -> int:
        del system, since, unseen_since
        self._answer()
        self.rows.append(state)
        return len(keys)

    def _answer(self) -> None:
        if self.is_away:
            raise DatabaseUnavailable("the database cannot be used")


class Vendor:
    """Has one record, or none; does not answer while it `is_away`."""

    def __init__(self) -> None:
        self.name: str | None = "Anna"
        self.is_away = False
        self.reads = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(
        self, system: str, key: str, written: WrittenDocument | None = None
    ) -> tuple[RecordChange | None, datetime]:
        if written is not None:
            return RecordChange(RecordRef(system, key), {"name": written.document["name"]}), written.read_at
        self.reads += 1
        name, began = self.name, datetime.now(UTC)
        await self.gate.wait()
        if self.is_away:
            raise UpstreamUnavailable(system, "no answer")
        return None if name is None else RecordChange(RecordRef(system, key), {"name": name}), began


async def test_a_record_that_was_written_is_stored_before_the_answer() -> None:
    index, vendor = Index(), Vendor()
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF)
        await written.wait_stored(*REF)

    assert index.rows == ["Anna"]


async def test_a_record_whose_document_the_write_has_read_is_read_no_more() -> None:
    index, vendor = Index(), Vendor()
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF, WrittenDocument({"name": "Berta"}, datetime.now(UTC)))
        await written.wait_stored(*REF)

    assert (index.rows, vendor.reads) == (["Berta"], 0)


async def test_a_document_that_could_not_be_stored_is_not_taken_again_but_read() -> None:
    """Another may have written meanwhile."""
    index, vendor = Index(), Vendor()
    index.is_away = True
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF, WrittenDocument({"name": "Berta"}, datetime.now(UTC)))
        await written.wait_stored(*REF)
        index.is_away = False
        async with asyncio.timeout(10):
            while not index.rows:  # noqa: ASYNC110 - the pause before another try is what is waited for
                await asyncio.sleep(0.05)

    assert (index.rows, vendor.reads) == (["Anna"], 1)


async def test_a_write_whose_document_was_not_read_drops_that_of_an_earlier_one() -> None:
    index, vendor = Index(), Vendor()
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        vendor.gate.clear()
        written.note(*REF)
        await asyncio.sleep(0)
        written.note(*REF, WrittenDocument({"name": "Berta"}, datetime.now(UTC)))
        written.note(*REF)
        vendor.gate.set()
        await written.wait_stored(*REF)

    assert (index.rows, vendor.reads) == (["Anna", "Anna"], 2)


async def test_a_record_that_was_not_written_is_not_waited_for() -> None:
    written = WrittenRecords(Index(), Vendor().read)

    await asyncio.wait_for(written.wait_stored(*REF), 1)


async def test_a_write_during_the_read_of_an_earlier_one_is_read_again() -> None:
    index, vendor = Index(), Vendor()
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        vendor.gate.clear()
        written.note(*REF)
        await asyncio.sleep(0)
        vendor.name = "Berta"
        written.note(*REF)
        vendor.gate.set()
        await written.wait_stored(*REF)

    assert (index.rows, vendor.reads) == (["Anna", "Berta"], 2)


@pytest.mark.parametrize("away", ["index", "vendor"])
async def test_what_does_not_answer_is_tried_again_and_the_answer_does_not_wait_for_it(away: str) -> None:
    index, vendor = Index(), Vendor()
    failing = index if away == "index" else vendor
    failing.is_away = True
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF)
        await asyncio.wait_for(written.wait_stored(*REF), 1)
        assert index.rows == []
        failing.is_away = False
        async with asyncio.timeout(10):
            while not index.rows:  # noqa: ASYNC110 - the pause before another try is what is waited for
                await asyncio.sleep(0.05)

    assert index.rows == ["Anna"]


async def test_a_new_write_is_not_held_up_by_an_earlier_failure() -> None:
    index, vendor = Index(), Vendor()
    index.is_away = True
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF)
        await written.wait_stored(*REF)
        index.is_away = False
        written.note(*REF)
        await asyncio.wait_for(written.wait_stored(*REF), 0.5)  # the next try would be a second after the first

    assert index.rows == ["Anna"]


async def test_a_record_that_is_gone_after_a_write_is_missing() -> None:
    index, vendor = Index(), Vendor()
    vendor.name = None
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF)
        await asyncio.wait_for(written.wait_stored(*REF), 0.5)

    assert index.rows == [RecordState.MISSING]


async def test_a_record_that_its_system_leaves_out_by_mistake_is_read_again() -> None:
    index, vendor = Index(), Vendor()
    vendor.name = None
    written = WrittenRecords(index, vendor.read)
    async with written.running():
        written.note(*REF)
        await written.wait_stored(*REF)
        vendor.name = "Anna"
        async with asyncio.timeout(10):
            while len(index.rows) < 2:  # noqa: ASYNC110 - the pause before another try is what is waited for
                await asyncio.sleep(0.05)

    assert index.rows == [RecordState.MISSING, "Anna"]


async def test_a_write_during_a_read_that_fails_by_a_mistake_of_ours_is_stored_all_the_same() -> None:
    index, vendor = Index(), Vendor()
    mistakes = [ValueError("a mistake")]

    async def read(system: str, key: str, _written: WrittenDocument | None) -> tuple[RecordChange | None, datetime]:
        found = await vendor.read(system, key)
        if mistakes:
            raise mistakes.pop()
        return found

    written = WrittenRecords(index, read)
    async with written.running():
        vendor.gate.clear()
        written.note(*REF)
        await asyncio.sleep(0)
        written.note(*REF)
        vendor.gate.set()
        await asyncio.wait_for(written.wait_stored(*REF), 1)

    assert (index.rows, vendor.reads) == (["Anna"], 2)
