"""The index under all that may happen at once: python -m bench.soak --seconds 3600.

Four workers pass the sandbox's five vendors over and over, while customers come, change and go there, vendors fail, and
workers are killed. After that all is quiet, and one pass of each vendor is asked for. Then every row that is PRESENT
is what the vendor has, column by column, and nothing else is; nothing was GONE that had not vanished; no writer failed
on a locked database, and the write-ahead log stayed small. Ends with 1 where any of that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import httpx
import structlog

from customer_gateway.app import build_federation, load_settings
from customer_gateway.catalog.rows import decode_values, row_of
from customer_gateway.federation.indexing import indexed
from customer_gateway.model.catalog import RecordState
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKERS = 4
PORT_WAIT = 60.0
MOST_WAL = 200_000_000
CHANGES_PER_SECOND = 2
SEARCH = '{ customers(first: 20, search: "%s") { totalCount nodes { id name city: address { city } } } }'
WORDS = ("a", "mueller", "bau", "gmbh", "be", "anna", "shop", "dom", "ab", "s")
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "latency", "latency": 0.4},
    {"kind": "truncated"},
    {"kind": "empty_list"},
    {"kind": "lost_rows", "share": 0.01},
    {"kind": "lost_keys", "share": 0.5},
    {"kind": "unstable_pages"},
    {"kind": "wrong_total", "off": 2},
)


@dataclass
class Soak:
    """What runs, and what was found wrong."""

    box: Sandbox
    folder: Path
    seconds: float
    chance: random.Random
    problems: list[str] = field(default_factory=list[str])
    done: dict[str, int] = field(default_factory=lambda: {"searches": 0, "failed searches": 0, "kills": 0, "faults": 0})
    longest_wal: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "catalog.db"

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def write_config(self, urls: Mapping[str, str]) -> Path:
        lines = [
            "[auth]",
            'anonymous = ["customers:read"]',
            "[database]",
            f'url = "sqlite+aiosqlite:///{self.folder / "gateway.db"}"',
            "[catalog]",
            "pass_seconds = 10",
        ]
        for name, url in urls.items():
            lines += [f"[systems.{name}]", f"base_url = {json.dumps(url)}"]
            lines += [f"{key} = {json.dumps(value)}" for key, value in self.box.vendors[name].credentials.items()]
            lines += [f"[systems.{name}.limits]", "vendor_budget = false"]
        path = self.folder / "gateway.toml"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path


async def churn_and_faults(soak: Soak, until: float) -> None:
    """Let customers come, change and go, and one vendor after the other fail for a while."""
    for name, vendor in soak.box.vendors.items():
        vendor.churn.start(per_second=CHANGES_PER_SECOND, seed=name)
    while time.monotonic() < until:
        vendor = soak.chance.choice(list(soak.box.vendors.values()))
        vendor.faults.set(**soak.chance.choice(FAULTS))
        soak.done["faults"] += 1
        await asyncio.sleep(soak.chance.uniform(0.5, 3))
        vendor.faults.clear()
        await asyncio.sleep(soak.chance.uniform(0, 2))
    for vendor in soak.box.vendors.values():
        vendor.faults.clear()
        vendor.churn.stop()


async def kills(soak: Soak, supervisor: int, until: float) -> None:
    """Kill a worker every few seconds; the supervisor starts another."""
    while time.monotonic() < until - 2:
        await asyncio.sleep(soak.chance.uniform(4, 16))
        found = workers_of(supervisor)
        if found:
            with suppress(ProcessLookupError):
                os.kill(soak.chance.choice(found), signal.SIGKILL)
                soak.done["kills"] += 1


def workers_of(supervisor: int) -> list[int]:
    """Return the worker processes of a supervisor, by Linux's /proc."""
    try:
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="ascii").split()
        return [int(each) for each in children if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()]
    except OSError:
        return []


async def searches(soak: Soak, url: str, until: float) -> None:
    """Search as clients do; one whose worker is killed fails, and that is no problem."""
    async with httpx.AsyncClient(timeout=15) as client:
        while time.monotonic() < until:
            query = SEARCH % soak.chance.choice(WORDS)
            try:
                answer = (await client.post(url, json={"query": query})).json()
            except (httpx.HTTPError, ValueError):
                soak.done["failed searches"] += 1
                await asyncio.sleep(0.2)
                continue
            soak.done["searches"] += 1
            codes = {each["extensions"]["code"] for each in answer.get("errors", [])}
            if "INTERNAL_SERVER_ERROR" in codes or "CATALOG_UNAVAILABLE" in codes:
                soak.problems.append(f"a search was answered {sorted(codes)}")
            await asyncio.sleep(0.05)


async def looking(soak: Soak, until: float) -> None:
    """Look at the size of the log, and that nothing is GONE that did not vanish."""
    log = soak.folder / "catalog.db-wal"
    while time.monotonic() < until:
        await asyncio.sleep(2)
        with suppress(OSError):
            soak.longest_wal = max(soak.longest_wal, log.stat().st_size)
        await asyncio.to_thread(look_at_gone, soak)


def look_at_gone(soak: Soak) -> None:
    if not soak.database.exists():
        return
    query = "SELECT system, key FROM catalog_records WHERE state = ?"
    try:
        gone = soak.rows(query, int(RecordState.GONE))
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return
        soak.problems.append(f"a reader failed: {error}")
        return
    vanished = {
        name: {change.key for change in list(vendor.churn.log) if change.kind == "vanished"}
        for name, vendor in soak.box.vendors.items()
    }
    for system, key in gone:
        if key not in vanished[system]:
            soak.problems.append(f"{system}: {key} is GONE and was always there")


async def compared(soak: Soak, config: Path) -> int:
    """Return how many rows were held against their vendors', each by a wide read of its own."""
    settings = load_settings(config)
    federation = build_federation(settings)
    count = 0
    try:
        for name, system in federation.systems.items():
            keys = list(soak.box.vendors[name].population.documents())
            reads = federation.request(EVERYTHING, Deadline.after(120)).reads
            views = await reads.load(system.customers(EVERYTHING), keys)
            there = [view for view in views if view is not None and not isinstance(view, Exception)]
            truth = {each.ref.key: row_of(each.ref, each.values, "") for each in await indexed(system, there, reads)}
            found = soak.rows("SELECT key, shown, tokens FROM catalog_records WHERE system = ? AND state = 0", name)
            if extra := {key for key, _, _ in found} - truth.keys():
                soak.problems.append(f"{name}: {len(extra)} rows are PRESENT and not there, such as {min(extra)}")
            if lacking := truth.keys() - {key for key, _, _ in found}:
                soak.problems.append(f"{name}: {len(lacking)} rows are there and not PRESENT, such as {min(lacking)}")
            for key, shown, tokens in found:
                row = truth.get(key)
                if row is None:
                    continue
                count += 1
                if decode_values(shown) != decode_values(row.values) or tokens != row.tokens:
                    soak.problems.append(f"{name}: the row of {key} is not what the vendor has")
    finally:
        await federation.aclose()
    return count


async def quiet_pass(config: Path) -> str:
    """Ask for a pass of every vendor, and accept what it finds, as an operator does who knows that many have gone."""
    names = list(load_settings(config).systems)
    told = b""
    for accept in ([], ["--accept"]):
        arguments = ["sync", *accept, "--json", *names, "--config", str(config)]
        command = [sys.executable, "-m", "customer_gateway", *arguments]
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        told, _ = await process.communicate()
    return told.decode()


async def soaked(seconds: float, customers: int, seed: int) -> int:
    """Soak for so long, and print what was done and what is wrong; return the code to end with."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    box = Sandbox(customers=customers)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        soak = Soak(box, Path(folder), seconds, random.Random(seed))
        async with box.serving() as urls:
            config = soak.write_config(urls)
            log = Path(folder) / "serve.log"
            with log.open("wb") as lines:
                process = served(config, lines)
                try:
                    url = await address_in(log)
                    until = time.monotonic() + seconds
                    await asyncio.gather(
                        churn_and_faults(soak, until),
                        kills(soak, process.pid, until),
                        searches(soak, url, until),
                        looking(soak, until),
                    )
                    passes = soak.rows("SELECT system, pass_number FROM catalog_systems")
                    told = await quiet_pass(config)
                    count = await compared(soak, config)
                finally:
                    process.terminate()
                    process.wait(timeout=60)
            look_at_log(soak, log)
        box.close()
    if soak.longest_wal > MOST_WAL:
        soak.problems.append(f"the write-ahead log was {soak.longest_wal / 1e6:.0f} MB")
    states = {each["system"]: each["state"] for each in json.loads(told)}
    soak.problems += [f"{name}: the quiet pass ended {state}" for name, state in states.items() if state != "IDLE"]
    print(
        json.dumps(
            {
                **soak.done,
                "passes": dict(passes),
                "rows compared": count,
                "largest WAL": soak.longest_wal,
                "states": states,
            }
        )
    )
    for problem in soak.problems[:20]:
        print(problem)
    return 1 if soak.problems or not count else 0


def served(config: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    arguments = ["serve", "--config", str(config), "--port", "0", "--workers", str(WORKERS)]
    return subprocess.Popen([sys.executable, "-m", "customer_gateway", *arguments], stderr=log)


async def address_in(log: Path) -> str:
    """Return the address that a gateway logs when it listens."""
    async with asyncio.timeout(PORT_WAIT):
        while True:
            lines = await asyncio.to_thread(log.read_text, encoding="utf-8")
            for line in lines.splitlines():
                if '"listening"' in line:
                    return str(json.loads(line)["address"])
            await asyncio.sleep(0.1)


def look_at_log(soak: Soak, log: Path) -> None:
    for line in log.read_text(encoding="utf-8").splitlines():
        if "locked" in line or '"catalog_passes_failed"' in line or '"catalog_pass_stopped"' in line:
            soak.problems.append(f"the log says: {line[:300]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--customers", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    return asyncio.run(soaked(asked.seconds, asked.customers, asked.seed))


if __name__ == "__main__":
    sys.exit(main())
