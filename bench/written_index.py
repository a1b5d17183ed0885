"""The index beside the writes that are measured: filled with other records, and kept as the gateway keeps it."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bench.find_records import SYSTEMS, made
from customer_gateway.catalog.questions import Filter, Question, TextFilter, search_of
from customer_gateway.catalog.rows import decode_values, encode_values, row_of
from customer_gateway.catalog.written import WrittenRecords
from customer_gateway.federation.indexing import read_indexed
from customer_gateway.model.catalog import PageOfRows
from customer_gateway.store.catalog import CatalogIndex
from customer_gateway.store.database import Database
from customer_gateway.store.schema import CATALOG
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from customer_gateway.federation.request import Federation
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.system import WrittenDocument

FILLED: Final = 50_000
_BATCH: Final = 2_000


class WrittenIndex:
    """An index beside the journal at `path`, begun as a copy of one that is filled."""

    def __init__(self, federation: Federation, filled: Path, path: Path) -> None:
        own = path.with_name(f"{path.stem}-catalog.db")
        shutil.copyfile(filled, own)
        self._federation = federation
        self._database, self._index = _opened(own)
        self.written = WrittenRecords(self._index, self._read)

    def note(self, system: str, key: str, written: WrittenDocument | None) -> None:
        """Take note of a write, as the gateway does."""
        self._federation.batchers.forget(system, key)
        self.written.note(system, key, written)

    def running(self) -> AbstractAsyncContextManager[None]:
        """Merge segments behind the writes, as a gateway that serves."""
        return self._index.segments.running()

    async def must_find(self, system: str, phone: str) -> None:
        """Raise `RuntimeError` unless one record of the system is found by this phone."""
        asked = Question(filter=Filter(texts={"phone": TextFilter(eq=phone)}))
        found = await self._index.find(search_of(asked, [system]), PageOfRows(2))
        if len(found.rows) != 1:
            raise RuntimeError(f"{system}: the index has {len(found.rows)} records as the last one was written")

    async def aclose(self) -> None:
        await self._database.aclose()

    def _read(
        self, system: str, key: str, written: WrittenDocument | None
    ) -> Awaitable[tuple[RecordChange | None, datetime]]:
        return read_indexed(self._federation, system, key, Deadline.after(30), written)


def filled(folder: Path) -> Path:
    """Make an index of records that nobody writes, and return its file."""
    path = folder / "filled.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    database, index = _opened(path)
    changes = list(made(FILLED)[0])
    for system in SYSTEMS:
        mine = [
            each._replace(ref=each.ref._replace(key=f"other-{each.ref.key}"))
            for each in changes
            if each.ref.system == system
        ]
        for start in range(0, len(mine), _BATCH):
            await index.put(mine[start : start + _BATCH], datetime(2026, 1, 1, tzinfo=UTC))
    await database.aclose()  # the log of the last connection goes into the file


def _opened(path: Path) -> tuple[Database, CatalogIndex]:
    database = Database(f"sqlite+aiosqlite:///{path}", CATALOG)
    return database, CatalogIndex(database, row_of, encode_values, decode_values)
