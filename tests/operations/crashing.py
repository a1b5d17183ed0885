"""Worker processes that end, or stand still, at a numbered point of a write: around each send, and each commit.

Of a commit there is a point within, too: its statements are done, and hold their locks.

Run as a program it reads a line of JSON for each worker that is wanted, forks it, and says its process id: what a
worker needs is imported once for all of them. A worker writes what came of its write, and which points it has passed,
as JSON into the file that its line names.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosqlite
import asyncpg
from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.errors import GatewayError
from customer_gateway.logs import configure_logs
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind
from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.recovery import Recovery, recovering
from customer_gateway.operations.requests import WriteRequest
from customer_gateway.operations.service import Operations
from customer_gateway.store import engines, migration, operation_table, private_values, record_leases
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

KEY = b"k" * 32
LEASE = timedelta(seconds=4)
DOUBT = timedelta(seconds=0.6)
PRELOADED = (aiosqlite, asyncpg, engines, migration, operation_table, private_values, record_leases)
"""What the first write imports, which is what takes longest."""
_COMMITS = ("begin", "update", "discard", "take_over", "acquire_record", "release_record")


class Points:
    """Names points as they are passed; at the one of a number it sends this process a signal."""

    def __init__(self, at: int, number: int) -> None:
        self.passed: list[str] = []
        self.committing: ContextVar[str] = ContextVar("committing")
        self._at = at
        self._number = number
        self._renewing = asyncio.Lock()

    def passing(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self._at:
            os.kill(os.getpid(), self._number)

    async def around(self, name: str, call: Awaitable[Any]) -> Any:
        """Await a call between two points, at which no lease is being prolonged: who stands there holds no locks."""
        async with self._renewing:
            self.passing(f"before {name}")
        answer = await call
        async with self._renewing:
            self.passing(f"after {name}")
        return answer

    async def renew(self, call: Awaitable[Any]) -> Any:
        async with self._renewing:
            return await call


class CountedWriter:
    """A writer whose sends are points."""

    def __init__(self, writer: Any, points: Points) -> None:
        self._writer = writer
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    async def send(self, *given: Any) -> Any:
        return await self._points.around("send", self._writer.send(*given))


class CountedJournal:
    """A journal whose commits are points."""

    def __init__(self, journal: Any, points: Points) -> None:
        self._journal = journal
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._journal, name)
        return partial(self._counted, name, found) if name in _COMMITS else found

    async def renew(self, *given: Any) -> Any:
        return await self._points.renew(self._journal.renew(*given))

    async def _counted(self, name: str, call: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        token = self._points.committing.set(name)
        try:
            return await self._points.around(name, call(*given))
        finally:
            self._points.committing.reset(token)


class CountedDatabase:
    """A database whose transactions are a point before they end, where they are a counted commit of the journal."""

    def __init__(self, database: Any, points: Points) -> None:
        self._database = database
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, work: Callable[[Any], Any], *, durable: bool = True) -> Any:
        name = self._points.committing.get(None)

        def counted(connection: Any) -> Any:
            answer = work(connection)
            if name is not None:
                self._points.passing(f"within {name}")
            return answer

        return await self._database.write(counted, durable=durable)


class CountedSystem:
    """A system whose writer's sends are points."""

    def __init__(self, system: Any, points: Points) -> None:
        self._system = system
        self.writer = CountedWriter(system.writer, points)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def settings_of(tables: Mapping[str, Any]) -> Settings:
    models = {vendor.kind.slug: vendor.settings for vendor in VENDORS}
    systems = {name: (name, models[name].model_validate(table)) for name, table in tables.items()}
    return Settings(ServerSettings(), systems)


async def work(given: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a worker is told to: one write; else to take over what others left, once or until it is told to end."""
    federation = build_federation(settings_of(given["tables"]), vendors=VENDORS)
    points = Points(given["point"], getattr(signal, given["signal"]))
    database: Any = CountedDatabase(Database(given["url"]), points)
    journal: Any = CountedJournal(OperationJournal(database, PrivateKeySource(KEY, lambda: None)), points)
    seconds, lease = given.get("seconds", 10), timedelta(seconds=given.get("lease", LEASE.total_seconds()))
    systems: Any = {name: CountedSystem(each, points) for name, each in federation.systems.items()}
    operations = Operations(Setup(systems, journal, seconds=seconds, doubt=DOUBT, lease=lease))
    told_to_end = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_end.set)
    state: str | None = None
    done: list[Any] = []
    if given.get("minutes"):
        async with recovering(operations, journal, 1):
            done = await _many_written(operations, systems, given)
    elif given.get("stays"):
        async with recovering(operations, journal, 0.2):
            await told_to_end.wait()
    elif given.get("kind") is None:
        await Recovery(operations, journal).recover()
    else:
        state = await _written_or_left(operations, systems[given["system"]], given, told_to_end)
    await operations.aclose()
    await federation.aclose()
    await database.aclose()
    return (
        {"points": points.passed, "state": state, "done": done} if done else {"points": points.passed, "state": state}
    )


async def _written_or_left(
    operations: Operations, system: Any, given: Mapping[str, Any], told_to_end: asyncio.Event
) -> str | None:
    """Return what came of a write; None where the worker is told to end before, which leaves the request alone."""
    request, ending = asyncio.create_task(_written(operations, system, given)), asyncio.create_task(told_to_end.wait())
    await asyncio.wait({request, ending}, return_when=asyncio.FIRST_COMPLETED)
    ending.cancel()
    if request.done():
        return await request
    request.cancel()
    await asyncio.wait({request})
    return None


async def _many_written(operations: Operations, systems: Any, given: Mapping[str, Any]) -> list[Any]:
    """Write to one record after the other for so many minutes; return how many writes there were, and their errors."""
    until, errors = time.monotonic() + given["minutes"] * 60, list[str]()
    records: list[tuple[str, str]] = given["records"]
    for number, (name, key) in enumerate(cycle(records)):
        if time.monotonic() >= until:
            return [number, errors]
        patch = {"address.city": f"{given['actor']} {number}"}
        request = WriteRequest(OperationKind.UPDATE, systems[name], key, patch, given["actor"], EVERY_RIGHT, force=True)
        outcome = await operations.carry_out(request, Deadline.after(30))
        errors += [each.message for each in outcome.errors]
    return []


async def _written(operations: Operations, system: Any, given: Mapping[str, Any]) -> str | None:
    request = WriteRequest(
        OperationKind(given["kind"]),
        system,
        given["key"],
        given["patch"],
        given["actor"],
        EVERY_RIGHT,
        force=True,
        idempotency_key=given.get("idempotency_key"),
    )
    outcome = await operations.carry_out(request, Deadline.after(60))  # a worker may stand still for long
    return None if outcome.operation is None else outcome.operation.state.value


def _child(given: Mapping[str, Any]) -> None:
    """Be one worker, and end."""
    status = 1
    try:
        configure_logs(plain=True, level="critical")
        try:
            told = asyncio.run(work(given))
        except GatewayError as failure:  # the database, which another worker keeps from writing by standing still
            told = {"failure": str(failure)}
        Path(given["answer"]).write_text(json.dumps(told))
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a worker that has ended is gone: nobody asks how
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        print(pid, flush=True)  # noqa: T201 - what its parent reads


if __name__ == "__main__":
    main()
