"""Run a statement of SQLAlchemy many times: it is compiled once, and on SQLite the driver runs it by itself.

What SQLAlchemy does around an execution takes several times as long as SQLite does for it. So the statements of every
write are compiled once; on PostgreSQL, where a statement waits for the network, they are executed as any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.expression import UpdateBase

    Statement = UpdateBase | Select[*tuple[Any, ...]]
    Processor = Callable[[Any], Any]

_UNSUPPORTED = ("insert_prefetch", "update_prefetch", "post_compile_params", "literal_execute_params")
"""What SQLAlchemy would fill in at each execution: defaults of columns, lists of any length, literals."""


class _Parameter(NamedTuple):
    """A parameter of a statement: `own` is its value where the statement has one, as a constant."""

    name: str
    is_given: bool
    own: Any
    convert: Processor | None

    def value(self, values: Mapping[str, Any]) -> Any:
        found = values[self.name] if self.is_given else self.own
        return found if self.convert is None else self.convert(found)


class _Compiled(NamedTuple):
    """A statement as text, its parameters by their places, and the conversion of each column of its rows."""

    sql: str
    parameters: Sequence[_Parameter]
    results: Sequence[Processor | None]

    def bound(self, values: Mapping[str, Any]) -> list[Any]:
        return [each.value(values) for each in self.parameters]


class CompiledStatement:
    """A statement with named parameters, one for each dialect where these differ.

    The names in `values` are the columns that an INSERT or an UPDATE sets, and the statement's own parameters; one that
    is missing is a `KeyError`. Columns with defaults, and lists (`in_`), are refused. On SQLite the conversions are
    those of the engine that executes it first: all that run statements in threads convert alike.
    """

    def __init__(self, sqlite: Statement, postgresql: Statement | None = None) -> None:
        self._sqlite = sqlite
        self._postgresql = sqlite if postgresql is None else postgresql
        self._compiled: dict[tuple[str, ...], _Compiled] = {}

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute the statement, and return how many rows it has changed."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._postgresql, values).rowcount
        compiled = self._for(connection.dialect, values)
        return driver_of(connection).execute(compiled.sql, compiled.bound(values)).rowcount

    def execute_each(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute the statement for each of some rows, which have the same names."""
        if connection.dialect.name != "sqlite":
            connection.execute(self._postgresql, rows)
            return
        compiled = self._for(connection.dialect, rows[0])
        driver_of(connection).executemany(compiled.sql, [compiled.bound(row) for row in rows])

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Return the rows that a SELECT gives, or a statement with RETURNING."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._postgresql, values).all()
        compiled = self._for(connection.dialect, values)
        # All at once: a cursor that has rows left would keep the transaction from its end.
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
    if any(getattr(compiled, name) for name in _UNSUPPORTED):
        raise NotImplementedError(f"SQLAlchemy alone can fill in what this statement needs: {compiled}")
    binds = [compiled.binds[name] for name in compiled.positiontup]
    parameters = [
        _Parameter(each.key, each.required or each.key in names, each.value, _of(each, dialect).bind_processor(dialect))
        for each in binds
    ]
    columns = statement.selected_columns if isinstance(statement, Select) else compiled.effective_returning or ()
    return _Compiled(
        str(compiled), parameters, [_of(each, dialect).result_processor(dialect, None) for each in columns]
    )


def _of(element: Any, dialect: Dialect) -> Any:
    """Return the type of a parameter or a column as the dialect has it."""
    return element.type.dialect_impl(dialect)
