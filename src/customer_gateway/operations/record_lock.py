"""Let writers of one record wait for each other: in this process in their order, over all workers by a lease."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError, UpstreamRateLimited
from customer_gateway.operations import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.model.journal import Journal
    from customer_gateway.work.deadline import Deadline

LEASE: Final = timedelta(seconds=15)
"""How long a process that says nothing keeps an operation, and the record that it writes."""
_log: Any = structlog.get_logger("customer_gateway.operations")
_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


class RecordLocks:
    """The locks of records by name. A lease of the store guards them against other processes."""

    def __init__(self, journal: Journal, lease: timedelta = LEASE) -> None:
        self._journal = journal
        self._lease_time = lease
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}
        self._unlocking: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def locked(self, system: str, key: str, owner: str, deadline: Deadline) -> AsyncGenerator[None]:
        """Hold a record's lock, whose lease `owner` prolongs; wait for others until the deadline.

        The lease is given up behind the answer: who waits for the write does not wait for that.
        Raises `UpstreamRateLimited` where others hold it until then.
        """
        name = f"{system}/{key}"
        lock = self._locks.setdefault(name, asyncio.Lock())
        self._waiting[name] = self._waiting.get(name, 0) + 1
        try:
            async with deadline.enforce():
                await lock.acquire()
        except TimeoutError:
            self._leave(name)
            raise _busy(system) from None
        except BaseException:
            self._leave(name)
            raise
        try:
            await self._lease(system, name, owner, deadline)
            yield
        finally:
            task = asyncio.create_task(self._unlock(name, owner, lock))
            self._unlocking.add(task)
            task.add_done_callback(self._unlocking.discard)

    async def aclose(self) -> None:
        """Wait until every lease that is no longer needed is given up."""
        if self._unlocking:
            await asyncio.wait(self._unlocking)

    async def _unlock(self, name: str, owner: str, lock: asyncio.Lock) -> None:
        try:
            await self._journal.unlock_record(name, owner)
        except GatewayError:
            _log.warning("record_lease_kept", reason="the database does not answer")  # it ends by itself
        finally:
            lock.release()
            self._leave(name)

    def _leave(self, name: str) -> None:
        self._waiting[name] -= 1
        if not self._waiting[name]:
            del self._waiting[name], self._locks[name]

    async def _lease(self, system: str, name: str, owner: str, deadline: Deadline) -> None:
        pause = _PAUSE_SECONDS
        while True:
            now = clock.now()
            if await self._journal.lock_record(name, owner, now, now + self._lease_time):
                return
            if deadline.remaining() <= pause:
                raise _busy(system)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _busy(system: str) -> UpstreamRateLimited:
    message = "another write of this record is still running; nothing was sent, try again in 1 s"
    failure = UpstreamRateLimited(system, message, retry_after_ms=1000)
    failure.applied = False
    return failure
