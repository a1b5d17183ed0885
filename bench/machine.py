"""The machine: its cores and who gets which, what a process uses of it, and what is installed."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

PACKAGES = (
    "customer-gateway",
    "strawberry-graphql",
    "graphql-core",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "httpx",
    "pyreqwest",
    "aiodataloader",
    "orjson",
    "structlog",
)


class Cores(NamedTuple):
    """Core numbers: the contestant's, the stub's, the generator's, and those of several workers where there are any."""

    server: int
    stub: int
    generator: int
    workers: tuple[int, ...]


class Used(NamedTuple):
    """What processes have used: CPU seconds (user and system) since they began, and resident memory in MB now."""

    cpu: float
    memory: float


def cores() -> Cores:
    """A core for each as far as there are any; the contestant never shares its own."""
    have = sorted(os.sched_getaffinity(0))
    if len(have) == 1:
        raise SystemExit("make bench needs two cores: one for the contestant, one for the load.")
    server, *rest = have
    stub, generator = rest[0], rest[-1]
    spare = [core for core in rest if core not in {stub, generator}]
    return Cores(server, stub, generator, (server, spare[0]) if spare else ())


def used(pid: int) -> Used:
    """A process and its children."""
    ticks, pages = 0, 0
    for each in (pid, *_children(pid)):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
        pages += int(fields[21])
    return Used(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def workers_used(pid: int) -> dict[int, float]:
    """CPU seconds of each worker process under a supervisor, by process."""
    workers = [each for each in _children(pid) if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()]
    return {worker: used(worker).cpu for worker in workers}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def facts() -> list[str]:
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    count, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    return [
        f"{count} cores ({processor}), Linux {platform.release()}, load before the run {load:.1f}",
        f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]
