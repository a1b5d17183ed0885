"""Load: a generator in a process and on a core of its own, and what it measured."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Protocol

from bench.answers import CheckedAnswers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.answers import Method, Order, Questions, Sizes
    from bench.machine import Used
    from bench.processes import Running

_SCRIPT = Path(__file__).with_name("load.lua")
_PATIENCE_SECONDS = 60


class Upstream(Protocol):
    """What the contestants call: it counts the calls so far."""

    def calls(self) -> int: ...
    def used(self) -> Used: ...


@dataclass(frozen=True, slots=True)
class Busy:
    """How much of a core each process kept busy during a run, 1 for all of it."""

    contestant: float
    upstream: float
    generator: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run, or medians of several: times in milliseconds, memory in MB; `calls` upstream per request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    memory: float
    calls: float
    busy: Busy
    failed: int
    checked_answers: CheckedAnswers = field(default=CheckedAnswers(0, 0))

    @property
    def faults(self) -> list[str]:
        """Why these figures prove nothing, if they do not."""
        failed = [f"{self.failed:,} requests failed"] if self.failed else []
        return [*failed, *([str(self.checked_answers)] if self.checked_answers.wrong else [])]

    def faster_than(self, other: Figures) -> float:
        """The ratio of requests per second; infinite where the other answered none in time."""
        return self.rate / other.rate if other.rate else float("inf")

    def slower_than(self, other: Figures) -> float:
        """The ratio of the medians of the time that an answer takes."""
        return self.p50 / other.p50 if other.p50 else float("inf")

    @property
    def spread(self) -> float:
        """The slowest percent against the median."""
        return self.p99 / self.p50 if self.p50 else float("inf")

    @classmethod
    def median(cls, runs: Sequence[Figures]) -> Figures:
        def of(name: str) -> Any:
            return median(getattr(run, name) for run in runs)

        def busy(name: str) -> float:
            return median(getattr(run.busy, name) for run in runs)

        return cls(
            *(of(name) for name in ("rate", "p50", "p99", "cpu", "memory", "calls")),
            busy=Busy(busy("contestant"), busy("upstream"), busy("generator")),
            failed=sum(run.failed for run in runs),
            checked_answers=CheckedAnswers.together(run.checked_answers for run in runs),
        )


@dataclass(frozen=True, slots=True)
class Entrant:
    """Who is asked what, and where; `order` of the questions: shuffled and in turn, or random."""

    name: str
    server: Running
    url: str
    questions: Questions
    order: Order = "turn"
    connections: int = 100
    method: Method = "POST"


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

    def run(self, entrant: Entrant, seconds: float, upstream: Upstream, sizes: Sizes) -> Figures:
        """One run, begun when the server has nothing left to do; `sizes` are those of its right answers."""
        entrant.server.come_to_rest()
        before, behind, own, calls = entrant.server.used(), upstream.used(), _generated(), upstream.calls()
        told = self._run_generator(entrant, seconds)
        after = entrant.server.used()
        took = told["microseconds"] / 1e6
        requests = max(1, told["requests"])
        return Figures(
            rate=told["requests"] / took,
            p50=told["p50"] / 1000,
            p99=told["p99"] / 1000,
            cpu=(after.cpu - before.cpu) / requests * 1000,
            memory=after.memory,
            calls=(upstream.calls() - calls) / requests,
            busy=Busy(
                (after.cpu - before.cpu) / took, (upstream.used().cpu - behind.cpu) / took, (_generated() - own) / took
            ),
            failed=told["failed"],
            checked_answers=sizes.check_bytes(told["requests"], told["bytes"], entrant.order),
        )

    def _run_generator(self, entrant: Entrant, seconds: float) -> dict[str, int]:
        asks = {
            "BENCH_LINES": str(entrant.questions.path),
            "BENCH_ORDER": entrant.order,
            "BENCH_METHOD": entrant.method,
            "BENCH_KEY": entrant.questions.key,
            "BENCH_CONNECTIONS": str(entrant.connections),
            "BENCH_SECONDS": str(seconds),
        }
        done = subprocess.run(
            self._command(entrant, seconds), env={**os.environ, **asks}, capture_output=True, text=True, check=True
        )
        last = (done.stdout.splitlines() or [""])[-1]
        if not last.startswith("{"):
            raise RuntimeError(f"the generator told nothing: {done.stdout}{done.stderr}")
        return json.loads(last)

    def _command(self, entrant: Entrant, seconds: float) -> list[str]:
        if self.wrk is None:
            return [sys.executable, "-m", "bench.generator", entrant.url]
        # The script ends the run with its last answer; the duration is only the longest that it may take.
        longest = f"{ceil(seconds) + _PATIENCE_SECONDS}s"
        counts = ["-t", "1", "-c", str(entrant.connections), "-d", longest, "--timeout", f"{_PATIENCE_SECONDS}s"]
        return [self.wrk, *counts, "-s", str(_SCRIPT), entrant.url]


def _generated() -> float:
    """CPU seconds of the generators that have ended: the other processes are not waited for before the end."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime
