"""Find by the indexes which rows may fit: their ids, and whether they are few."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import text

from customer_gateway.model.catalog import Term
from customer_gateway.store.catalog_statements import Statement, moments_query

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from customer_gateway.model.catalog import Conditions
    from customer_gateway.store.catalog_statements import Dialect


class Ids(NamedTuple):
    """A query for ids of rows, with its parameters; `fits_clauses` if all of these rows fit the clauses asked."""

    query: str
    parameters: Mapping[str, Any]
    fits_clauses: bool = False


class IdQueries:
    """Finds ids of rows in one transaction; they are of all systems unless a method says otherwise."""

    def __init__(self, connection: Connection, dialect: Dialect, systems: Sequence[str], most: int) -> None:
        self._connection = connection
        self._dialect = dialect
        self._systems = systems
        self._most = most
        self._known: dict[int, Ids | None] = {}

    def few(self, conditions: Conditions) -> Ids | None:
        """Return the ids of the rows that may fit, where an index says that they are few."""
        if id(conditions) not in self._known:
            self._known[id(conditions)] = self._few_of(conditions)
        return self._known[id(conditions)]

    def of(self, conditions: Conditions) -> Iterable[Ids]:
        """Return the ids of rows by each index that has some: of all rows that fit, and maybe of others."""
        if conditions.clauses and (ids := self.matching(conditions, None)) is not None:
            yield ids
        if (ids := self.containing(conditions)) is not None:
            yield ids
        statement = Statement()
        if (query := moments_query(conditions, self._systems, statement)) is not None:
            yield Ids(query, statement.parameters)

    def matching(self, conditions: Conditions, systems: Sequence[str] | None) -> Ids | None:
        """Return the ids of the rows that fit the clauses, of these systems where they are given; None without both."""
        statement = Statement()
        query = self._dialect.matching_query(conditions, systems, statement)
        return None if query is None else Ids(query, statement.parameters, fits_clauses=True)

    def containing(self, conditions: Conditions) -> Ids | None:
        """Return the ids of rows that may contain what is looked for; None where no index has them."""
        statement = Statement()
        query = self._dialect.containing_query(conditions, statement)
        return None if query is None else Ids(query, statement.parameters)

    def _few_of(self, conditions: Conditions) -> Ids | None:
        for ids in self.of(conditions):
            if ids.fits_clauses and self._is_broad(conditions):
                continue
            if (few := self._listed(ids)) is not None:
                return few
        return None

    def _listed(self, ids: Ids) -> Ids | None:
        """Return few ids as a list: several statements read them, and finding them may take longest.

        Of a list PostgreSQL also knows that it is short; of a search by tokens it expects one row of 200.
        """
        some = f"SELECT id FROM ({ids.query}) AS ids LIMIT {self._most + 1}"  # noqa: S608 - our own names, values are bound
        sql = f"SELECT count(*) AS number, {self._dialect.list_of_ids} AS list FROM ({some}) AS few"  # noqa: S608 - see above
        (found,) = rows(self._connection, sql, ids.parameters)
        if found.number > self._most:
            return None
        return Ids(self._dialect.ids_of_list, {"ids": found.list or "[]"}, ids.fits_clauses)

    def _is_broad(self, conditions: Conditions) -> bool:
        """Return whether whole words alone find more than few: of beginnings SQLite first collects all rows."""
        if not any(term.is_prefix for clause in conditions.clauses for term in clause):
            return False
        whole = [[Term(term.text) for term in clause] for clause in conditions.clauses]
        ids = self.matching(replace(conditions, clauses=whole), None)
        return ids is not None and not self._are_few(ids)

    def _are_few(self, ids: Ids) -> bool:
        some = f"SELECT 1 FROM ({ids.query}) AS ids LIMIT {self._most + 1}"  # noqa: S608 - our own names, values are bound
        return number(self._connection, f"SELECT count(*) FROM ({some}) AS few", ids.parameters) <= self._most  # noqa: S608 - see above


def number(connection: Connection, sql: str, parameters: Mapping[str, Any]) -> int:
    """Return the one number that a query gives."""
    return int(connection.execute(text(sql), parameters).scalar_one())


def rows(connection: Connection, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Return the rows that a query gives."""
    return connection.execute(text(sql), parameters).all()
