"""A page of found customers as a Relay connection: its cursors are those of the rows that were looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.federation.listing import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.federation.found_rows import Found
    from customer_gateway.model.catalog import FoundRow, Position


class FoundConnection(Connection):
    """The customers of `rows`; rows whose record is gone are in no list, and the page begins and ends by them still."""

    __slots__ = ("_cursor_of", "_ends")

    def __init__(
        self,
        cursor_of: Callable[[Position], str],
        rows: Sequence[FoundRow],
        customers: Sequence[Found],
        *,
        has_next_page: bool,
        has_previous_page: bool,
        total_count: int | None,
    ) -> None:
        shown = [(row, each) for row, each in zip(rows, customers, strict=True) if each is not None]
        super().__init__(
            [customer for _, customer in shown],
            lambda at: cursor_of(shown[at][0].position),
            has_next_page=has_next_page,
            has_previous_page=has_previous_page,
            total_count=total_count,
        )
        self._cursor_of = cursor_of
        self._ends = [row.position for row in (*rows[:1], *rows[-1:])]

    @property
    def start_cursor(self) -> str | None:
        return self._cursor_of(self._ends[0]) if self._ends else None

    @property
    def end_cursor(self) -> str | None:
        return self._cursor_of(self._ends[-1]) if self._ends else None
