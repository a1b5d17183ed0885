"""Build the index of customers: what finds in it, the passes that fill it, and what keeps it as the systems are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.catalog.passes import PassKit
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.schedule import Schedule, ScheduleTiming
from customer_gateway.catalog.updates import IndexUpdates
from customer_gateway.catalog.written import WrittenRecords
from customer_gateway.federation.indexing import INDEXED, indexed, read_indexed
from customer_gateway.federation.observed_reads import ObservedReads
from customer_gateway.federation.sync_states import KeptSyncStates
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.catalog_passes import CatalogPasses
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from customer_gateway.config import Settings
    from customer_gateway.federation.request import Federation
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.system import WrittenDocument


@dataclass(frozen=True, slots=True)
class Catalog:
    """The index of customers: what finds in it, and what fills it."""

    database: Database
    index: CatalogIndex
    passes: CatalogPasses


_PATIENT_SECONDS: Final = 60.0
"""For a read that nobody waits for."""


def build_catalog(settings: Settings) -> Catalog | None:
    """Return the index of customers; None where none is configured. SQLAlchemy is not there before its first use."""
    if settings.database is None or not settings.catalog.enabled:
        return None
    database = Database(settings.catalog.address(settings.database), CATALOG)
    index = CatalogIndex(database, row_of, encode_values, decode_values)
    return Catalog(database, index, CatalogPasses(database, index))


def build_schedule(settings: Settings, catalog: Catalog, federation: Federation) -> Schedule:
    """Return what makes the passes that fill the index."""
    kit = PassKit(catalog.passes, INDEXED, indexed, lambda: datetime.now(UTC))
    return Schedule(kit, federation.systems, ScheduleTiming(every=timedelta(seconds=settings.catalog.pass_seconds)))


class KeptIndex(NamedTuple):
    """A federation that finds in an index, and what keeps that: what reads bring, what was written."""

    federation: Federation
    updates: IndexUpdates
    written: WrittenRecords


def keep_index(settings: Settings, federation: Federation, catalog: Catalog) -> KeptIndex:
    """Return the federation that finds in the index, and what keeps that as the systems are by reads and writes."""

    def read(system: str, key: str, written: WrittenDocument | None) -> Awaitable[tuple[RecordChange | None, datetime]]:
        observer.note_written(system, key)
        return read_indexed(federation, system, key, Deadline.after(settings.server.deadline_seconds), written)

    def read_giving_way(system: str, key: str) -> Awaitable[tuple[RecordChange | None, datetime]]:
        federation.batchers.forget(system, key)  # a call that is in flight may have begun before another process wrote
        return read_indexed(federation, system, key, Deadline.after(_PATIENT_SECONDS, gives_way=True))

    updates = IndexUpdates(catalog.index, catalog.passes)
    written = WrittenRecords(catalog.index, read, read_giving_way)
    observer, sync = ObservedReads(updates, written.wait_stored), KeptSyncStates(catalog.passes)
    finding = replace(federation, index=catalog.index, sync=sync, observer=observer)
    return KeptIndex(finding, updates, written)
