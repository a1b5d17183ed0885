"""Write who has read which customers: one JSON line a request, to a file of its own, some together.

    {"at": "…Z", "request_id": "…", "caller": {"kind": "key", "name": "shop"}, "fields": ["billing", "customer"],
     "records": {"pland": ["0021…"]}}

A line has no value of a customer. The file is opened for each writing, so it may be moved away at any time.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson
import structlog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from customer_gateway.api.audit import CustomersRead
    from customer_gateway.model.callers import Caller

WRITE_SECONDS: Final = 1.0
MOST_LINES: Final = 100_000
"""Lines that are kept while the file cannot be written; the newer ones are then dropped, and counted in the log."""

_PRIVATE: Final = 0o600

_log = structlog.get_logger("customer_gateway.audit")


class ReadAudit:
    """Collects lines, and appends them to a file about once a second and at the end."""

    def __init__(self, path: Path, most_lines: int = MOST_LINES) -> None:
        self._path = path
        self._most_lines = most_lines
        self._waiting: list[bytes] = []
        self._dropped = 0

    def note(self, request_id: str, caller: Caller, read: CustomersRead) -> None:
        """Collect the line of a request that was answered."""
        if len(self._waiting) >= self._most_lines:
            self._dropped += 1
            return
        line = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "caller": {"kind": caller.kind, "name": caller.name},
            "fields": read.groups,
            "records": read.records,
        }
        self._waiting.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))

    @asynccontextmanager
    async def writing(self, every_seconds: float = WRITE_SECONDS) -> AsyncGenerator[None]:
        """Write within the body, and what is left at its end."""
        task = asyncio.create_task(self._write_regularly(every_seconds))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.write()

    async def write(self) -> None:
        """Append what is collected; it is kept where the file cannot be written, and the log says so."""
        lines, self._waiting = self._waiting, []
        if not lines:
            return
        try:
            await asyncio.shield(asyncio.to_thread(_append, self._path, lines))
        except OSError as error:
            self._waiting = [*lines, *self._waiting]
            reason = os.strerror(error.errno) if error.errno else type(error).__name__
            _log.error("audit_unwritten", reason=reason, waiting=len(self._waiting), dropped=self._dropped)
        else:
            if self._dropped:
                _log.error("audit_dropped", dropped=self._dropped)
                self._dropped = 0

    async def _write_regularly(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.write()


def _append(path: Path, lines: list[bytes]) -> None:
    """Append all lines by one write, so that those of several workers do not mix."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
    try:
        os.write(file, b"".join(lines))
    finally:
        os.close(file)
