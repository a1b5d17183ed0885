"""A whole pass of one system: every page of its customers is read, and what it has seen is stored page by page.

A pass is complete if it has seen as many different customers as the vendor says that there are, before and after; of a
vendor that does not say it, if its list has ended: an empty page, or one that says that none follows. Pages without a
stable order repeat some rows and lose others: then the list is walked again, and what all walks have seen counts. Where
customers come and go meanwhile, a new pass begins.

A vendor that does not heed where a page begins answers the same one without end: a walk ends all the same, where it has
read twice the total, or a page's worth of rows without anybody new.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final

from customer_gateway.catalog.absences import apply_absences
from customer_gateway.catalog.pass_calls import PAUSES, PassCalls, PassReads
from customer_gateway.catalog.position import PassPosition
from customer_gateway.catalog.sample import take
from customer_gateway.errors import UpstreamError
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.model.passes import Ended
from customer_gateway.system import MOST_WALKS, rows_per_page_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from customer_gateway.model import nouns
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.model.passes import PassRow, PassStore
    from customer_gateway.system import Page, Reads, Selection, System

MOST_ROWS_PER_ADVANCE: Final = 50
"""Of one transaction, which holds the lock of writers for some milliseconds, and of one iteration of the event loop."""

MOST_IDLE: Final = timedelta(hours=1)
"""How long a pass may have stood still and go on: what it has seen before may have gone since, as it may have while a
slow vendor is read."""


class WalkResult(Enum):
    """What came of walking a list to its end; the value of a failure says why it is one."""

    COMPLETE = "complete"
    ROWS_LOST = "its pages hold fewer customers than its total"
    CUSTOMERS_CHANGED = "customers came or went while they were read"
    TOTAL_MISSING = "its total was not told both before and after they were read"
    ENDLESS = "its list goes on with customers that it has listed before"


@dataclass(frozen=True, slots=True)
class PassKit:
    """What passes are made with: `read` gives the changes of records, read as widely as `selection`."""

    store: PassStore
    selection: Selection
    read: Callable[[System, Sequence[nouns.Customer], Reads], Awaitable[Sequence[RecordChange]]]
    now: Callable[[], datetime]
    pauses: Sequence[float] = PAUSES


@dataclass(slots=True)
class SystemPass:
    """One pass of one system by one owner; `number` and `began` are those that it is stored by."""

    kit: PassKit
    system: System
    owner: str
    number: int
    began: datetime
    position: PassPosition
    calls: PassCalls
    reads: PassReads = field(init=False)
    _calls_before: int = 0

    def __post_init__(self) -> None:
        self._calls_before = self.position.calls
        self.reads = PassReads(self.kit.selection, self.calls, self.kit.now)

    @property
    def calls_made(self) -> int:
        """Return how many calls the pass has made, also before it was gone on with."""
        return self._calls_before + self.calls.made

    async def walk(self) -> None:
        """Read the list from where the pass is to its end. Raises `UpstreamError`."""
        while True:
            read_at = self.kit.now()
            page = await self._page()
            await self._store(page, read_at)
            # What a page says alone is no word of a vendor that does not count: then its list has to end.
            total = None if self.position.total is None else page.total
            is_read = total is not None and self.position.start >= total
            if not page.places or is_read or page.is_over:
                return
            if self._is_repeating() or self._is_too_long(len(page.places)):
                return

    async def result(self) -> WalkResult:
        """Compare what was seen with the total before and after; of a vendor that tells neither all was seen."""
        before, after = self.position.total, await self.total()
        if before is None and after is None:
            return WalkResult.ENDLESS if self._is_repeating() else WalkResult.COMPLETE
        if before is None or after is None:
            return WalkResult.TOTAL_MISSING
        seen = await self.count_seen()
        if seen == before == after:
            return WalkResult.COMPLETE
        return WalkResult.ROWS_LOST if before == after and seen < after else WalkResult.CUSTOMERS_CHANGED

    async def total(self) -> int | None:
        """Return how many customers the vendor says that there are."""
        return await self.calls.repeated(lambda: self.system.count(self.calls.deadline()))

    async def count_seen(self) -> int:
        return await self.kit.store.count_seen(self.system.name, self.number) + self.position.unkeyed

    async def values(self, views: Sequence[nouns.Customer]) -> Sequence[RecordChange]:
        """Return the changes that records make to the index; `partial` is set where some of it could not be read."""
        # Once something could not be read the pass cannot be complete: nothing is tried again for that.
        for pause in () if self.position.partial else self.calls.pauses:
            changes = await self.kit.read(self.system, views, self.reads)
            if all(each.whole for each in changes):
                return changes
            await asyncio.sleep(pause)
        changes = await self.kit.read(self.system, views, self.reads)
        self.position.partial = self.position.partial or not all(each.whole for each in changes)
        return changes

    async def advance(self, changes: Sequence[RecordChange], read_at: datetime) -> None:
        """Store that records were seen, by a read that began then, and how far the pass is. Raises `LeaseLost`."""
        self.position.calls, self.position.stored_at = self.calls_made, self.kit.now().isoformat()
        began = min(read_at, self.reads.swept_at or read_at)
        await self.kit.store.advance(self.system.name, self.owner, self.number, changes, self.position.as_json(), began)

    async def _page(self) -> Page[nouns.Customer]:
        async def read() -> Page[nouns.Customer]:
            position = self.position
            return await self.system.page(
                position.start,
                self._rows_per_page(),
                self.kit.selection,
                self.calls.deadline(),
                ask_next=False,
                after=position.after,
            )

        return await self.calls.repeated(read)

    def _rows_per_page(self) -> int:
        """Return how many rows to ask for; a walk that was ended within a page goes on to the end of that."""
        size = self._page_size()
        return size - self.position.start % size

    def _page_size(self) -> int:
        return rows_per_page_of(self.position.walks, self.system.rows_per_page)

    def _is_repeating(self) -> bool:
        """Return whether a list without a total has brought nobody new for as many rows as a page may have."""
        return self.position.repeated >= self._page_size()

    def _is_too_long(self, rows: int) -> bool:
        """Return whether a list, by pages of so many rows, has gone on far beyond its total."""
        return self.position.total is not None and self.position.start > 2 * max(self.position.total, rows)

    async def _store(self, page: Page[nouns.Customer], read_at: datetime) -> None:
        for first in range(0, len(page.places), MOST_ROWS_PER_ADVANCE):
            places = page.places[first : first + MOST_ROWS_PER_ADVANCE]
            some = await self.values([place for place in places if place is not None])
            self.position.unkeyed += len(places) - len(some)
            self.position.start += len(places)
            self.position.repeated = 0 if await self._is_new(some) else self.position.repeated + len(places)
            if page.after is not None:
                self.position.after = page.after(first + len(places) - 1)
            take(self.position.sample, some)
            await self.advance(some, read_at)

    async def _is_new(self, some: Sequence[RecordChange]) -> bool:
        """Return whether the pass has not seen all of these; of a list that has a total nobody needs to know."""
        keys = {each.ref.key for each in some}
        if self.position.total is not None:
            return True
        return await self.kit.store.count_seen(self.system.name, self.number, list(keys)) < len(keys)


async def make_pass(kit: PassKit, system: System, owner: str, row: PassRow) -> Ended:
    """Make a pass of a system whose lease the owner has, or go on with the one that is stored; return how it ended.

    Raises `LeaseLost`, and `DatabaseUnavailable`.
    """
    try:
        ended = await _made(kit, system, owner, row)
    except UpstreamError as failure:
        ended = failed(f"{failure.code}: {failure}")
    await kit.store.end(system.name, owner, ended, kit.now())
    return ended


async def _made(kit: PassKit, system: System, owner: str, row: PassRow) -> Ended:
    current = await _begun(kit, system, owner, row)
    while True:
        await current.walk()
        result = await current.result()
        if result is WalkResult.COMPLETE:
            break
        if current.position.walks >= MOST_WALKS:
            return failed(f"{result.value}, {MOST_WALKS} times")
        if result is WalkResult.ROWS_LOST:
            current.position.begin_again()
        else:
            current = await _anew(kit, system, owner, current.position.walks, current.calls_made)
    if current.position.partial:
        return failed("some fields of its customers could not be read")
    return await apply_absences(current, row)


async def _begun(kit: PassKit, system: System, owner: str, row: PassRow) -> SystemPass:
    if row.state is SyncStateName.RUNNING and row.position is not None and row.began_at is not None:
        position = PassPosition(**row.position)
        if not position.is_counted or kit.now() - datetime.fromisoformat(position.stored_at) > MOST_IDLE:
            return await _anew(kit, system, owner)
        return SystemPass(kit, system, owner, row.number, row.began_at, position, PassCalls(kit.pauses))
    return await _anew(kit, system, owner)


async def _anew(kit: PassKit, system: System, owner: str, walks: int = 0, calls: int = 0) -> SystemPass:
    """Begin a pass: nothing that was seen before it counts."""
    began = kit.now()
    position = PassPosition(stored_at=began.isoformat(), walks=walks + 1, calls=calls)
    current = SystemPass(kit, system, owner, 0, began, position, PassCalls(kit.pauses))
    current.number = await kit.store.begin(system.name, owner, position.as_json(), began)
    position.total = await current.total()
    position.is_counted = True
    return current


def failed(reason: str) -> Ended:
    """Return how a pass ended that did not see everybody."""
    return Ended(SyncStateName.FAILED, {}, reason)
