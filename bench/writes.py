"""What a write costs above its vendor calls, on a SQLite file, vendors in this process; `--writes` measures it alone.

The time of the calls is left out: it would be taken without a journal, too. The disk's own fsync is measured beside it:
a write of one call commits three times before its answer.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from datetime import UTC, datetime
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import httpx

from bench.report import Goal, Section
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

WRITES: Final = 200
_FSYNCS: Final = 200
_CALLS: Final = frozenset({"read", "send", "choices", "search_before", "find_created"})


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
            began = perf_counter()
            try:
                return await call(*given, **otherwise)
            finally:
                self.seconds += perf_counter() - began

        return timed


class _System:
    """A system whose writer is timed."""

    def __init__(self, system: Any) -> None:
        self.writer = _Timed(system.writer)
        self._system = system

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def measure_writes(report: Report, rounds: int) -> None:
    """Add, for each system, the milliseconds of a write above its vendor calls: p50 and p95."""
    configure_logs(plain=True, level="critical")  # a line of the log a call would be measured, too
    names = [vendor.kind.slug for vendor in VENDORS if vendor.kind.writes is not None]
    taken: dict[str, list[Sequence[float]]] = {name: [] for name in ("fsync of the disk", *names)}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            path = Path(folder) / str(number)
            path.mkdir()
            taken["fsync of the disk"].append(_fsyncs(path))
            for name in names:
                taken[name].append(asyncio.run(_writes(name, path)))
    rows = {
        name: (median([median(part) for part in each]), median([_p95(part) for part in each]))
        for name, each in taken.items()
    }
    remark = (
        f"{WRITES} updates of a telephone number a round, one after the other, each with the version that it"
        f" stands on, `synchronous = FULL`. Measured on {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f} at"
        " the end."
    )
    columns = ("", "p50 ms", "p95 ms")
    shown = [(name, f"{middle:.2f}", f"{most:.2f}") for name, (middle, most) in rows.items()]
    report.add(Section("Writes: what one costs above its vendor calls", columns, shown, [remark]))
    most = max(rows[name][1] for name in names)
    report.goals.append(Goal("writes: p95 above the vendor calls, ms, of the system where it is most", most, "≤", 5))


async def _writes(name: str, path: Path) -> Sequence[float]:
    box = Sandbox(customers=50, rate_limits=False)
    upstream = box.vendors[name]
    way = httpx.ASGITransport(upstream.app)
    model = next(vendor.settings for vendor in VENDORS if vendor.kind.slug == name)
    table = {"base_url": f"http://{name}.test{upstream.base_path}", **upstream.credentials}
    settings = Settings(
        ServerSettings(), {name: (name, model.model_validate({**table, "limits": {"vendor_budget": False}}))}
    )
    federation = build_federation(settings, Wiring(transport=lambda _: way))
    database = Database(f"sqlite+aiosqlite:///{path / f'{name}.db'}")
    system: Any = _System(federation.systems[name])
    journal = OperationJournal(database, PrivateKeySource(b"k" * 32, lambda: None))
    operations = Operations(Setup({name: system}, journal, seconds=30))
    numbers = count(1_000_000)

    async def write(key: str) -> Outcome:
        present = await system.writer.read(key, Deadline.after(30))
        version = version_of_record(name, key, version_of(system.writer.writes, present.document))
        patch = {"phone": f"+49 221 {next(numbers)}"}
        request = WriteRequest(OperationKind.UPDATE, system, key, patch, "key:bench", EVERY_RIGHT, version)
        began, before = perf_counter(), system.writer.seconds
        outcome = await operations.carry_out(request, Deadline.after(30))
        taken.append((perf_counter() - began - (system.writer.seconds - before)) * 1000)
        return outcome

    taken: list[float] = []
    all_keys = upstream.customers.keys()
    keys = [key for key in all_keys if not (await write(key)).errors]  # else archived, under review, invalid
    taken.clear()
    for key in islice(cycle(keys), WRITES):
        if errors := (await write(key)).errors:
            raise RuntimeError(f"{name}: {errors[0].message}")
    await operations.aclose()
    await federation.aclose()
    await database.aclose()
    box.close()
    return taken


def _fsyncs(path: Path) -> Sequence[float]:
    taken: list[float] = []
    descriptor = os.open(path / "fsync", os.O_CREAT | os.O_WRONLY, 0o600)
    for _ in range(_FSYNCS):
        os.write(descriptor, b"x" * 4_096)
        began = perf_counter()
        os.fsync(descriptor)
        taken.append((perf_counter() - began) * 1000)
    os.close(descriptor)
    return taken


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]
