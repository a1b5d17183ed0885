"""Keep the index as the systems are while the gateway serves: by reads and writes that pass, and by the journal."""

from __future__ import annotations

import asyncio
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
_RETRY_SECONDS: Final = 60.0

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
    """Store the records of operations on a system that the index may not have seen since; try until that is done."""
    while True:
        try:
            row = (await passes.rows()).get(system)
            if row is not None and (began := _pass_began(row)) is not None:
                await _store_unseen(written, journal, system, began)
        except GatewayError as error:
            _log.warning("journal_not_read", system=system, reason=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return


def _pass_began(row: PassRow) -> datetime | None:
    """Return when the last complete pass began, else the one that is under way; None where all is still to be read."""
    complete = last_believed(row)
    return row.began_at if complete is None else complete.began


async def _store_unseen(written: WrittenRecords, journal: Journal, system: str, began: datetime) -> None:
    """Store the records of operations that are open, or were settled after a pass began, the newest first."""
    after: tuple[datetime, str] | None = None
    while operations := await journal.page(_PAGE, after, systems=[system], unsettled_at=began):
        await written.store_unseen(system, operations)
        after = operations[-1].started_at, operations[-1].id
