"""Ask for passes and follow them: made by the gateway that holds the systems, else by this process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.app import build_catalog, build_federation, build_schedule
from customer_gateway.catalog.schedule import pass_now
from customer_gateway.errors import ConfigInvalid
from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from customer_gateway.app import Catalog
    from customer_gateway.catalog.schedule import Schedule
    from customer_gateway.config import Settings
    from customer_gateway.model.passes import PassRow

_POLL_SECONDS: Final = 0.2


def demand_catalog(settings: Settings) -> Catalog:
    """Return the configured index. Raises `ConfigInvalid` where there is none."""
    if (catalog := build_catalog(settings)) is None:
        raise ConfigInvalid("[catalog] enabled is false: there is no index of customers to fill.")
    return catalog


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[tuple[Catalog, Schedule]]:
    """Open the index and the systems that fill it."""
    catalog = demand_catalog(settings)
    federation = build_federation(settings)
    try:
        yield catalog, build_schedule(settings, catalog, federation)
    finally:
        await federation.aclose()
        await catalog.database.aclose()


@dataclass(slots=True)
class Following:
    """The passes that were asked for, as they are stored."""

    schedule: Schedule
    names: Sequence[str]
    _own: dict[str, asyncio.Task[Any]] = field(default_factory=dict[str, "asyncio.Task[Any]"])

    async def follow(self, show: Callable[[Mapping[str, PassRow]], None]) -> Mapping[str, PassRow]:
        """Show how far the passes are until all have ended; make those that nobody else does."""
        try:
            while True:
                rows = await self.schedule.kit.store.rows()
                mine = {name: rows[name] for name in self.names if name in rows}
                show(mine)
                pending = [name for name in self.names if name not in mine or not _is_done(mine[name])]
                if not pending:
                    return mine
                now = datetime.now(UTC)
                self._make([name for name in pending if name not in mine or not mine[name].is_held(now)])
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await self._end()

    def _make(self, free: Sequence[str]) -> None:
        if any(not task.done() for task in self._own.values()) or not free:
            return
        for task in self._own.values():
            task.result()  # one that failed would fail again
        task = asyncio.create_task(pass_now(self.schedule, free))
        self._own = dict.fromkeys(free, task)

    async def _end(self) -> None:
        for task in set(self._own.values()):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def requested(schedule: Schedule, names: Sequence[str], *, accept: bool) -> Following:
    """Ask for a pass of each system. With `accept`, what it was not believed for is."""
    await schedule.kit.store.request(names, datetime.now(UTC), accept=accept)
    return Following(schedule, names)


def _is_done(row: PassRow) -> bool:
    """Return whether a pass has ended that began after it was asked for: only the beginning of one takes the request.

    Where the index was made anew meanwhile the numbers of passes begin again, and one of them at least has ended.
    """
    return row.requested_at is None and row.state is not SyncStateName.RUNNING and row.number > 0
