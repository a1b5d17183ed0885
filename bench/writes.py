"""What a write costs above its vendor calls: `python -m bench --writes`, on a SQLite file, vendors in this process.

The time of the calls is left out: it would be taken without a journal, too. The disk's own fsync is measured beside it:
a write commits four times before its answer, and once after it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import httpx

from customer_gateway.app import build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.logs import configure_logs
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind
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


def measure_writes() -> None:
    """Print, for each system, the milliseconds of a write above its vendor calls: p50 and p95."""
    configure_logs(plain=True, level="critical")  # a line of the log a call would be measured, too
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        print(f"fsync of the disk: p50 {_p50(_fsyncs(path)):.2f} ms, p95 {_p95(_fsyncs(path)):.2f} ms")
        for vendor in VENDORS:
            if vendor.kind.writes is not None:
                taken = asyncio.run(_writes(vendor.kind.slug, path))
                print(f"{vendor.kind.slug}: p50 {_p50(taken):.2f} ms, p95 {_p95(taken):.2f} ms of {len(taken)} updates")


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
    operations = Operations(
        {name: system}, OperationJournal(database, PrivateKeySource(b"k" * 32, lambda: None)), seconds=30
    )
    all_keys = upstream.customers.keys()
    keys = [each for each in all_keys if not (upstream.customers.get(each) or {}).get("ArchivedAt")]
    taken: list[float] = []
    for number in range(WRITES + 5):
        patch = {"name": f"Name {number}", "email": "bench@example.com"}
        request = WriteRequest(
            OperationKind.UPDATE,
            system,
            keys[number % len(keys)],
            patch,
            "key:bench",
            EVERY_RIGHT,
            force=True,
        )
        began, before = perf_counter(), system.writer.seconds
        outcome = await operations.carry_out(request, Deadline.after(30))
        taken.append((perf_counter() - began - (system.writer.seconds - before)) * 1000)
        if outcome.errors:
            raise RuntimeError(f"{name}: {outcome.errors[0].message}")
    await operations.aclose()
    await federation.aclose()
    await database.aclose()
    box.close()
    return taken[5:]


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


def _p50(taken: Sequence[float]) -> float:
    return median(taken)


def _p95(taken: Sequence[float]) -> float:
    return quantiles(taken, n=20)[-1]
