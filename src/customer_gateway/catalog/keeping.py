"""Keep the index as the systems are while the gateway serves: by reads and writes that pass, and by the journal."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from customer_gateway.catalog.believed import last_believed
from customer_gateway.errors import GatewayError
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Mapping
    from datetime import datetime

    from customer_gateway.catalog.updates import IndexUpdates
    from customer_gateway.catalog.written import WrittenRecords
    from customer_gateway.model.journal import Journal
    from customer_gateway.model.passes import PassRow

_PAGE: Final = 200

_log: Any = structlog.get_logger("customer_gateway.catalog")


class PassRows(Protocol):
    """Tells what is stored of passes, as `model.passes.PassStore` does."""

    async def rows(self) -> Mapping[str, PassRow]: ...


@asynccontextmanager
async def keeping(
    updates: IndexUpdates,
    written: WrittenRecords,
    journal: Journal | None,
    passes: PassRows,
    systems: Collection[str],
) -> AsyncGenerator[None]:
    """Store what reads and writes bring meanwhile, and what processes that were killed have left."""
    catching_up = [] if journal is None else [_catch_up(written, journal, passes, each) for each in systems]
    async with updates.running(), written.running(), in_background(*catching_up):
        yield


async def _catch_up(written: WrittenRecords, journal: Journal, passes: PassRows, system: str) -> None:
    """Store the records of operations on a system that the index may not have seen since.

    The last complete pass has seen what was settled before it began; without one the whole journal is looked at.
    """
    try:
        row = (await passes.rows()).get(system)
        complete = None if row is None else last_believed(row)
        began = None if complete is None else complete.began
        after: tuple[datetime, str] | None = None
        while operations := await journal.page(_PAGE, after, systems=[system], unsettled_at=began):
            await written.store_unseen(system, operations)
            after = operations[-1].started_at, operations[-1].id
    except GatewayError as error:  # the next pass reads them
        _log.warning("journal_not_read", system=system, reason=type(error).__name__)
