"""Let writers of one record wait for each other: in this process in their order, over all workers by a lease."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError, UpstreamRateLimited
from customer_gateway.operations import clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.model.journal import Journal
    from customer_gateway.operations.leases import Leases
    from customer_gateway.work.deadline import Deadline

_log: Any = structlog.get_logger("customer_gateway.operations")
_PAUSE_SECONDS: Final = 0.02
_LONGEST_PAUSE_SECONDS: Final = 0.25


class RecordLocks:
    """The locks of records by name. A lease of the store guards them against other processes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._local = _LocalLocks()
        self._releasing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def wanted(self, system: str, key: str | None, leases: Leases) -> AsyncGenerator[RecordLock]:
        """Yield the lock of a record, not acquired yet; what is held of it is released at the end.

        A lease that is held still is released in the background: the answer to the write does not wait for that.
        """
        lock = RecordLock(self._journal, self._local, system, key, leases)
        try:
            yield lock
        finally:
            if leases.record is None:
                lock.release_local()
            else:
                task = asyncio.create_task(lock.release())
                self._releasing.add(task)
                task.add_done_callback(self._releasing.discard)

    async def aclose(self) -> None:
        """Wait until every lease that is no longer needed is released."""
        if self._releasing:
            await asyncio.wait(self._releasing)


class RecordLock:
    """The lock of one record, as one attempt has it or wants it: the local lock, then the record's lease.

    There is nothing to lock for a customer that is to be made.
    """

    def __init__(self, journal: Journal, local: _LocalLocks, system: str, key: str | None, leases: Leases) -> None:
        self._journal = journal
        self._local = local
        self._system = system
        self._name = None if key is None else f"{system}/{key}"
        self._leases = leases
        self._is_locked = False

    async def try_acquire_local(self) -> str | None:
        """Acquire the local lock unless another wants it; return the name of the lease to acquire then."""
        if self._name is None or self._local.is_wanted(self._name):
            return None
        await self._local.acquire(self._name)
        self._is_locked = True
        return self._name

    async def acquire(self, deadline: Deadline) -> None:
        """Wait until both the local lock and the lease are held.

        Raises `UpstreamRateLimited` where others hold them until the deadline.
        """
        if self._name is None:
            return
        if not self._is_locked:
            try:
                async with deadline.enforce():
                    await self._local.acquire(self._name)
                    self._is_locked = True
            except TimeoutError:
                raise _busy(self._system) from None
        if self._leases.record is None:
            await self._acquire_lease(self._name, deadline)

    def release_local(self) -> None:
        """Let the next writer of this process have the record."""
        if self._is_locked and self._name is not None:
            self._local.release(self._name)

    async def release(self) -> None:
        """Release the lease, then the local lock."""
        try:
            await self._journal.release_record(self._leases.record or "", self._leases.owner)
        except GatewayError:
            _log.warning("record_lease_kept", reason="the database does not answer")  # it ends by itself
        finally:
            self.release_local()

    async def _acquire_lease(self, name: str, deadline: Deadline) -> None:
        pause = _PAUSE_SECONDS
        while True:
            now = clock.now()
            if await self._journal.acquire_record(name, self._leases.owner, now, now + self._leases.length):
                self._leases.record = name
                return
            if deadline.remaining() <= pause:
                raise _busy(self._system)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


class _LocalLocks:
    """The locks of records within this process, which those that wait get in their order."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._wanted: dict[str, int] = {}

    def is_wanted(self, name: str) -> bool:
        return name in self._wanted

    async def acquire(self, name: str) -> None:
        lock = self._locks.setdefault(name, asyncio.Lock())
        self._wanted[name] = self._wanted.get(name, 0) + 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(name)
            raise

    def release(self, name: str) -> None:
        self._locks[name].release()
        self._leave(name)

    def _leave(self, name: str) -> None:
        self._wanted[name] -= 1
        if not self._wanted[name]:
            del self._wanted[name], self._locks[name]


def _busy(system: str) -> UpstreamRateLimited:
    message = "another write of this record is still running; nothing was sent, try again in 1 s"
    failure = UpstreamRateLimited(system, message, retry_after_ms=1000)
    failure.applied = False
    return failure
