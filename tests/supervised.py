"""`serve --workers` in processes of its own."""

from __future__ import annotations

import json
import re
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from configured import table_at
from picked import FIRST
from processes import PATIENCE, command, is_served, wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterable, Sequence

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the workers are found by Linux's /proc")


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway of several processes, its configuration, and the lines of its log."""

    process: subprocess.Popen[str]
    url: str
    config: Path
    lines: list[str]
    reading: Thread

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split() if "spawn_main" in _command_line(child)]

    def are_ready(self, workers: int) -> bool:
        """Whether so many workers have their signal handlers: a hang-up before that ends a process, as any other."""
        found = self.workers()
        return len(found) == workers and all(map(_survives_hangup, found))

    def ended(self) -> list[dict[str, Any]]:
        """What it said until it ended."""
        self.process.wait(PATIENCE)
        self.reading.join(PATIENCE)
        return [json.loads(line) for line in self.lines]


def _command_line(process: str) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return ""


def _survives_hangup(process: int) -> bool:
    """Whether SIGHUP is caught or ignored, by the masks of `/proc`."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return any(int(mask, 16) & 1 for mask in re.findall(r"^Sig(?:Cgt|Ign):\t(\w+)$", status, re.MULTILINE))


@contextmanager
def served(
    folder: Path,
    more: str = "",
    options: Sequence[str] = ("--workers", "2"),
    port: Sequence[str] = ("--port", "0"),
) -> Generator[Served]:
    """A gateway over a vendor that never answers."""
    config = folder / "gateway.toml"
    with socket.create_server(("127.0.0.1", 0)) as vendor:
        base_url = f"http://127.0.0.1:{vendor.getsockname()[1]}"
        config.write_text(more + table_at(base_url, FIRST), encoding="utf-8")
        with supervised(config, options, port) as gateway:
            yield gateway


@contextmanager
def supervised(
    config: Path, options: Sequence[str] = ("--workers", "2"), port: Sequence[str] = ("--port", "0")
) -> Generator[Served]:
    """The gateway of a configuration, once it answers."""
    with (
        command("serve", "--config", str(config), *port, *options) as process,
        httpx.Client(timeout=1) as client,
    ):
        assert process.stderr is not None
        url = next(line["address"] for line in map(json.loads, process.stderr) if line["event"] == "listening")
        wait_until(lambda: is_served(client, url.replace("/graphql", "/readyz")))
        lines: list[str] = []
        # Read as it comes: a worker that writes into a full pipe would answer nothing any more.
        reading = Thread(target=lines.extend, args=(process.stderr,), daemon=True)
        reading.start()
        try:
            yield Served(process, url, config, lines, reading)
        finally:
            process.kill()
            reading.join(PATIENCE)
            process.communicate()


def connections(worker: int, clients: Iterable[socket.socket]) -> int:
    """How many of the clients' connections the process has accepted."""
    links = {str(each.readlink()) for each in Path(f"/proc/{worker}/fd").iterdir()}
    ports = {f"{client.getsockname()[1]:04X}" for client in clients}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(row[2].partition(":")[2] in ports and f"socket:[{row[9]}]" in links for row in rows)
