"""Find rows of the index: the page asked for, and how many there are.

Few rows that fit are read by their ids and ordered. Where many fit, rows are walked in order until the page is full;
a walk that finds too few (all that fit stand at its end) is given up for the ids.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from customer_gateway.model.catalog import FoundPage, FoundRow, PageOfRows, Position, RecordState
from customer_gateway.model.ids import RecordRef
from customer_gateway.store.catalog_statements import (
    Postgresql,
    Segment,
    Sqlite,
    Statement,
    checks,
    fetched,
    moments,
    scanned,
    walked,
)
from customer_gateway.store.tables import moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from customer_gateway.model.catalog import Conditions, Effort, Search, Values
    from customer_gateway.store.catalog_statements import Dialect

_SYSTEMS: Final = "SELECT system, completed_at FROM catalog_systems"
_DIALECTS: Final[Mapping[str, Dialect]] = {"sqlite": Sqlite(), "postgresql": Postgresql()}


class _GivenUp(Exception):
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
    finding = _Finding(connection, search, effort)
    rows = finding.page(page, page.size + 1)
    has_more = len(rows) > page.size
    rows = rows[: page.size]
    if page.is_backward:
        rows.reverse()
    found = [_found(rank, row, decode) for rank, row in rows]
    return FoundPage(found, has_more, finding.total() if count else None, finding.unfilled)


def _found(rank: int, row: Row[Any], decode: Callable[[str], Values]) -> FoundRow:
    position = Position(rank, row.sort, row.system, row.key)
    ref = RecordRef(row.system, row.key)
    return FoundRow(ref, row.customer, decode(row.shown), moment_of(row.seen_at), position)


class _Ids(NamedTuple):
    """A query for ids of rows, with its parameters."""

    query: str
    parameters: Mapping[str, Any]
    fits_clauses: bool = False


class _Finding:
    """One question in one transaction."""

    def __init__(self, connection: Connection, search: Search, effort: Effort) -> None:
        self._effort = effort
        self._connection = connection
        self._search = search
        self._dialect = _DIALECTS[connection.dialect.name]
        there = {row.system: row.completed_at for row in self._rows(_SYSTEMS, {})}
        self._systems = [name for name in sorted(set(search.systems)) if name in there]
        self._restricted = None if there.keys() <= set(search.systems) else self._systems
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
        if (few := self._few(segment.conditions)) is not None:
            return self._fetch(segment, few, limit)
        try:
            return self._walk(segment, limit)
        except _GivenUp:
            return self._fetch(segment, next(iter(self._indexed(segment.conditions)), None), limit)

    def _fetch(self, segment: Segment, ids: _Ids | None, limit: int) -> Sequence[Row[Any]]:
        statement = Statement()
        conditions = self._conditions(segment.conditions, ids, statement)
        return self._rows(fetched(segment, conditions, limit, statement), statement.parameters)

    def _walk(self, segment: Segment, limit: int) -> Sequence[Row[Any]]:
        statement = Statement()
        conditions = checks(self._dialect, segment.conditions, statement)
        conditions += scanned(self._dialect, segment.conditions, statement)
        sql = walked(segment, self._systems, conditions, limit, statement)
        with self._given_up():
            return self._rows(sql, statement.parameters)

    def _few(self, conditions: Conditions) -> _Ids | None:
        """Return the ids of the rows that may fit, where an index says that they are few."""
        for ids in self._indexed(conditions):
            counted = f"SELECT count(*) FROM (SELECT 1 FROM ({ids.query}) AS ids LIMIT {self._effort.few + 1}) AS few"  # noqa: S608 - our own names, values are bound
            if self._number(counted, ids.parameters) <= self._effort.few:
                return ids
        return None

    def _indexed(self, conditions: Conditions) -> Iterable[_Ids]:
        """Return the ids of rows by each index that has some: of all rows that fit, and maybe of others."""
        if conditions.clauses and (ids := self._matching(conditions)) is not None:
            yield ids
        statement = Statement()
        if (query := self._dialect.containing(conditions, statement)) is not None:
            yield _Ids(query, statement.parameters)
        statement = Statement()
        if (query := moments(conditions, self._systems, statement)) is not None:
            yield _Ids(query, statement.parameters)

    def _matching(self, conditions: Conditions) -> _Ids | None:
        statement = Statement()
        query = self._dialect.matching(conditions, self._restricted, statement)
        return None if query is None else _Ids(query, statement.parameters, fits_clauses=True)

    def _count(self, conditions: Conditions) -> int:
        matching = self._matching(conditions)
        if matching is not None and not conditions.checks:
            return self._number(f"SELECT count(*) FROM ({matching.query}) AS ids", matching.parameters)  # noqa: S608 - our own names, values are bound
        ids = (self._few(conditions) if conditions.checks else None) or matching
        statement = Statement()
        every = self._conditions(conditions, ids, statement)
        return self._number(f"SELECT count(*) FROM catalog_records WHERE {' AND '.join(every)}", statement.parameters)  # noqa: S608 - our own names, values are bound

    def _conditions(self, conditions: Conditions, ids: _Ids | None, statement: Statement) -> list[str]:
        """Return what rows fit, given ids that all of them are among."""
        every: list[str] = []
        if ids is not None:
            statement.parameters.update(ids.parameters)
            every.append(f"id IN ({ids.query})")
        every += checks(self._dialect, conditions, statement)
        if ids is None or not ids.fits_clauses:
            every += [*self._of_systems(statement), *scanned(self._dialect, conditions, statement)]
        return every

    def _of_systems(self, statement: Statement) -> list[str]:
        if self._restricted is None:
            return []
        return [f"system IN ({', '.join(statement.bind(each) for each in self._restricted)})"]

    def _number(self, sql: str, parameters: Mapping[str, Any]) -> int:
        return int(self._connection.execute(text(sql), parameters).scalar_one())

    def _rows(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
        return self._connection.execute(text(sql), parameters).all()

    @contextmanager
    def _given_up(self) -> Generator[None]:
        """Raise `_GivenUp` where SQLite has run too many instructions; PostgreSQL plans by itself."""
        if self._connection.dialect.name != "sqlite":
            yield
            return
        driver: Any = self._connection.connection.driver_connection
        driver.set_progress_handler(lambda: 1, self._effort.steps)
        try:
            yield
        except OperationalError as error:
            if "interrupted" not in str(error.orig):
                raise
            raise _GivenUp from None
        finally:
            driver.set_progress_handler(None, 0)


def count_of(connection: Connection, system: str) -> int:
    """Return how many records of a system are found."""
    sql = "SELECT count(*) FROM catalog_records WHERE system = :system AND state <> :gone"
    return int(connection.execute(text(sql), {"system": system, "gone": int(RecordState.GONE)}).scalar_one())
