"""What a soak runs: the sandbox's vendors in this process, the gateway's workers, and what was found wrong."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Generator, Mapping
    from typing import IO

    from customer_gateway.sandbox import Sandbox

WORKERS: Final = 4
_PORT_WAIT: Final = 60.0


@dataclass
class Soak:
    """What runs, what was done, and what was found wrong.

    `faulty` says until when a vendor failed, by the monotonic clock; `written` what was written of a record last, and
    how many changes its vendor's log had then; `sent` is set when one is sent. `accepted` are the systems whose quiet
    pass was SUSPECT because so many had vanished.
    """

    box: Sandbox
    folder: Path
    chance: random.Random
    problems: list[str] = field(default_factory=list[str])
    done: Counter[str] = field(default_factory=Counter[str])
    writes: Counter[str] = field(default_factory=Counter[str])
    faulty: dict[str, float] = field(default_factory=dict[str, float])
    written: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict[tuple[str, str], tuple[str, int]])
    sent: asyncio.Event = field(default_factory=asyncio.Event)
    accepted: list[str] = field(default_factory=list[str])
    longest_wal: int = 0

    @property
    def database(self) -> Path:
        return self.folder / "catalog.db"

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def is_changed(self, system: str, key: str, since: int) -> bool:
        """Whether churn has changed a record since its vendor's log had so many changes."""
        return any(change.key == key for change in self.box.vendors[system].churn.log[since:])

    @contextmanager
    def failing(self, system: str) -> Generator[None]:
        """Note that a vendor fails within the body."""
        self.faulty[system] = float("inf")
        try:
            yield
        finally:
            self.faulty[system] = time.monotonic()

    def write_config(self, urls: Mapping[str, str]) -> Path:
        lines = [
            "[auth]",
            'anonymous = ["customers:read", "customers:write"]',
            "[database]",
            f'url = "sqlite+aiosqlite:///{self.folder / "gateway.db"}"',
            f'key = "{"0" * 64}"',
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


def served(config: Path, log: IO[bytes]) -> subprocess.Popen[bytes]:
    arguments = ["serve", "--config", str(config), "--port", "0", "--workers", str(WORKERS)]
    return subprocess.Popen([sys.executable, "-m", "customer_gateway", *arguments], stderr=log)


async def address_in(log: Path) -> str:
    """Return the address that a gateway logs when it listens."""
    async with asyncio.timeout(_PORT_WAIT):
        while True:
            lines = await asyncio.to_thread(log.read_text, encoding="utf-8")
            for line in lines.splitlines():
                if '"listening"' in line:
                    return str(json.loads(line)["address"])
            await asyncio.sleep(0.1)


def workers_of(supervisor: int) -> list[int]:
    """Return the worker processes of a supervisor, by Linux's /proc."""
    try:
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text(encoding="ascii").split()
        return [int(each) for each in children if "spawn_main" in Path(f"/proc/{each}/cmdline").read_text()]
    except OSError:
        return []
