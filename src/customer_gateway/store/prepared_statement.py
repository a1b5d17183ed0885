"""Run a statement of SQLAlchemy many times: it is compiled once, and on SQLite the driver runs it by itself.

What SQLAlchemy does around an execution takes several times as long as SQLite does for it. So the statements of every
write are prepared; on PostgreSQL, where a statement waits for the network, they are executed as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import Select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.expression import UpdateBase

    Statement = UpdateBase | Select[*tuple[Any, ...]]
    Processor = Callable[[Any], Any]


class Executed(Protocol):
    """What an execution gives: a cursor of the driver, or a result of SQLAlchemy."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...


class _Compiled(NamedTuple):
    """A statement as text, and for each of its parameters the name, the value that it has itself, and a conversion."""

    sql: str
    parameters: Sequence[tuple[str, Any, Processor | None]]
    results: Sequence[Processor | None]

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        found = [(values.get(name, own), convert) for name, own, convert in self.parameters]
        return [value if convert is None else convert(value) for value, convert in found]


class PreparedStatement:
    """A statement with named parameters, in the words of each database where these differ.

    The members of `values` are columns that an INSERT or an UPDATE sets, and the statement's own parameters.
    """

    def __init__(
        self,
        sqlite: Statement,
        postgresql: Statement | None = None,
    ) -> None:
        self._sqlite = sqlite
        self._postgresql = sqlite if postgresql is None else postgresql
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> Executed:
        """Execute the statement once."""
        if connection.dialect.name != "sqlite":
            result: Any = connection.execute(self._postgresql, values)  # whose types are those of descriptors
            return result
        compiled = self._for(connection.dialect, values)
        return driver_of(connection).execute(compiled.sql, compiled.bound(values))

    def execute_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute the statement for each of some rows, which have the same members."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._postgresql, rows)
            return
        compiled = self._for(connection.dialect, rows[0])
        driver_of(connection).executemany(compiled.sql, [compiled.bound(row) for row in rows])

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows that a SELECT gives."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._postgresql, values).all()
        compiled = self._for(connection.dialect, values)
        found = driver_of(connection).execute(compiled.sql, compiled.bound(values)).fetchall()
        return [
            [value if convert is None else convert(value) for value, convert in zip(row, compiled.results, strict=True)]
            for row in found
        ]

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
        names = tuple(values)
        if (compiled := self._compiled.get(names)) is None:
            self._compiled[names] = compiled = _compiled(self._sqlite, dialect, names)
        return compiled


def driver_of(connection: Connection) -> Any:
    """Return the driver's own connection, in whose transaction SQLAlchemy's is."""
    return connection.connection.dbapi_connection


def _compiled(statement: Statement, dialect: Dialect, names: Sequence[str]) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))
    parameters = [
        (each.key, each.value, each.type.dialect_impl(dialect).bind_processor(dialect)) for each in _binds(compiled)
    ]
    columns = statement.selected_columns if isinstance(statement, Select) else ()
    results = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
    return _Compiled(str(compiled), parameters, results)


def _binds(compiled: Any) -> Sequence[Any]:
    """Return the parameters of a compiled statement in the order of their places."""
    return [compiled.binds[name] for name in compiled.positiontup]
