"""Keep the index as the systems are while the gateway serves: by reads and writes that pass, and by the journal."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection

    from customer_gateway.catalog.updates import IndexUpdates
    from customer_gateway.catalog.written import WrittenRecords
    from customer_gateway.model.journal import Journal

RECENT: Final = timedelta(hours=1)
"""How old an operation may be whose record is read when a process starts; older ones are left to the next pass."""
_MOST_RECENT: Final = 200

_log: Any = structlog.get_logger("customer_gateway.catalog")


@asynccontextmanager
async def keeping(
    updates: IndexUpdates, written: WrittenRecords, journal: Journal | None, systems: Collection[str]
) -> AsyncGenerator[None]:
    """Store what reads and writes bring meanwhile, and what a process that was killed has left."""
    async with updates.running(), written.running(), in_background(_catch_up(written, journal, systems)):
        yield


async def _catch_up(written: WrittenRecords, journal: Journal | None, systems: Collection[str]) -> None:
    """Store the records of recent operations on these systems that the index has not seen since."""
    if journal is None:
        return
    try:
        recent = await journal.page(_MOST_RECENT)
        oldest = datetime.now(UTC) - RECENT
        await written.note_unseen([each for each in recent if each.started_at >= oldest and each.system in systems])
    except GatewayError as error:  # the next pass reads them
        _log.warning("journal_not_read", reason=type(error).__name__)
