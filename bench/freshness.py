"""How soon the index has what was changed at a vendor and read by a page: `make bench ARGS=freshness`.

The gateway of bench (b), its index filled by a pass, answers the page query; one customer in a hundred is changed at
the stub, and all pages with one of them are read. The table says how many of them the index has how long after that
read, and how many changes were dropped. `seconds before` is how long the load had run: a process compares records that
it reads for the first time when it has time for that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple

from bench.answers import asked
from bench.contest import Pages, configured, cursors
from bench.filled_index import WITH_INDEX, index_rows, wait_until_filled
from bench.machine import cores, facts
from bench.pland_rows import CUSTOMERS, PAGE
from bench.processes import Server, Stub, fetched
from bench.report import Report, Section

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from bench.machine import Cores

EVERY: Final = 100
"""One customer in so many is changed."""
AIM_SECONDS: Final = 2.0
_WATCHED_SECONDS: Final = 20.0
_READERS: Final = 8


class Load(NamedTuple):
    """How pages are asked for meanwhile: `pause` is that of a connection after each answer."""

    text: str
    connections: int
    pause: float


LOADS: Final = (Load("50 pages a second at most", 10, 0.2), Load("full load, 100 connections", 100, 0.0))


class Freshness(NamedTuple):
    """Seconds from the read of each changed customer until the index had it; None where that was never.

    A read of the load's own may have come before: the lag is 0 then. `longest` is from the change itself.
    """

    lags: Sequence[float | None]
    longest: float
    dropped: int
    rate: float

    def within(self, seconds: float) -> int:
        return sum(lag is not None and lag <= seconds for lag in self.lags)


def measure_freshness(*, quick: bool) -> None:
    """Print a row for each load, and how long it had run before the change."""
    placed = cores()
    os.sched_setaffinity(0, {placed.generator})
    report = Report(facts())
    rows: list[tuple[str, ...]] = []
    for load in LOADS:
        for before in (1, 15) if quick else (1, 15, 120):
            found = _measured(load, before, placed)
            within = found.within(AIM_SECONDS)
            late = found.within(_WATCHED_SECONDS) - within
            there = [lag for lag in found.lags if lag is not None]
            rows.append(
                (
                    load.text,
                    f"{before}",
                    f"{found.rate:,.0f}",
                    f"{len(found.lags)}",
                    f"{found.dropped}",
                    f"{within}",
                    f"{late}",
                    f"{len(found.lags) - len(there)}",
                    f"{median(there):.2f}" if there else "",
                    f"{found.longest:.2f}",
                )
            )
            print(*rows[-1], sep=" | ", flush=True)
    columns = (
        "load",
        "seconds before",
        "pages/s",
        "changed",
        "dropped",
        f"found within {AIM_SECONDS:g} s",
        "later",
        f"not in {_WATCHED_SECONDS:g} s",
        "median s",
        "from the change, at most s",
    )
    report.add(Section("Freshness: changes at a vendor that pages have read", columns, rows))


def _measured(load: Load, before: float, placed: Cores) -> Freshness:
    with tempfile.TemporaryDirectory() as name, Stub(placed.stub) as stub:
        directory = Path(name)
        log = directory / "log"
        config = configured(stub, directory, auth=WITH_INDEX.format(directory=directory))
        environment = {"CUSTOMER_GATEWAY_CONFIG": str(config)}
        with Server("gateway", [placed.server], environment) as server:
            wait_until_filled(directory)
            pages = Pages(directory, cursors(server), [])
        # Another process: it has read nothing, as after a start.
        with log.open("wb") as lines, Server("gateway", [placed.server], environment, log=lines.fileno()) as server:
            url = f"{server.url}/graphql"
            seconds = before + _WATCHED_SECONDS + 5
            with _loading(load, url, pages, seconds) as generator:
                time.sleep(before)
                changed: dict[str, str] = fetched(f"{stub.url}/change?every={EVERY}")
                lags, longest = _lags(url, pages, changed, directory)
                told = json.loads(generator.communicate()[0].splitlines()[-1])
        dropped = _dropped(log)
        return Freshness(lags, longest, dropped, told["requests"] / told["microseconds"] * 1e6)


def _dropped(log: Path) -> int:
    """Return how many records a gateway has dropped: its log has the running count."""
    lines = [json.loads(line) for line in log.read_bytes().splitlines() if b'"index_updates_dropped"' in line]
    return max((int(line["dropped"]) for line in lines), default=0)


@contextmanager
def _loading(load: Load, url: str, pages: Pages, seconds: float) -> Generator[subprocess.Popen[str]]:
    asks = {
        "BENCH_LINES": str(pages.all("cursor").path),
        "BENCH_ORDER": "random",
        "BENCH_METHOD": "POST",
        "BENCH_KEY": "",
        "BENCH_CONNECTIONS": str(load.connections),
        "BENCH_SECONDS": str(seconds),
        "BENCH_PAUSE": str(load.pause),
    }
    command = [sys.executable, "-m", "bench.generator", url]
    process = subprocess.Popen(command, env={**os.environ, **asks}, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _lags(url: str, pages: Pages, changed: Mapping[str, str], directory: Path) -> tuple[list[float | None], float]:
    """Read the pages of what has changed, and look into the index until it has all of it."""
    began = time.monotonic()
    lines = pages.all("cursor").lines
    places = sorted({number * EVERY // PAGE for number in range(CUSTOMERS // EVERY)})
    new = set(changed.values())
    read: dict[str, float] = {}
    there: dict[str, float] = {}

    def read_page(place: int) -> None:
        while True:  # the answer to one that asked before the change may be shared
            (answer,) = asked(url, [lines[place]], 1)
            told = {node["phone"] for node in answer.document["data"]["system"]["customers"]["nodes"]}
            if shown := told & new:
                read.update(dict.fromkeys(shown, time.monotonic()))
                return

    query = f"SELECT key, shown FROM catalog_records WHERE key IN ({','.join('?' * len(changed))})"
    until = time.monotonic() + _WATCHED_SECONDS
    with ThreadPoolExecutor(_READERS) as readers:
        reading = [readers.submit(read_page, place) for place in places]
        while len(there) < len(changed) and time.monotonic() < until:
            for key, shown in index_rows(directory, query, *changed):
                if changed[key] in shown:
                    there.setdefault(key, time.monotonic())
            time.sleep(0.1)
        for each in reading:
            each.result()
    lags = [max(there[key] - read[phone], 0.0) if key in there else None for key, phone in changed.items()]
    return lags, max(there.values(), default=began) - began
