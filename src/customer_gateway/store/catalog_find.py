"""Find rows of the index: the page asked for, and how many there are.

If few rows fit, their ids are listed and ordered, and only the rows of the page are read. If many fit, rows are read in
order until the page is full; if that reads too many before, it is stopped, and the ids are listed and ordered.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import OperationalError

from customer_gateway.model.catalog import FoundPage, FoundRow, PageOfRows, Position, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog_ids import IdQueries, number, rows
from customer_gateway.store.catalog_schema import demand_same
from customer_gateway.store.catalog_statements import (
    DIALECTS,
    Segment,
    Statement,
    clause_conditions,
    fetch_query,
    moment_conditions,
    narrow_source,
    ordered_ids_query,
    state_conditions,
    text_conditions,
    walk_query,
)
from customer_gateway.store.tables import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from sqlalchemy import Connection, Row

    from customer_gateway.model.catalog import Conditions, Effort, Order, Search, Values
    from customer_gateway.store.catalog_ids import Ids

_MORE: Final = 4
"""So many times as many rows are read as are wanted where some may not fit, and again where too few did."""
_MOST: Final = 5_000
"""The most that are read by one statement."""
_SYSTEMS: Final = "SELECT system, completed_at FROM catalog_systems"


class _TooManySteps(Exception):
    """A walk has read many rows and found few."""


def find(
    connection: Connection,
    search: Search,
    page: PageOfRows,
    decode: Callable[[str], Values],
    effort: Effort,
    *,
    count: bool,
) -> FoundPage:
    """Return the rows of the page, all of one snapshot with their count; `decode` reads a row's values."""
    if connection.dialect.name == "postgresql":  # SQLite reads one snapshot in a transaction anyway
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    demand_same(connection)
    finding = _Finding(connection, search, effort)
    page_rows = finding.page(page, page.size + 1)
    has_more = len(page_rows) > page.size
    page_rows = page_rows[: page.size]
    if page.is_backward:
        page_rows.reverse()
    found = [_found(rank, row, decode) for rank, row in page_rows]
    return FoundPage(found, has_more, finding.total() if count else None, finding.unfilled)


def _found(rank: int, row: Row[Any], decode: Callable[[str], Values]) -> FoundRow:
    position = Position(rank, row.sort, row.system, row.key)
    ref = RecordRef(row.system, row.key)
    is_missing = row.state == RecordState.MISSING
    return FoundRow(ref, row.customer, decode(row.shown), moment_of(row.whole_at), position, row.later, is_missing)


class _Finding:
    """One question in one transaction."""

    def __init__(self, connection: Connection, search: Search, effort: Effort) -> None:
        self._effort = effort
        self._connection = connection
        self._search = search
        self._dialect = DIALECTS[connection.dialect.name]
        there = {row.system: row.completed_at for row in rows(self._connection, _SYSTEMS, {})}
        self._systems = [name for name in sorted(set(search.systems)) if name in there]
        self._restricted = None if there.keys() <= set(search.systems) else self._systems
        self._ids = IdQueries(connection, self._dialect, self._systems, effort.few)
        self.unfilled = [name for name in search.systems if there.get(name) is None]

    def page(self, page: PageOfRows, most: int) -> list[tuple[int, Row[Any]]]:
        """Return at most so many rows in the direction of the page, each with its rank."""
        found: list[tuple[int, Row[Any]]] = []
        if not self._systems:
            return found
        for rank, segment in self._segments(page):
            if (missing := most - len(found)) <= 0:
                break
            found += [(rank, row) for row in self._segment(segment, missing)]
        return found

    def total(self) -> int:
        """Return how many rows fit."""
        if not self._systems:
            return 0
        return sum(self._count(conditions) for conditions in self._search.ranks)

    def _segments(self, page: PageOfRows) -> Iterable[tuple[int, Segment]]:
        search, start = self._search, page.start
        all_of_them = [(rank, valued) for rank in range(len(search.ranks)) for valued in (True, False)]
        if page.is_backward:
            all_of_them.reverse()
        at = None if start is None else (start.rank, start.sort is not None)
        begun = at is None
        for rank, valued in all_of_them:
            is_first = (rank, valued) == at
            begun = begun or is_first
            if begun:
                segment = Segment(
                    search.ranks[rank],
                    search.order,
                    search.is_descending,
                    valued,
                    page.is_backward,
                    start if is_first else None,
                )
                yield rank, segment

    def _segment(self, segment: Segment, limit: int) -> Sequence[Row[Any]]:
        if (few := self._ids.few(segment.conditions)) is not None:
            return self._by_ids(segment, few, limit)
        try:
            return self._walk(segment, limit)
        except _TooManySteps:
            ids = self._many(segment.conditions)
            return self._fetch(segment, None, limit) if ids is None else self._by_ids(segment, ids, limit)

    def _many(self, conditions: Conditions) -> Ids | None:
        """Return the ids to order where many fit; None where every row is read, since it decides whether it fits."""
        narrow_ones = (ids for ids in self._ids.of(conditions) if self._is_narrow(conditions, ids))
        return next(narrow_ones, None) or self._ids.containing(conditions)

    def _by_ids(self, segment: Segment, ids: Ids, limit: int) -> Sequence[Row[Any]]:
        """Return the rows of a page among some ids: a narrow index orders them, then the first are read."""
        if not self._dialect.has_narrow_index:
            return self._fetch(segment, ids, limit)
        if self._is_narrow(segment.conditions, ids):
            return self._read(segment, ids, self._ordered_ids(segment, ids, limit))
        first = self._ordered_ids(segment, ids, size := limit * _MORE)
        found = self._read(segment, ids, first)
        if len(found) >= limit or len(first) < size:
            return found[:limit]
        others = self._ordered_ids(segment, ids, None)[size:]
        while others and len(found) < limit:
            size = min(size * _MORE, _MOST)
            found = [*found, *self._read(segment, ids, others[:size])]
            others = others[size:]
        return found[:limit]

    def _ordered_ids(self, segment: Segment, ids: Ids, limit: int | None) -> Sequence[int]:
        """Return the ids in their order, all of them without a `limit`."""
        statement = Statement(dict(ids.parameters))
        conditions = [*self._system_conditions(statement), *moment_conditions(segment.conditions, statement, None, "")]
        sql = ordered_ids_query(segment, ids.query, conditions, limit, statement)
        return [row.id for row in rows(self._connection, sql, statement.parameters)]

    def _read(self, segment: Segment, ids: Ids, ordered_ids: Sequence[int]) -> Sequence[Row[Any]]:
        """Return the rows of these ids that fit, in their order."""
        if not ordered_ids:
            return []
        statement = Statement()
        bound = statement.bind(json.dumps(ordered_ids))
        conditions = [f"id IN (SELECT value FROM json_each({bound}))"]  # noqa: S608 - our own names, values are bound
        conditions += self._wide_column_conditions(segment.conditions, ids, statement)
        sql = fetch_query(replace(segment, start=None), conditions, len(ordered_ids), statement)
        return rows(self._connection, sql, statement.parameters)

    def _fetch(self, segment: Segment, ids: Ids | None, limit: int) -> Sequence[Row[Any]]:
        statement = Statement()
        conditions = self._conditions(segment.conditions, ids, statement)
        return rows(self._connection, fetch_query(segment, conditions, limit, statement), statement.parameters)

    def _walk(self, segment: Segment, limit: int) -> Sequence[Row[Any]]:
        statement = Statement()
        conditions = self._conditions(segment.conditions, None, statement, walked_by=segment.order)
        sql = walk_query(self._dialect, segment, self._systems, conditions, limit, statement)
        with self._limited():
            return rows(self._connection, sql, statement.parameters)

    def _count(self, conditions: Conditions) -> int:
        matching = self._ids.matching(conditions, self._restricted)
        is_exact = matching is not None and not conditions.checks
        few = None if is_exact and self._restricted is None else self._ids.few(conditions)
        if few is None and matching is not None and is_exact:
            return number(self._connection, f"SELECT count(*) FROM ({matching.query}) AS ids", matching.parameters)  # noqa: S608 - our own names, values are bound
        ids = few or matching
        statement = Statement()
        if ids is not None and self._dialect.has_narrow_index and self._is_narrow(conditions, ids):
            statement.parameters.update(ids.parameters)
            every = [*self._system_conditions(statement), *moment_conditions(conditions, statement, None, "")]
            source = narrow_source(ids.query)
        else:
            every, source = self._conditions(conditions, ids, statement), "catalog_records"
        counted = f"SELECT count(*) FROM {source} WHERE {' AND '.join(every)}"  # noqa: S608 - our own names, values are bound
        return number(self._connection, counted, statement.parameters)

    def _is_narrow(self, conditions: Conditions, ids: Ids) -> bool:
        """Return whether nothing but systems and moments decides which of these ids fit."""
        return not self._wide_column_conditions(conditions, ids, Statement())

    def _conditions(
        self, conditions: Conditions, ids: Ids | None, statement: Statement, *, walked_by: Order | None = None
    ) -> list[str]:
        """Return what rows fit, given ids that all of them are among, or rows of the systems, walked in an order."""
        every = state_conditions(conditions)
        if ids is not None:
            statement.parameters.update(ids.parameters)
            every.append(f"id IN ({ids.query})")
        if walked_by is None:
            every += self._system_conditions(statement)
        return [
            *every,
            *moment_conditions(conditions, statement, walked_by, self._dialect.unindexed),
            *self._wide_column_conditions(conditions, ids, statement),
        ]

    def _wide_column_conditions(self, conditions: Conditions, ids: Ids | None, statement: Statement) -> list[str]:
        every = text_conditions(self._dialect, conditions, statement)
        if ids is None or not ids.fits_clauses:
            every += clause_conditions(self._dialect, conditions, statement)
        return every

    def _system_conditions(self, statement: Statement) -> list[str]:
        if self._restricted is None:
            return []
        return [f"system IN ({', '.join(statement.bind(each) for each in self._restricted)})"]

    @contextmanager
    def _limited(self) -> Generator[None]:
        """Raise `_TooManySteps` where SQLite has run too many instructions; PostgreSQL plans by itself."""
        if self._connection.dialect.name != "sqlite":
            yield
            return
        driver: Any = self._connection.connection.driver_connection
        stopped: list[bool] = []

        def stop() -> bool:
            stopped.append(True)
            return True

        driver.set_progress_handler(stop, self._effort.steps)
        try:
            yield
        except OperationalError:
            if not stopped:  # it failed, or nobody waits for it any more
                raise
            raise _TooManySteps from None
        finally:
            driver.set_progress_handler(None, 0)
