"""What a write costs above its vendor calls, on SQLite files, vendors in this process; `--writes` measures it alone.

The time of the calls is left out: it would be taken without a journal, too. A write of one call commits three times
before its answer, twice with an fsync. With an index there is a fourth commit, without an fsync, in the index's own
file, while the journal commits for the last time. What the index reads of the vendor besides, Billbee's addresses, is
left out, too: the vendor's time alone.
The disk's own fsync is measured beside it, at the pace of writes: a disk that had a pause of milliseconds takes several
times as long as one that is kept busy. With `TMPDIR` in memory, such as /dev/shm, the gateway alone is measured.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Any, Final

import httpx
import uvloop

from bench.report import Goal, Section
from bench.written_index import FILLED, WrittenIndex, filled
from customer_gateway.app import build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.documents.versions import version_of
from customer_gateway.logs import configure_logs
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind
from customer_gateway.model.versions import version_of_record
from customer_gateway.operations.attempts import Setup
from customer_gateway.operations.requests import WriteRequest
from customer_gateway.operations.service import Operations
from customer_gateway.sandbox import Sandbox
from customer_gateway.server.collector import freeze
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.report import Report
    from customer_gateway.operations.requests import Outcome
    from customer_gateway.sandbox.vendor import Vendor
    from customer_gateway.system import WrittenDocument

WRITES: Final = 200
_FSYNCS: Final = 200
_PAUSE_SECONDS: Final = 0.002
"""Between two fsyncs, as between those of writes that come one after the other."""
_CALLS: Final = frozenset({"read", "send", "choices", "search_before", "find_created"})
_IN_WRITER: Final[ContextVar[bool]] = ContextVar("in_writer", default=False)


class _OtherCalls(httpx.AsyncBaseTransport):
    """The way to a vendor in this process; the time that calls take is added up which no writer has made."""

    def __init__(self, app: Any) -> None:
        self.seconds = 0.0
        self._way = httpx.ASGITransport(app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        began = perf_counter()
        try:
            return await self._way.handle_async_request(request)
        finally:
            self.seconds += 0.0 if _IN_WRITER.get() else perf_counter() - began


class _Timed:
    """A system's writer; the time that its calls take is added up."""

    def __init__(self, writer: Any) -> None:
        self.seconds = 0.0
        self._writer = writer

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._writer, name)
        return self._timed(found) if name in _CALLS else found

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def timed(*given: Any, **otherwise: Any) -> Any:
            began, token = perf_counter(), _IN_WRITER.set(True)
            try:
                return await call(*given, **otherwise)
            finally:
                _IN_WRITER.reset(token)
                self.seconds += perf_counter() - began

        return timed


class _System:
    """A system whose writer is timed."""

    def __init__(self, system: Any) -> None:
        self.writer = _Timed(system.writer)
        self._system = system

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


class _SystemWrites:
    """The writes of one system, whose vendor is in this process, journalled at `path`."""

    def __init__(self, name: str, path: Path, filled_index: Path | None) -> None:
        self._name = name
        self._box = Sandbox(customers=50, rate_limits=False)
        self._upstream = self._box.vendors[name]
        self._way = way = _OtherCalls(self._upstream.app)
        self._federation = build_federation(_settings(name, self._upstream), Wiring(transport=lambda _: way))
        self._index = None if filled_index is None else WrittenIndex(self._federation, filled_index, path)
        self._database = Database(f"sqlite+aiosqlite:///{path}")
        self._system: Any = _System(self._federation.systems[name])
        journal = OperationJournal(self._database, PrivateKeySource(b"k" * 32, lambda: None))
        self._operations = Operations(Setup({name: self._system}, journal, seconds=30, written=self._note))
        self._numbers = count(1_000_000)
        self._taken: list[float] = []

    async def writable(self) -> Sequence[str]:
        """Return the keys that can be written, by a write of each: none is archived, under review or invalid."""
        all_keys = self._upstream.customers.keys()
        return [key for key in all_keys if not (await self._write(key)).errors]

    async def measure(self, keys: Sequence[str]) -> Sequence[float]:
        """Return the milliseconds of each of `WRITES` writes; the index must find the last one."""
        self._taken.clear()
        async with nullcontext() if self._index is None else self._index.running():
            for key in islice(cycle(keys), WRITES):
                if errors := (await self._write(key)).errors:
                    raise RuntimeError(f"{self._name}: {errors[0].message}")
        if self._index is not None:
            await self._index.must_find(self._name, f"49221{next(self._numbers) - 1}")
        return self._taken

    async def aclose(self) -> None:
        if self._index is not None:
            await self._index.aclose()
        await self._operations.aclose()
        await self._federation.aclose()
        await self._database.aclose()
        self._box.close()

    async def _write(self, key: str) -> Outcome:
        request = await self._request(key)
        began, before = perf_counter(), self._called()
        outcome = await self._operations.carry_out(request, Deadline.after(30))
        if self._index is not None:
            await self._index.written.wait_stored(self._name, key)
        self._taken.append((perf_counter() - began - (self._called() - before)) * 1000)
        return outcome

    async def _request(self, key: str) -> WriteRequest:
        """Return an update of the record as it is now: another telephone number."""
        present = await self._system.writer.read(key, Deadline.after(30))
        version = version_of_record(self._name, key, version_of(self._system.writer.writes, present.document))
        patch = {"phone": f"+49 221 {next(self._numbers)}"}
        return WriteRequest(OperationKind.UPDATE, self._system, key, patch, "key:bench", EVERY_RIGHT, version)

    def _called(self) -> float:
        """Return the seconds that calls of the vendor have taken so far."""
        return self._system.writer.seconds + self._way.seconds

    def _note(self, system: str, key: str, written: WrittenDocument | None) -> None:
        if self._index is None:
            self._federation.batchers.forget(system, key)
        else:
            self._index.note(system, key, written)


def _settings(name: str, upstream: Vendor) -> Settings:
    """Return the configuration of one system alone, without the budget of its vendor."""
    model = next(vendor.settings for vendor in VENDORS if vendor.kind.slug == name)
    table = {"base_url": f"http://{name}.test{upstream.base_path}", **upstream.credentials}
    return Settings(
        ServerSettings(), {name: (name, model.model_validate({**table, "limits": {"vendor_budget": False}}))}
    )


def measure_writes(report: Report, rounds: int) -> None:
    """Add, for each system, the milliseconds of a write above its vendor calls: p50 and p95, without and with index."""
    configure_logs(plain=True, level="critical")  # a line of the log a call would be measured, too
    freeze()  # as every process that serves
    names = [vendor.kind.slug for vendor in VENDORS if vendor.kind.writes is not None]
    disk: list[Sequence[float]] = []
    alone: dict[str, list[Sequence[float]]] = {name: [] for name in names}
    indexed: dict[str, list[Sequence[float]]] = {name: [] for name in names}
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        index = filled(Path(folder))
        for number in range(rounds):
            path = Path(folder) / str(number)
            path.mkdir()
            disk.append(_fsyncs(path))
            for name in names:
                alone[name].append(uvloop.run(_writes(name, path / f"{name}.db", None)))
                indexed[name].append(uvloop.run(_writes(name, path / f"{name}-indexed.db", index)))
    remark = (
        f"{WRITES} updates of a telephone number a round, one after the other, each with the version that it"
        f" stands on, `synchronous = FULL`; {FILLED:,} other records in the index. Measured on"
        f" {datetime.now(UTC):%Y-%m-%d}, load {load:.1f} before and {os.getloadavg()[0]:.1f} at the end."
    )
    columns = ("", "p50 ms", "p95 ms", "p50 ms with the index", "p95 ms with the index")
    shown = [("fsync of the disk", *_shown(disk), "", "")]
    shown += [(name, *_shown(alone[name]), *_shown(indexed[name])) for name in names]
    report.add(Section("Writes: what one costs above its vendor calls", columns, shown, [remark]))
    for what, taken in (("", alone), (" with the index", indexed)):
        most = max(_medians(each)[1] for each in taken.values())
        text = f"writes{what}: p95 above the vendor calls, ms, of the system where it is most"
        report.goals.append(Goal(text, most, "≤", 5))


def _medians(rounds: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Return the medians, over the rounds, of their p50 and p95."""
    return median([median(part) for part in rounds]), median([_p95(part) for part in rounds])


def _shown(rounds: Sequence[Sequence[float]]) -> tuple[str, ...]:
    return tuple(f"{each:.2f}" for each in _medians(rounds))


async def _writes(name: str, path: Path, filled_index: Path | None) -> Sequence[float]:
    """Return the milliseconds of each write of a system above its vendor calls; an index is a copy of a filled one."""
    writes = _SystemWrites(name, path, filled_index)
    taken = await writes.measure(await writes.writable())
    await writes.aclose()
    return taken


def _fsyncs(path: Path) -> Sequence[float]:
    taken: list[float] = []
    descriptor = os.open(path / "fsync", os.O_CREAT | os.O_WRONLY, 0o600)
    for _ in range(_FSYNCS):
        sleep(_PAUSE_SECONDS)
        os.write(descriptor, b"x" * 4_096)
        began = perf_counter()
        os.fsync(descriptor)
        taken.append((perf_counter() - began) * 1000)
    os.close(descriptor)
    return taken


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]
