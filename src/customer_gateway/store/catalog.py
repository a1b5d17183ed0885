"""The index of records in its database; nothing is there before the first pass, and then nothing is found.

This module imports no SQLAlchemy: a gateway without an index does not need it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from customer_gateway.model.catalog import USUAL_EFFORT, Effort, FoundPage, RecordState
from customer_gateway.store.catalog_merging import merged
from customer_gateway.store.catalog_segments import SegmentMerging

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType

    from sqlalchemy import Connection

    from customer_gateway.model.catalog import IndexRow, PageOfRows, RecordChange, Search, Values
    from customer_gateway.model.ids import RecordRef
    from customer_gateway.store.catalog_merging import Merged, StoredRecord
    from customer_gateway.store.catalog_rows import PreparedRows
    from customer_gateway.store.database import Database

T = TypeVar("T")


class CatalogIndex:
    """Finds and stores rows. Every method raises `DatabaseUnavailable` where the database does not answer.

    `make` makes a row of a record's values, `encode` writes values as a row has them, `decode` reads them
    (`catalog.rows`).
    """

    def __init__(
        self,
        database: Database,
        make: Callable[[RecordRef, Values], IndexRow],
        encode: Callable[[Values], str],
        decode: Callable[[str], Values],
        effort: Effort = USUAL_EFFORT,
    ) -> None:
        self._database = database
        self._make = make
        self._encode = encode
        self._decode = decode
        self._effort = effort
        self.segments = SegmentMerging(database)

    async def find(self, search: Search, page: PageOfRows, *, count: bool = False) -> FoundPage:
        """Return the rows of a page, and how many rows fit where they are to be counted, of one snapshot."""
        if not await self._database.is_there():
            return FoundPage([], has_more=False, total=0 if count else None, unfilled=search.systems)
        return await self._database.read(
            lambda connection: _find().find(connection, search, page, self._decode, self._effort, count=count)
        )

    async def put(
        self,
        changes: Sequence[RecordChange],
        read_at: datetime,
        seen_pass: int | None = None,
        *,
        note_seen: bool = True,
    ) -> int:
        """Store what a read has brought of records of one system; return how many rows were another before.

        The read began at `read_at`: what a later one brought stays. Without `note_seen` nothing is written of a record
        that is as it was.
        """
        if len(changes) == 1 and note_seen:
            ref = changes[0].ref
            prepare = partial(self._prepared, {ref.key: changes[0]}, read_at, seen_pass)
            changed = await write(self._database, lambda connection: _rows().put_one(connection, ref, prepare))
            self.segments.merge_later()
            return changed
        prepared = await self.prepared(changes, read_at, seen_pass)
        if prepared is None or not (prepared.rows or seen_pass is not None or (note_seen and prepared.unchanged)):
            return 0
        changed = await write(self._database, lambda connection: _rows().put(connection, prepared, note_seen=note_seen))
        await self.segments.merge()
        return changed

    async def prepared(
        self, changes: Sequence[RecordChange], read_at: datetime, seen_pass: int | None = None
    ) -> PreparedRows | None:
        """Return what is to be written of records of one system; None where that is nothing.

        Rows are made while nothing is locked; those that another has written meanwhile are made again.
        """
        if not changes:
            return None
        latest = {each.ref.key: each for each in changes}
        system, keys = changes[0].ref.system, list(latest)
        there: Mapping[str, StoredRecord] = {}
        if await self._database.is_there():
            there = await read(self._database, lambda connection: _rows().stored_records(connection, system, keys))
        return await asyncio.to_thread(self._prepared, latest, read_at, seen_pass, there)

    async def whole_at(self, system: str, keys: Sequence[str]) -> Mapping[str, datetime]:
        """Return when the last read of all fields of records began, by key; those that had none are left out."""
        if not await self._database.is_there():
            return {}
        return await read(self._database, lambda connection: _rows().whole_at(connection, system, keys))

    async def set_state(
        self,
        system: str,
        keys: Sequence[str],
        state: RecordState,
        since: datetime,
        unseen_since: datetime | None = None,
    ) -> int:
        """Set the state of records that are in the index; return how many changed.

        What was seen at `unseen_since`, or later, stays as it is.
        """
        changed = await write(
            self._database,
            lambda connection: _rows().set_state(connection, system, keys, state, since, unseen_since),
        )
        self.segments.merge_later()
        return changed

    def _prepared(
        self,
        changes: Mapping[str, RecordChange],
        read_at: datetime,
        seen_pass: int | None,
        there: Mapping[str, StoredRecord],
    ) -> PreparedRows:
        rows: list[tuple[IndexRow, Merged]] = []
        unchanged: list[tuple[RecordChange, Merged]] = []
        for key, change in changes.items():
            before = there.get(key)
            found = merged(change, read_at, before, self._decode)
            if found is None:
                continue
            if (
                before is not None
                and before.state is RecordState.PRESENT
                and before.values == self._encode(found.values)
            ):
                unchanged.append((change, found))
            else:
                rows.append((self._make(change.ref, found.values), found))
        system = next(iter(changes.values())).ref.system
        again = partial(self._prepared, changes, read_at, seen_pass)
        return _rows().PreparedRows(system, list(changes), read_at, rows, unchanged, seen_pass, there, again)


async def read(database: Database, work: Callable[[Connection], T]) -> T:
    """Return what the work returns, in a transaction that reads tables of this version, where the database `is_there`.

    Raises `DatabaseNewer` for others.
    """
    return await database.read(partial(_on_same_tables, work))


async def write(database: Database, work: Callable[[Connection], T]) -> T:
    """Return what the work returns, in a transaction on tables of this version. Raises `DatabaseNewer` for others."""
    return await database.write(partial(_on_same_tables, work))


def _on_same_tables(work: Callable[[Connection], T], connection: Connection) -> T:
    from customer_gateway.store.catalog_schema import demand_same

    demand_same(connection)
    return work(connection)


def _find() -> ModuleType:
    from customer_gateway.store import catalog_find

    return catalog_find


def _rows() -> ModuleType:
    from customer_gateway.store import catalog_rows

    return catalog_rows
