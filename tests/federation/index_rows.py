"""An index of a few rows, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from customer_gateway.model.catalog import FoundPage, FoundRow, Position
from customer_gateway.model.ids import RecordRef, encode_id

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from customer_gateway.model.catalog import PageOfRows, Search

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def row(system: str, key: str) -> FoundRow:
    position = Position(0, key, system, key)
    ref = RecordRef(system, key)
    return FoundRow(ref, encode_id("Customer", system, key), {"name": f"Index {key}"}, NOW, position)


@dataclass
class Rows:
    """An index of one order; `failing` is raised, after the gate is open and so many pages were given."""

    rows: Sequence[FoundRow]
    failing: Exception | None = None
    pages: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])
    gate: asyncio.Event | None = None
    failing_after: int = 0

    async def find(self, search: Search, page: PageOfRows, *, count: bool = False) -> FoundPage:
        self.pages.append((page.size, page.is_backward))
        if self.gate is not None:
            await self.gate.wait()
        if self.failing is not None and len(self.pages) > self.failing_after:
            raise self.failing
        rows = [each for each in self.rows if each.ref.system in search.systems]
        places = [place for place, each in enumerate(rows) if each.position == page.start]
        if page.is_backward:
            before = rows[: places[0]] if places else rows
            return FoundPage(before[-page.size :], len(before) > page.size, len(rows) if count else None)
        after = rows[places[0] + 1 :] if places else rows
        return FoundPage(after[: page.size], len(after) > page.size, len(rows) if count else None)
