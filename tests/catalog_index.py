"""The index of the sandbox's customers, filled by the systems' own lists, and gateways that find by it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from gateway import gateway_over, in_process, settings_over
from sqlalchemy import update
from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.observer import NoObserver
from customer_gateway.federation.sync_states import KeptSyncStates
from customer_gateway.model.catalog import INDEXED_FIELDS, RecordChange, RecordState, SyncState, SyncStateName
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_tables import SYSTEMS as TABLE
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.connection import Wiring
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence
    from pathlib import Path

    from gateway import Gateway
    from sqlalchemy import Connection

    from customer_gateway.federation.request import Federation, RequestContext
    from customer_gateway.sandbox import Sandbox
    from customer_gateway.system import System

SEEN_AT: Final = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
SQLITE: Final = "sqlite+aiosqlite:///"
_SIZE: Final = 100
_FILLED: Final[dict[tuple[str, ...], bytes]] = {}
"""The files of indexes by their systems: every sandbox has the same customers, so that one is filled once."""


@dataclass
class Gone(NoObserver):
    """What an observer was told: system, keys, and how many were asked for."""

    told: list[tuple[str, list[str], int]] = field(default_factory=list[tuple[str, list[str], int]])

    def note_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None:
        del read_at
        self.told.append((system, list(keys), asked))


@dataclass
class Passes:
    """The systems of which a pass was completed; `looks` counts how often that was asked."""

    completed: Sequence[str]
    looks: int = 0

    async def sync_states(self) -> Mapping[str, SyncState]:
        self.looks += 1
        await asyncio.sleep(0)  # others come meanwhile
        return {name: SyncState(name, SyncStateName.IDLE, completed_at=SEEN_AT) for name in self.completed}


@dataclass
class FoundWorld:
    """An index in its database, and what the gateways over it tell it."""

    index: CatalogIndex
    database: Database
    observer: Gone = field(default_factory=Gone)
    passes: Passes | None = None

    def given(self, federation: Federation) -> Federation:
        sync = None if self.passes is None else KeptSyncStates(self.passes)
        return replace(federation, index=self.index, observer=self.observer, sync=sync)

    async def complete(self, systems: Sequence[str]) -> None:
        """Say of which systems a pass was complete, and that it never was of others."""
        self.passes = Passes(systems)
        await self.set_completed(systems)

    async def set_completed(self, systems: Sequence[str]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(update(TABLE).values(completed_at=None))
            connection.execute(update(TABLE).where(TABLE.c.system.in_(systems)).values(completed_at=SEEN_AT))

        await self.database.write(work)

    async def put(self, system: str, *records: Mapping[str, Any], seen_at: datetime = SEEN_AT) -> None:
        """Store rows of a system; a record is its `key` and values by model names."""
        changes = [
            RecordChange(RecordRef(system, each["key"]), {k: v for k, v in each.items() if k != "key"})
            for each in records
        ]
        await self.index.put(changes, seen_at)

    async def remove(self, system: str, *keys: str) -> None:
        await self.index.set_state(system, keys, RecordState.GONE, SEEN_AT)


@asynccontextmanager
async def empty_index(url: str) -> AsyncGenerator[FoundWorld]:
    """An index without rows."""
    database = Database(url, CATALOG)
    try:
        yield FoundWorld(CatalogIndex(database, row_of, encode_values, decode_values), database)
    finally:
        await database.aclose()


@asynccontextmanager
async def index_of(
    box: Sandbox, path: Path, systems: Sequence[tuple[str, str]] | None = None
) -> AsyncGenerator[FoundWorld]:
    """An index of all customers of the sandbox, in a file in a folder; `systems` are (name, kind)."""
    settings = settings_over(box, systems=systems)
    names = tuple(settings.systems)
    file = path / "index.db"
    if names not in _FILLED:
        federation = build_federation(settings, Wiring(transport=in_process(box, settings)), VENDORS)
        async with empty_index(f"{SQLITE}{file}") as world:
            for name, system in federation.systems.items():
                request = federation.request(EVERYTHING, Deadline.after(60))
                await world.put(name, *await records_of(system, request))
        await federation.aclose()
        _FILLED[names] = file.read_bytes()
        for vendor in box.vendors.values():
            vendor.log.clear()
    file.write_bytes(_FILLED[names])
    async with empty_index(f"{SQLITE}{file}") as world:
        await world.set_completed(names)
        yield world


@asynccontextmanager
async def finding_gateway(box: Sandbox, world: FoundWorld, **otherwise: Any) -> AsyncGenerator[Gateway]:
    """A gateway that finds by an index; `otherwise` as in `gateway_over`."""
    async with gateway_over(box, watched=world.given, **otherwise) as gateway:
        yield gateway


async def records_of(system: System, request: RequestContext) -> list[dict[str, Any]]:
    """What the index knows of all customers of a system."""
    found: list[dict[str, Any]] = []
    start, after, has_next = 0, "", True
    while has_next:
        page = await system.page(start, _SIZE, EVERYTHING, request.deadline, ask_next=True, after=after)
        found += await _values(system, page.items, request)
        after = "" if page.after is None else page.after(len(page.places) - 1)
        start, has_next = start + _SIZE, bool(page.has_next)
    return found


async def _values(system: System, views: Sequence[Any], request: RequestContext) -> list[dict[str, Any]]:
    columns: dict[str, Sequence[Any]] = {"key": [view.key for view in views]}
    for name in (*INDEXED_FIELDS, "address"):
        if name not in {"city", "country_code"} and name in system.kind.supplies:
            values = read_views(name, system, views, request.reads)
            columns[name] = await values if isawaitable(values) else values
    if (addresses := columns.pop("address", None)) is not None:
        columns["address_kind"] = [each and each.kind for each in addresses]
        columns["city"] = [each and each.city for each in addresses]
        columns["country_code"] = [each and each.country_code for each in addresses]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
