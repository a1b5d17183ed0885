"""Let writers of one record wait for each other: in this process in their order, over all workers by a lease."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from customer_gateway.errors import UpstreamRateLimited
from customer_gateway.operations import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.model.journal import Journal
    from customer_gateway.work.deadline import Deadline

LEASE: Final = timedelta(seconds=15)
"""How long a process that says nothing keeps an operation, and the record that it writes."""
_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


class RecordLocks:
    """The locks of records by name. A lease of the store guards them against other processes."""

    def __init__(self, journal: Journal, lease: timedelta = LEASE) -> None:
        self._journal = journal
        self._lease_time = lease
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}

    @asynccontextmanager
    async def locked(self, system: str, key: str, owner: str, deadline: Deadline) -> AsyncGenerator[None]:
        """Hold a record's lock, whose lease `owner` prolongs; wait for others until the deadline.

        Raises `UpstreamRateLimited` where others hold it until then.
        """
        name = f"{system}/{key}"
        lock = self._locks.setdefault(name, asyncio.Lock())
        self._waiting[name] = self._waiting.get(name, 0) + 1
        try:
            try:
                async with deadline.enforce():
                    await lock.acquire()
            except TimeoutError:
                raise _busy(system) from None
            try:
                await self._lease(system, name, owner, deadline)
                try:
                    yield
                finally:
                    await self._journal.unlock_record(name, owner)
            finally:
                lock.release()
        finally:
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
