"""Merge the segments of SQLite's full-text indexes after the transactions that add them, a few pages at a time.

Each transaction adds one segment of an index. FTS5 would merge 16 of a size inside the transaction that adds the next:
one stored record would wait for that as long as 350 ms (50,000 records), and with it all that write to the file. So
what is merged at once has a bound, and a transaction of its own. Where that lags behind, FTS5 merges 64 at once.

This module imports no SQLAlchemy.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy import Connection

    from customer_gateway.store.database import Database

FTS_TABLES: Final = ("catalog_tokens", "catalog_pieces")
MERGING: Final = tuple(
    f"INSERT INTO {table}({table}, rank) VALUES('{setting}', {value})"
    for table in FTS_TABLES
    for setting, value in (("automerge", 0), ("crisismerge", 64), ("usermerge", 8))
)
"""Statements that set the tables up once: nothing is merged but by `merge_some`, which begins with 8 of a size."""
_MOST_PAGES: Final = 16
"""Pages of 4 KB that are written of each index in one transaction: some 3 ms."""
_NOTHING_MERGED: Final = 2
"""Fewer rows than these have changed where there was nothing to merge (SQLite, FTS5, the command 'merge')."""
_TRANSACTIONS: Final = 8
"""After so many there may be something to merge."""
_MOST_SECONDS: Final = 0.5
"""For no longer a pass waits at once: it has a lease to keep."""
_PAUSE_SECONDS: Final = 0.25
"""Between two steps beside writes, so that few of these wait for one."""

_log: Any = structlog.get_logger("customer_gateway.store")


class SegmentMerging:
    """Merges what transactions on the index of one SQLite file have added; elsewhere there is nothing to do."""

    def __init__(self, database: Database, most_seconds: float = _MOST_SECONDS) -> None:
        self._database = database
        self._most_seconds = most_seconds
        self._transactions = 0
        self._due = asyncio.Event()

    async def merge(self) -> None:
        """Merge what is due after a transaction of a pass, or of what reads have brought: these can wait for it."""
        if not self._counts_enough():
            return
        until = time.monotonic() + self._most_seconds
        while await self._step():
            if time.monotonic() > until:
                self._transactions = _TRANSACTIONS  # the next transaction goes on
                return

    def merge_later(self) -> None:
        """Merge what is due after a transaction of a write, which does not wait for it, while this is `running`."""
        if self._counts_enough():
            self._due.set()

    def _counts_enough(self) -> bool:
        """Count a transaction; return whether there may be something to merge, and begin to count anew then.

        Each process counts its own: with ten that write by turns FTS5 has merged before, segments of a row each.
        """
        self._transactions += 1
        if self._transactions < _TRANSACTIONS or not self._database.is_file:
            return False
        self._transactions = 0
        return True

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Merge a step at a time what writes make due."""
        async with in_background(self._run()):
            yield

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            if not await self._step():
                self._due.clear()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _step(self) -> bool:
        """Merge some; return whether there may be more. What was stored stays stored where that fails."""
        try:
            return await self._database.write(merge_some)
        except (DatabaseUnavailable, ConfigInvalid) as error:  # the next that is due tries it again
            _log.warning("segments_not_merged", reason=str(error))
        except Exception:  # noqa: BLE001 - a mistake of ours ends no pass and no write
            _log.exception("segments_not_merged")
        return False


def merge_some(connection: Connection) -> bool:
    """Merge segments of the size of which there are most, eight at least; return whether there were any."""
    before = _changed_rows(connection)
    for table in FTS_TABLES:
        connection.exec_driver_sql(f"INSERT INTO {table}({table}, rank) VALUES('merge', {_MOST_PAGES})")
    return _changed_rows(connection) - before >= len(FTS_TABLES) * _NOTHING_MERGED


def _changed_rows(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT total_changes()").scalar_one())
