"""Count the records that the index could not take, and log the count while it grows, once a minute at most."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog

LOG_SECONDS: Final = 60.0

_log: Any = structlog.get_logger("customer_gateway.catalog")


class DropCount:
    """Counts from the start of the process; the first drop is logged at once, those of each minute after it together.

    One event loop uses it.
    """

    def __init__(self, every: float = LOG_SECONDS) -> None:
        self.count = 0
        self._every = every
        self._logged = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, count: int) -> None:
        self.count += count
        if self._timer is None:
            self._log_count()

    def close(self) -> None:
        """Log what is not logged yet, and no more after that."""
        self._log_count()
        if self._timer is not None:
            self._timer.cancel()

    def _log_count(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.count == self._logged:
            return
        _log.warning("index_updates_dropped", dropped=self.count)
        self._logged = self.count
        self._timer = asyncio.get_running_loop().call_later(self._every, self._log_count)
