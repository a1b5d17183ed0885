"""Load: a generator in a process and on a core of its own, and what it measured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.processes import Running

Order: TypeAlias = Literal["turn", "random"]

_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run, or medians of several: times in milliseconds, memory in MB; `calls` upstream per request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    calls: float
    failed: int

    def faster_than(self, other: Figures) -> float:
        """The ratio of requests per second; infinite where the other answered none in time."""
        return self.rate / other.rate if other.rate else float("inf")

    @classmethod
    def median(cls, runs: Sequence[Figures]) -> Figures:
        def of(name: str) -> Any:
            return median(getattr(run, name) for run in runs)

        return cls(
            of("rate"), of("p50"), of("p99"), of("cpu"), of("memory"), of("calls"), sum(run.failed for run in runs)
        )


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who is asked, where, and with which bodies; `order` of the bodies: shuffled and in turn, or random."""

    name: str
    server: Running
    url: str
    bodies: Path
    order: Order = "turn"
    connections: int = 100


@dataclass(frozen=True, slots=True)
class Generator:
    """Asks from the core of this process; wrk where it is installed, else a Python one, which may be the limit."""

    wrk: str | None

    @classmethod
    def found(cls) -> Generator:
        return cls(shutil.which("wrk"))

    @property
    def name(self) -> str:
        return "wrk" if self.wrk else "bench/generator.py (install wrk for a generator that is no limit)"

    def run(self, entrant: Entrant, seconds: float, upstream: Callable[[], int]) -> Figures:
        """One run, begun when the server has nothing left to do. `upstream` tells how many calls were made so far."""
        entrant.server.come_to_rest()
        before, calls = entrant.server.used(), upstream()
        told = self._told(entrant, seconds)
        after, calls = entrant.server.used(), upstream() - calls
        requests = max(1, told["requests"])
        return Figures(
            rate=told["requests"] / told["microseconds"] * 1e6,
            p50=told["p50"] / 1000,
            p99=told["p99"] / 1000,
            cpu=(after.cpu - before.cpu) / requests * 1000,
            memory=after.memory,
            calls=calls / requests,
            failed=told["failed"],
        )

    def _told(self, entrant: Entrant, seconds: float) -> dict[str, int]:
        done = subprocess.run(
            self._command(entrant, seconds),
            env={**os.environ, "BENCH_BODIES": str(entrant.bodies), "BENCH_ORDER": entrant.order},
            capture_output=True,
            text=True,
            check=True,
        )
        last = (done.stdout.splitlines() or [""])[-1]
        if not last.startswith("{"):
            raise RuntimeError(f"the generator told nothing: {done.stdout}{done.stderr}")
        return json.loads(last)

    def _command(self, entrant: Entrant, seconds: float) -> list[str]:
        if self.wrk is None:
            return [sys.executable, "-m", "bench.generator", entrant.url, str(entrant.connections), str(seconds)]
        counts = ["-t", "1", "-c", str(entrant.connections), "-d", f"{max(1, round(seconds))}s", "--timeout", "60s"]
        return [self.wrk, *counts, "-s", str(_SCRIPT), entrant.url]
