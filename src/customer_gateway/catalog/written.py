"""Bring the index up to date with what this gateway has written, before the write is answered where that can be.

A record that was written is stored as the write has read it, else it is read again as a pass reads it. If its system or
the database does not answer, that is tried again until it does; if its system leaves the record out, it is MISSING, and
read twice more. After an unexpected exception it is tried again only where it was written meanwhile. What a process
that was killed has left is taken from the journal of writes when the next one starts.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable, GatewayError, UpstreamError
from customer_gateway.model.catalog import RecordState
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
    from datetime import datetime

    from customer_gateway.model.catalog import IndexWriter, RecordChange
    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.system import WrittenDocument

    Reading = Awaitable[tuple[RecordChange | None, datetime]]
    ReadWritten = Callable[[str, str, WrittenDocument | None], Reading]
    ReadRecord = Callable[[str, str], Reading]

_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_ABSENT_READS: Final = 3
"""That a record is gone right after it was written is believed when so many reads have left it out."""

_log: Any = structlog.get_logger("customer_gateway.catalog")


class _Waiting:
    """A record whose row is not up to date; `is_due` while it was written after the last read of it began.

    `written` is its document, where the last write has read it.
    """

    def __init__(self, written: WrittenDocument | None) -> None:
        self.written = written
        self.is_due = True
        self.tried = asyncio.Event()
        self.again = asyncio.Event()


class WrittenRecords:
    """Stores what was written.

    `read` reads a record by system and key, or takes it from its document: it returns the change, None where there is
    no such record any more, and when the call for it began. `read_giving_way` reads one when no other call waits: for
    what nobody waits for.
    """

    def __init__(
        self,
        index: IndexWriter,
        read: ReadWritten,
        read_giving_way: ReadRecord | None = None,
    ) -> None:
        self._index = index
        self._read = read
        self._read_giving_way = read_giving_way
        self._waiting: dict[RecordRef, _Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, system: str, key: str, written: WrittenDocument | None = None) -> None:
        """Take note that something was sent for a record: it is read again unless its document is given, and stored."""
        ref = RecordRef(system, key)
        if (waiting := self._waiting.get(ref)) is not None:
            waiting.written = written
            waiting.is_due = True
            waiting.tried.clear()
            waiting.again.set()
            return
        self._waiting[ref] = waiting = _Waiting(written)
        task = asyncio.create_task(self._store(ref, waiting))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def store_unseen(self, system: str, operations: Sequence[StoredOperation]) -> None:
        """Store the records of a system's operations that were not read whole since: a process was killed in between.

        They are read one after the other, up to the first that fails. An operation that is open may have changed its
        record at any time. Raises `UpstreamError` and `DatabaseUnavailable`.
        """
        settled = [(each.key, each.settled_at) for each in operations if each.key is not None]
        whole = await self._index.whole_at(system, list({key for key, _ in settled}))
        unseen = [key for key, at in settled if at is None or key not in whole or whole[key] < at]
        for key in dict.fromkeys(unseen):
            try:
                giving_way = self._read_giving_way
                reading = self._read(system, key, None) if giving_way is None else giving_way(system, key)
                await self._put(RecordRef(system, key), reading)
            except GatewayError:
                raise
            except Exception:  # noqa: BLE001 - the others are stored all the same; the next pass stores this one
                _log.exception("written_record_failed", system=system)

    async def wait_stored(self, system: str, key: str) -> None:
        """Wait until the index has what was written of a record, or until that has failed once."""
        if (waiting := self._waiting.get(RecordRef(system, key))) is not None:
            await waiting.tried.wait()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """End what is being stored at the end: the journal has what is left."""
        try:
            yield
        finally:
            for task in self._tasks:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _store(self, ref: RecordRef, waiting: _Waiting) -> None:
        pause, absent = _FIRST_PAUSE, 0
        while waiting.is_due:
            waiting.is_due = must_wait = False
            waiting.again.clear()
            try:
                written, waiting.written = waiting.written, None
                if not await self._put(ref, self._read(*ref, written)):
                    absent += 1
                    must_wait = absent < _ABSENT_READS
            except (DatabaseUnavailable, ConfigInvalid, UpstreamError) as error:
                _log.warning("written_record_not_indexed", system=ref.system, reason=str(error))
                must_wait = True
            except Exception:  # noqa: BLE001 - the write is answered all the same; the next pass stores the record
                _log.exception("written_record_failed", system=ref.system)
            if must_wait:
                waiting.is_due = True
                waiting.tried.set()
                with contextlib.suppress(TimeoutError):  # a new write of it is not held up by an earlier failure
                    async with asyncio.timeout(pause):
                        await waiting.again.wait()
                pause = min(2 * pause, _LONGEST_PAUSE)
        del self._waiting[ref]
        waiting.tried.set()

    async def _put(self, ref: RecordRef, reading: Reading) -> bool:
        """Store a record as it is read; return whether its system has it."""
        change, read_at = await reading
        if change is None:
            await self._index.set_state(ref.system, [ref.key], RecordState.MISSING, read_at)
        else:
            await self._index.put([change], read_at)
        return change is not None
