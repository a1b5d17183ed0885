"""The index of records in its database; nothing is there before the first pass, and then nothing is found.

This module imports no SQLAlchemy: a gateway without an index does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.model.catalog import USUAL_EFFORT, Effort, FoundPage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from types import ModuleType

    from customer_gateway.model.catalog import Change, IndexRow, Page, RecordState, Search, Values
    from customer_gateway.model.ids import RecordRef
    from customer_gateway.store.database import Database


class CatalogIndex:
    """Finds and stores rows. Every method raises `DatabaseUnavailable` where the database does not answer.

    `make` makes a row of a record's values, `decode` reads the values of a row (`catalog.rows`).
    """

    def __init__(
        self,
        database: Database,
        make: Callable[[RecordRef, Values, str], IndexRow],
        decode: Callable[[str], Values],
        effort: Effort = USUAL_EFFORT,
    ) -> None:
        self._database = database
        self._make = make
        self._decode = decode
        self._effort = effort

    async def find(self, search: Search, page: Page, *, count: bool = False) -> FoundPage:
        """Return the rows of a page, and how many rows fit where they are to be counted, of one snapshot."""
        if not await self._database.is_there():
            return FoundPage([], has_more=False, total=0 if count else None)
        return await self._database.read(
            lambda connection: _find().find(connection, search, page, self._decode, self._effort, count=count)
        )

    async def put(self, changes: Sequence[Change], now: datetime, seen_pass: int | None = None) -> int:
        """Store what a read has brought of records of one system; return how many rows were another before."""

        def work(connection: object) -> int:
            return _rows().put(connection, _rows().Rows(self._make, self._decode), changes, now, seen_pass)

        return await self._database.write(work)

    async def mark(self, system: str, keys: Sequence[str], state: RecordState, now: datetime) -> int:
        """Set the state of records that are in the index; return how many changed."""
        return await self._database.write(lambda connection: _rows().mark(connection, system, keys, state, now))


def _find() -> ModuleType:
    from customer_gateway.store import catalog_find

    return catalog_find


def _rows() -> ModuleType:
    from customer_gateway.store import catalog_rows

    return catalog_rows
