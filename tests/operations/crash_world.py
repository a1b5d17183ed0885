"""What crashes are told in: the vendors on real ports, a journal for several processes, and worker processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from operations.crashing import DOUBT, KEY, settings_of
from vendors import VENDORS, sandbox

from customer_gateway.app import build_federation
from customer_gateway.errors import GatewayError
from customer_gateway.model.operations import OperationState
from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.leases import LEASE
from customer_gateway.operations.recovery import Recovery
from customer_gateway.operations.service import Operations
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from customer_gateway.federation.request import Federation
    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.sandbox import Sandbox

TESTS: Final = Path(__file__).parent.parent
PATIENCE: Final = 60.0
_OPEN: Final = (OperationState.RUNNING, OperationState.UNKNOWN)


@dataclass
class Process:
    """One worker process; `answer` is the file that it writes at its end."""

    pid: int
    answer: Path

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    async def stands_still(self, patience: float = PATIENCE) -> bool:
        """Wait until the process is stopped, or gone; tell whether it is one of them by then."""
        with suppress(TimeoutError):
            await self._until("T", patience)
            return True
        return False

    async def ended(self, patience: float = PATIENCE) -> dict[str, Any] | None:
        """Wait until the process is gone; return what it said, None where it was killed before."""
        await self._until("", patience)
        return json.loads(self.answer.read_text()) if self.answer.exists() else None

    def is_there(self) -> bool:
        return self._state() != ""

    async def _until(self, state: str, patience: float) -> None:
        until = asyncio.get_running_loop().time() + patience
        while (now := self._state()) not in (state, ""):
            if now == "T":
                self.send(signal.SIGCONT)  # it got to its point after it had been told to go on
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError(f"a worker is {now!r} still")
            await asyncio.sleep(0.02)

    def _state(self) -> str:
        """Return the letter of its state, "" where it is gone."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return ""
        return "" if state in "ZX" else state


@dataclass
class World:
    """The vendors, served in this process, and what starts worker processes."""

    box: Sandbox
    urls: dict[str, str]
    path: Path
    forking: asyncio.subprocess.Process
    federation: Federation
    new_database: Callable[[], str] | None = None
    common: str = ""
    numbers: count[int] = field(default_factory=count)
    records: count[int] = field(default_factory=count)
    answers: count[int] = field(default_factory=count)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)
    started: list[Process] = field(default_factory=list[Process])
    writers: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """The journal of each record that is written: two journals know nothing of each other's leases."""

    @property
    def tables(self) -> dict[str, Any]:
        return tables_of(self.box, self.urls)

    def new_journal(self, *, may_be_common: bool = False) -> str:
        """Return the URL of a journal of its own: a process that stands still may keep others from writing to it.

        On a server, where databases are large, it is one in common where it may.
        """
        if self.new_database is None:
            return f"sqlite+aiosqlite:///{self.path / f'{next(self.answers)}.db'}"
        if not may_be_common:
            return self.new_database()
        self.common = self.common or self.new_database()
        return self.common

    async def start(self, url: str, *, point: int = 0, signal_name: str = "SIGKILL", **given: Any) -> Process:
        """Start a worker that is sent a signal at a point; `given` is its write, or nothing: it takes over."""
        if (key := given.get("key")) is not None:
            assert self.writers.setdefault((given["system"], key), url) == url, f"two journals write {key}"
        answer = self.path / f"answer-{next(self.answers)}.json"
        told = {
            "url": url,
            "tables": self.tables,
            "answer": str(answer),
            "point": point,
            "signal": signal_name,
            **given,
        }
        assert self.forking.stdin is not None
        assert self.forking.stdout is not None
        async with self.starting:
            self.forking.stdin.write(json.dumps(told).encode() + b"\n")
            process = Process(int(await self.forking.stdout.readline()), answer)
        self.started.append(process)
        return process

    async def recovered(
        self, url: str, actor: str, patience: float = PATIENCE, *, takes_over: bool = True
    ) -> Sequence[StoredOperation]:
        """Take over what an actor's workers left, or wait until others have; return the actor's operations.

        The newest is the first. What stays UNKNOWN is looked up until no late answer is to be expected, and once more.
        Leases are taken for as long as in operation: who takes over here never ends, and a busy machine may hold it up.
        """
        async with self._journal(url) as journal:
            operations = Operations(Setup(self.federation.systems, journal, seconds=20, doubt=DOUBT, lease=LEASE))
            recovery = Recovery(operations, journal)
            until = datetime.now(UTC) + timedelta(seconds=patience)
            try:
                while datetime.now(UTC) < until:
                    # A process that stands still in a transaction keeps others from theirs.
                    with suppress(GatewayError):
                        left = await recovery.recover() if takes_over else 0
                        found = await journal.page(50, actor=actor)
                        if not left and all(_is_told(each) for each in found):
                            return found
                    await asyncio.sleep(0.1)
                raise TimeoutError("operations are open still")
            finally:
                await operations.aclose()

    @asynccontextmanager
    async def _journal(self, url: str) -> AsyncGenerator[OperationJournal]:
        database = Database(url)
        try:
            yield OperationJournal(database, PrivateKeySource(KEY, lambda: None))
        finally:
            await database.aclose()


def _is_told(operation: StoredOperation) -> bool:
    """Return whether nothing is to be expected any more: it is settled, or was looked up after its doubt."""
    sent = [each.sent_at for each in operation.writes if each.sent_at is not None]
    is_old = datetime.now(UTC) - max(sent, default=operation.started_at) > 3 * DOUBT
    return operation.state not in _OPEN or (operation.state is OperationState.UNKNOWN and is_old)


def tables_of(box: Sandbox, urls: dict[str, str]) -> dict[str, Any]:
    """Return the settings of every vendor."""
    limits = {"limits": {"vendor_budget": False, "parallel": 64}}
    return {name: {"base_url": url, **box.vendors[name].credentials, **limits} for name, url in urls.items()}


@asynccontextmanager
async def a_world(
    path: Path, *, customers: int = 120, new_database: Callable[[], str] | None = None
) -> AsyncGenerator[World]:
    """Serve the vendors, and start what forks workers. Journals are SQLite files, unless `new_database` makes them."""
    box = sandbox(customers=customers)
    environ = {**os.environ, "PYTHONPATH": f"{TESTS}:{os.environ.get('PYTHONPATH', '')}"}
    pipe = asyncio.subprocess.PIPE
    forking = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "operations.crashing", env=environ, stdin=pipe, stdout=pipe
    )
    async with box.serving() as urls:
        federation = build_federation(settings_of(tables_of(box, urls)), vendors=VENDORS)
        world = World(box, urls, path, forking, federation, new_database)
        try:
            yield world
        finally:
            for each in world.started:
                if each.is_there():
                    each.send(signal.SIGKILL)  # what a test that failed has left standing
            await federation.aclose()
            assert forking.stdin is not None
            forking.stdin.close()
            await forking.wait()
    box.close()
