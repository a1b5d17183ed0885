"""The passes that fill the index, in its database (`model.passes.PassStore`).

This module imports no SQLAlchemy: a gateway without an index does not need it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from customer_gateway.model.catalog import RecordState
from customer_gateway.store.catalog import read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

    from sqlalchemy import Connection

    from customer_gateway.model.catalog import RecordChange, SyncState
    from customer_gateway.model.passes import Absent, Ended, PassRow
    from customer_gateway.store.catalog import CatalogIndex
    from customer_gateway.store.database import Database

T = TypeVar("T")

MOST_ROWS_PER_TRANSACTION: Final = 100
"""Of one transaction that writes rows: it holds the lock for some 10 ms."""


class CatalogPasses:
    """Stores passes beside the rows of an index, in the same database."""

    def __init__(self, database: Database, index: CatalogIndex) -> None:
        self._database = database
        self._index = index

    async def rows(self) -> Mapping[str, PassRow]:
        if not await self._database.is_there():
            return {}
        return await read(self._database, lambda connection: _systems().rows(connection))

    async def sync_states(self) -> Mapping[str, SyncState]:
        """Return the state of each system that passes have begun with, by name."""
        if not await self._database.is_there():
            return {}
        now = datetime.now(UTC)

        def work(connection: Connection) -> Mapping[str, SyncState]:
            records = _systems().records_by_state(connection)
            gone = RecordState.GONE
            return {
                name: row.sync_state(
                    sum(count for state, count in records.get(name, {}).items() if state is not gone), now
                )
                for name, row in _systems().rows(connection).items()
            }

        return await read(self._database, work)

    async def acquire(self, systems: Sequence[str], owner: str, now: datetime, until: datetime) -> Sequence[str]:
        return await self._write(lambda connection: _systems().acquire(connection, systems, owner, now, until))

    async def release(self, owner: str) -> None:
        if await self._database.is_there():
            await self._write(lambda connection: _systems().release(connection, owner))

    async def request(self, systems: Sequence[str], now: datetime, *, accept: bool = False) -> None:
        await self._write(lambda connection: _systems().request(connection, systems, now, accept=accept))

    async def begin(self, system: str, owner: str, position: Mapping[str, Any], now: datetime) -> int:
        return await self._write(lambda connection: _systems().begin(connection, system, owner, position, now))

    async def advance(
        self,
        system: str,
        owner: str,
        number: int,
        changes: Sequence[RecordChange],
        position: Mapping[str, Any],
        read_at: datetime,
    ) -> None:
        prepared = await self._index.prepared(changes, read_at, number)

        def work(connection: Connection) -> None:
            if prepared is not None:
                _rows().put(connection, prepared)
            _systems().advance(connection, system, owner, position)

        await self._write(work)
        await self._index.segments.merge()

    async def end(self, system: str, owner: str, ended: Ended, now: datetime) -> None:
        await self._write(lambda connection: _systems().end(connection, system, owner, ended, now))

    async def doubt(self, system: str, suspicion: Mapping[str, Any], reason: str) -> None:
        if await self._database.is_there():
            await self._write(lambda connection: _systems().doubt(connection, system, suspicion, reason))

    async def count_seen(self, system: str, number: int, keys: Sequence[str] | None = None) -> int:
        return await read(self._database, lambda connection: _systems().count_seen(connection, system, number, keys))

    async def find_absent(self, system: str, number: int, before: datetime) -> Sequence[Absent]:
        return await read(self._database, lambda connection: _systems().find_absent(connection, system, number, before))

    async def count_present(self, system: str) -> int:
        return await read(self._database, lambda connection: _systems().count_present(connection, system))

    async def set_state(
        self,
        system: str,
        owner: str,
        keys: Sequence[str],
        state: RecordState,
        now: datetime,
        unseen_since: datetime | None = None,
    ) -> int:
        def work(connection: Connection, some: Sequence[str]) -> int:
            _rows().lock(connection, system)  # before the row of the system, as whoever stores a page
            _systems().demand_owner(connection, system, owner)
            return _rows().set_state(connection, system, some, state, now, unseen_since)

        changed = 0
        for start in range(0, len(keys), MOST_ROWS_PER_TRANSACTION):
            some = keys[start : start + MOST_ROWS_PER_TRANSACTION]
            changed += await self._write(lambda connection, some=some: work(connection, some))
            await self._index.segments.merge()
        return changed

    async def forget_gone(self, system: str, before: datetime) -> int:
        return await self._write(
            lambda connection: _rows().forget_gone(connection, system, before, MOST_ROWS_PER_TRANSACTION)
        )

    async def remove_some(self, system: str) -> int:
        removed = await self._write(
            lambda connection: _systems().remove_some(connection, system, MOST_ROWS_PER_TRANSACTION)
        )
        await self._index.segments.merge()
        return removed

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await write(self._database, work)


def _systems() -> ModuleType:
    from customer_gateway.store import catalog_systems

    return catalog_systems


def _rows() -> ModuleType:
    from customer_gateway.store import catalog_rows

    return catalog_rows
