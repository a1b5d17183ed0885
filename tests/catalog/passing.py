"""Workers that fill an index from the sandbox's vendors over HTTP, as `serve` does; with a clock to be moved on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gateway import settings_over
from sqlalchemy import select
from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.catalog.passes import PassKit
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.schedule import Schedule, ScheduleTiming, pass_now
from customer_gateway.federation.indexing import INDEXED, indexed
from customer_gateway.model.catalog import PageOfRows, RecordState, Search
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.catalog_tables import RECORDS
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from customer_gateway.federation.request import Federation
    from customer_gateway.model.passes import PassRow
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import Reads, System

QUICK = (0.01, 0.02, 0.05)


@dataclass
class Clock:
    """Moments that a test moves on."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Worker:
    """One process: its systems, its index, the passes that it makes."""

    box: Sandbox
    federation: Federation
    database: Database
    clock: Clock
    kit: PassKit
    timing: ScheduleTiming = field(default_factory=ScheduleTiming)

    @property
    def index(self) -> CatalogIndex:
        return CatalogIndex(self.database, row_of, encode_values, decode_values)

    def schedule(self, *names: str) -> Schedule:
        systems = {name: self.federation.systems[name] for name in names or self.federation.systems}
        return Schedule(self.kit, systems, self.timing)

    async def sync(self, name: str, *, accept: bool = False) -> PassRow:
        """Make a pass of a system, as the command does; return what is stored of it then."""
        await self.kit.store.request([name], self.clock(), accept=accept)
        assert not await pass_now(self.schedule(), [name])
        return await self.row(name)

    async def row(self, name: str) -> PassRow:
        return (await self.kit.store.rows())[name]

    async def states(self, name: str) -> dict[str, RecordState]:
        query = select(RECORDS.c.key, RECORDS.c.state).where(RECORDS.c.system == name)
        found = await self.database.read(lambda connection: connection.execute(query).all())
        return {row.key: RecordState(row.state) for row in found}

    async def keys(self, name: str, state: RecordState = RecordState.PRESENT) -> set[str]:
        return {key for key, found in (await self.states(name)).items() if found is state}

    async def values(self, name: str) -> dict[str, Mapping[str, Any]]:
        """What the index has of each record that is PRESENT, as it is displayed."""
        query = select(RECORDS.c.key, RECORDS.c.shown).where(RECORDS.c.system == name, RECORDS.c.state == 0)
        found = await self.database.read(lambda connection: connection.execute(query).all())
        return {row.key: decode_values(row.shown) for row in found}

    async def found(self, *names: str) -> int:
        """How many records a search finds."""
        page = await self.index.find(Search(names), PageOfRows(1), count=True)
        return page.total or 0

    async def truth(self, name: str) -> dict[str, Mapping[str, Any]]:
        """What each customer of the vendor is by a read of its own key, widely, as a client reads it."""
        system = self.federation.systems[name]
        keys = self.keys_at(name)
        context = self.federation.request(EVERYTHING, Deadline.after(30))
        route = system.customers(EVERYTHING)
        views = await context.reads.load(route, keys)
        changes = await indexed(system, [view for view in views if view is not None], context.reads)  # pyright: ignore[reportArgumentType] - none fails here
        return {change.ref.key: decode_values(row_of(change.ref, change.values).values) for change in changes}

    def keys_at(self, name: str) -> list[str]:
        """The keys of the customers that the vendor has."""
        return list(self.box.vendors[name].population.documents())

    async def until_called(self, name: str, most: float = 10) -> None:
        """Wait until a vendor has been called."""
        async with asyncio.timeout(most):
            while True:
                if self.calls(name):
                    return
                await asyncio.sleep(0.02)

    def calls(self, name: str) -> list[str]:
        return self.box.vendors[name].log.calls()


@asynccontextmanager
async def working(
    box: Sandbox,
    urls: Mapping[str, str],
    url: str,
    *,
    clock: Clock | None = None,
    timing: ScheduleTiming | None = None,
    systems: Sequence[tuple[str, str]] | None = None,
    wiring: Wiring | None = None,
    **otherwise: Any,
) -> AsyncGenerator[Worker]:
    """A worker over the vendors at `urls`; several of one `url` of a database share an index."""
    settings = settings_over(box, urls=urls, systems=systems, **otherwise)
    federation = build_federation(settings, wiring or Wiring(), VENDORS)
    database = Database(url, CATALOG)
    clock = clock or Clock()
    kit = PassKit(
        CatalogPasses(database, CatalogIndex(database, row_of, encode_values, decode_values)),
        INDEXED,
        _read,
        clock,
        QUICK,
    )
    try:
        yield Worker(box, federation, database, clock, kit, timing or ScheduleTiming(tick_seconds=0.05))
    finally:
        await federation.aclose()
        await database.aclose()


async def _read(system: System, views: Sequence[Any], reads: Reads) -> Any:
    return await indexed(system, views, reads)
