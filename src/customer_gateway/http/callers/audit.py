"""Write who has read which customers: one JSON line a request, to a file of its own, some together.

    {"at": "…Z", "request_id": "…", "caller": {"kind": "key", "name": "shop"}, "fields": ["billing", "customer"],
     "records": {"pland": ["0021…"]}}

A line has no value of a customer. The file is opened for each writing, so it may be moved away at any time.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, suppress
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
"""Lines that are kept while the file cannot be written, beside those of the writing that failed; newer ones are
dropped, and counted in the log."""

_PRIVATE: Final = 0o600

_log = structlog.get_logger("customer_gateway.audit")


class ReadAudit:
    """Collect lines, and append them to a file about once a second and at the end."""

    def __init__(self, path: Path, most_lines: int = MOST_LINES) -> None:
        self._path = path
        self._most_lines = most_lines
        self._waiting: list[bytes] = []
        self._unwritten = b""
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
        ended = asyncio.Event()
        # It is ended, not cancelled: a writing that is under way is waited for.
        task = asyncio.create_task(self._write_until(ended, every_seconds))
        try:
            yield
        finally:
            ended.set()
            await task
            await self.write()

    async def write(self) -> None:
        """Append what is collected. What cannot be written is kept, and the log says so."""
        while self._unwritten or self._waiting:
            if not self._unwritten:
                self._unwritten, self._waiting = b"".join(self._waiting), []
            self._unwritten, reason = await asyncio.to_thread(_append, self._path, self._unwritten)
            if reason is not None:
                waiting = len(self._waiting) + self._unwritten.count(b"\n")
                _log.error("audit_unwritten", reason=reason, waiting=waiting, dropped=self._dropped)
                return
        if self._dropped:
            _log.error("audit_dropped", dropped=self._dropped)
            self._dropped = 0

    async def _write_until(self, ended: asyncio.Event, seconds: float) -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), seconds)
            await self.write()


def _append(path: Path, data: bytes) -> tuple[bytes, str | None]:
    """Append all of it; return what could not be written, and why."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE)
        try:
            while data:
                data = data[os.write(file, data) :]
        finally:
            os.close(file)
    except OSError as error:
        return data, os.strerror(error.errno) if error.errno else type(error).__name__
    return data, None
