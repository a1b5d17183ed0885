"""Bring the index up to date by what reads have brought, off the path of requests.

A live read submits the records that differ from their last read in this process; they are made into rows and written
in batches. A record without a last read in this process is compared with the index. Both have a rate limit that allows
bursts, so that requests keep nearly all of the process. Records that do not fit in memory are dropped and counted: the
next pass reads them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog

from customer_gateway.catalog.drops import DropCount
from customer_gateway.catalog.suspicion import Suspicion, is_suspect_batch
from customer_gateway.catalog.token_bucket import TokenBucket
from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable
from customer_gateway.model.catalog import RecordState
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from customer_gateway.model.catalog import IndexWriter, RecordChange

MOST_WAITING: Final = 20_000
"""Records that wait for their batch."""
BATCH: Final = 50
"""Records that are written at once: some milliseconds of the database's lock."""
MOST_MISSING: Final = 1_000
"""Reads that did not find records and wait to be written; a pass finds out about the others."""
MOST_COMPARED: Final = 10_000
"""Records that are compared with the index at once, such as after a start: some 35 µs of a core each."""
_COMPARED_PER_SECOND: Final = 500.0
"""As many more in the long run: 2 % of a core."""
_MOST_WRITTEN: Final = 1_000
"""Records that are written at once, some 300 µs each; what is more is written with pauses in between."""
_WRITTEN_PER_SECOND: Final = 100.0
_PAUSE: Final = 3.0
"""Between two batches then, as a multiple of the time that the one before took."""
_RETRY_SECONDS: Final = 2.0

_log: Any = structlog.get_logger("customer_gateway.catalog")


class SuspicionStore(Protocol):
    """Stores that a system is not believed, as `model.passes.PassStore` does."""

    async def doubt(self, system: str, suspicion: Mapping[str, Any], reason: str) -> None: ...


class _Submitted(NamedTuple):
    records: int
    read_at: datetime
    changes: Callable[[], Sequence[RecordChange]]


class _Missing(NamedTuple):
    system: str
    keys: Sequence[str]
    asked: int
    read_at: datetime
    records: int = 0  # they are not counted among those that wait


class IndexUpdates:
    """Takes what reads bring of records, and writes it to the index. One event loop uses it."""

    def __init__(self, index: IndexWriter, passes: SuspicionStore) -> None:
        self._index = index
        self._passes = passes
        self._submitted: deque[_Submitted] = deque()
        self._unsure: deque[_Submitted] = deque()
        self._missing: deque[_Missing] = deque()
        self._may_compare = TokenBucket(_COMPARED_PER_SECOND, MOST_COMPARED)
        self._may_write = TokenBucket(_WRITTEN_PER_SECOND, _MOST_WRITTEN)
        self._wake = asyncio.Event()
        self._drops = DropCount()
        self.waiting = 0
        self.rows_changed = 0

    @property
    def dropped(self) -> int:
        """Return how many records were dropped, those that reads did not find among them."""
        return self._drops.count

    @property
    def has_room(self) -> bool:
        """Return whether records are to be submitted that are no change as far as this process knows."""
        return self._may_compare.left > 0

    def submit(
        self, count: int, read_at: datetime, changes: Callable[[], Sequence[RecordChange]], *, is_change: bool = True
    ) -> bool:
        """Take so many records of one system, of a read that began then; `changes` are made of them later.

        Those that are to be compared with the index, but are no change that this process knows of, come after all
        others. Return False where they do not fit, and are dropped.
        """
        if self.waiting + count > MOST_WAITING:
            self._drops.add(count)
            return False
        self.waiting += count
        (self._submitted if is_change else self._unsure).append(_Submitted(count, read_at, changes))
        if not is_change:
            self._may_compare.take(count)
        self._wake.set()
        return True

    def submit_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None:
        """Take keys of records that a read of so many keys, which began then, did not find: MISSING, until a pass has
        proof. What a later read has brought stays.

        Where too many are missing for that nothing is marked, and the system is SUSPECT. What does not fit is dropped.
        """
        if len(self._missing) >= MOST_MISSING:
            self._drops.add(len(keys))
            return
        self._missing.append(_Missing(system, keys, asked, read_at))
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Write what is submitted meanwhile."""
        try:
            async with in_background(self._run()):
                yield
        finally:
            self._drops.close()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            began = time.monotonic()
            try:
                await self._write_next()
            except (DatabaseUnavailable, ConfigInvalid) as error:
                _log.warning("index_not_updated", reason=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await asyncio.sleep(0 if self._may_write.left > 0 else _PAUSE * (time.monotonic() - began))

    async def _write_next(self) -> None:
        """Write the next missing keys, else the next records; an item stays in its queue until it is written.

        An unexpected exception drops that item alone.
        """
        queue: deque[_Missing] | deque[_Submitted] = self._missing or self._submitted or self._unsure
        if not queue:
            self._wake.clear()
            return
        try:
            await self._write(queue[0])
        except (DatabaseUnavailable, ConfigInvalid):
            raise
        except Exception:  # noqa: BLE001 - see above
            _log.exception("index_update_failed")
        self.waiting -= queue.popleft().records

    async def _write(self, item: _Missing | _Submitted) -> None:
        if isinstance(item, _Missing):
            await self._take_missing(item)
        else:
            await self._put(item)

    async def _put(self, submitted: _Submitted) -> None:
        changes = await asyncio.to_thread(submitted.changes)
        for start in range(0, len(changes), BATCH):
            some = changes[start : start + BATCH]
            changed = await self._index.put(some, submitted.read_at, note_seen=False)
            self._may_write.take(changed)
            self.rows_changed += changed

    async def _take_missing(self, missing: _Missing) -> None:
        if not is_suspect_batch(missing.asked, len(missing.keys)):
            state, read_at = RecordState.MISSING, missing.read_at
            await self._index.set_state(missing.system, missing.keys, state, read_at, read_at)
            return
        reason = f"a read of {missing.asked} customers by their keys left out {len(missing.keys)}"
        doubt = Suspicion(len(missing.keys), is_another=False, reason=reason)
        _log.warning("catalog_suspect", system=missing.system, reason=reason)
        await self._passes.doubt(missing.system, doubt.as_details(_now()), reason)


def _now() -> datetime:
    return datetime.now(UTC)
