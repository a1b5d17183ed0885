"""Columns of objects, of one type or of several, and the rows that they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType, default_type_resolver
from graphql.execution.executor import invalid_return_type_error

from customer_gateway.execution.compile.declaration import python_type
from customer_gateway.execution.compile.rows import FEWEST_ROWS, assembler, compilable

from .columns import (
    ERROR,
    KIND_OF,
    UNSETTLED,
    DeferredColumn,
    arrived,
    complete_non_null,
    complete_unsettled,
    gathered,
    is_awaitable,
    kinds_of,
    split_values,
    then,
)
from .field_errors import ErroredColumn, column_of, first_failures
from .positions import Objects, OfSome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLAbstractType, GraphQLSchema

    from customer_gateway.execution.compile.plan import FieldSite, Planner

    from .columns import Columnar
    from .field_errors import OutputPosition
    from .fields import ResolvedField
    from .positions import Positions
    from .run import Plan, Run


class ObjectCompletion:
    __slots__ = ("_class", "_plan", "_planner", "_usual", "object_type", "place")

    def __init__(self, place: OutputPosition, planner: Planner[ResolvedField], object_type: GraphQLObjectType) -> None:
        self.place = place
        self.object_type = object_type
        self._planner = planner
        self._class = python_type(object_type)
        self._plan: Plan | None = None
        self._usual: set[type] | None = None
        """The class of the last column that held objects of this type, all of one class.

        Kept from one execution to the next: a class means the same in each.
        """

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        classes = set(map(type, values))
        if classes == self._usual:
            return self._rows(run, values, positions)
        kind = kinds_of(classes)
        if kind & UNSETTLED:
            return complete_unsettled(self.place, run, kind, values, positions, self.non_null)
        if len(classes) == 1 and (self.object_type.is_type_of is None or classes == {self._class}):
            self._usual = classes
        return self.non_null(run, values, positions)

    def non_null(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        """Return the rows of objects that are neither null nor errors."""
        if self.object_type.is_type_of is None or set(map(type, objects)) == {self._class}:
            return self._rows(run, objects, positions)
        return self._checked(run, objects, positions)

    def _rows(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        plan = self._plan
        if plan is None:
            try:
                plan = self._plan = self._planner.selection(self.place.site, self.object_type)
            except Exception as error:
                return column_of([self.place.fail(run, error, positions, index) for index in range(len(objects))])
        select = run.select_on_new_stack if plan.deep else run.select
        rows = select(plan, objects, Objects(positions))
        if type(rows) is list or not plan.fragile or self.place.bubbles:  # a column that is not torn holds no failure
            return rows
        if isinstance(rows, list):
            return self.place.land(run, rows, positions)
        return then(rows, lambda column: self.place.land(run, column, positions))

    def _checked(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        """Check objects by the type's `is_type_of`."""
        verdicts = [self._ask(run, value, positions, index) for index, value in enumerate(objects)]
        if any(map(is_awaitable, verdicts)):
            return run.spawn(self._checked_types_later(run, objects, verdicts, positions))
        return self._checked_types(run, objects, verdicts, positions)

    def _ask(self, run: Run, value: Any, positions: Positions, index: int) -> Any:
        try:
            verdict = self.object_type.is_type_of(value, run.info(self.place.site, positions.field_path(index)))  # pyright: ignore[reportOptionalCall]  asked only where there is one
            return run.begin(verdict) if is_awaitable(verdict) else verdict
        except Exception as error:
            return error

    async def _checked_types_later(
        self, run: Run, objects: list[Any], verdicts: list[Any], positions: Positions
    ) -> list[Any]:
        column = self._checked_types(run, objects, await arrived(verdicts), positions)
        return column if isinstance(column, list) else await column

    def _checked_types(self, run: Run, objects: list[Any], verdicts: list[Any], positions: Positions) -> Columnar:
        judged = [self._check_type(value, verdict) for value, verdict in zip(objects, verdicts, strict=True)]
        return split_values(self.place, run, judged, positions, self._rows)

    def _check_type(self, value: Any, verdict: Any) -> Any:
        if KIND_OF[type(verdict)] & ERROR:
            return verdict
        try:
            return value if verdict else invalid_return_type_error(self.object_type, value, self.place.site.details)
        except Exception as error:
            return error


class AbstractCompletion:
    __slots__ = ("_concrete", "_of", "_planner", "place")

    def __init__(
        self, place: OutputPosition, planner: Planner[ResolvedField], abstract_type: GraphQLAbstractType
    ) -> None:
        self.place = place
        self._planner = planner
        self._concrete = ConcreteTypes(planner.schema, abstract_type, place.site)
        self._of: dict[GraphQLObjectType, ObjectCompletion] = {}

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        return complete_non_null(self.place, run, values, positions, self._non_null)

    def _non_null(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        only = self._concrete.only(values)
        if only is not None:
            return self._object(only).non_null(run, values, positions)
        types = self._concrete.of_each(run, values, positions)
        if any(map(is_awaitable, types)):
            return run.spawn(self._dispatched_later(run, values, types, positions))
        return self._dispatched(run, values, types, positions)

    async def _dispatched_later(self, run: Run, values: list[Any], types: list[Any], positions: Positions) -> list[Any]:
        column = self._dispatched(run, values, await arrived(types), positions)
        return column if isinstance(column, list) else await column

    def _dispatched(self, run: Run, values: list[Any], types: list[Any], positions: Positions) -> Columnar:
        """Give each value to the objects of its type."""
        column: list[Any] = [None] * len(values)
        groups: dict[GraphQLObjectType, list[int]] = {}
        for index, found in enumerate(types):
            concrete = self._concrete.valid(run, found, values[index], positions, index)
            if isinstance(concrete, Exception):
                column[index] = self.place.fail(run, concrete, positions, index)
            else:
                groups.setdefault(concrete, []).append(index)
        parts = [
            (indices, self._object(concrete).non_null(run, [values[i] for i in indices], OfSome(positions, indices)))
            for concrete, indices in groups.items()
        ]
        return gathered(column, parts)

    def _object(self, concrete: GraphQLObjectType) -> ObjectCompletion:
        known = self._of.get(concrete)
        if known is None:
            known = self._of[concrete] = ObjectCompletion(self.place, self._planner, concrete)
        return known


class ConcreteTypes:
    """Tells types by the class of the value where the schema maps classes, else by asking the schema's resolvers."""

    __slots__ = ("_abstract_type", "_by_class", "_site")

    def __init__(self, schema: GraphQLSchema, abstract_type: GraphQLAbstractType, site: FieldSite) -> None:
        self._abstract_type = abstract_type
        self._site = site
        self._by_class = {
            cls: possible
            for possible in schema.get_possible_types(abstract_type)
            if (cls := python_type(possible)) is not None
        }

    def only(self, values: list[Any]) -> GraphQLObjectType | None:
        """Return the type of all values where it follows from their class alone."""
        classes = set(map(type, values))
        return self._by_class.get(classes.pop()) if len(classes) == 1 else None

    def of_each(self, run: Run, values: list[Any], positions: Positions) -> list[Any]:
        """For each value its type, or the name of it, a future of such a name, or the error met."""
        by_class = self._by_class
        return [
            by_class.get(type(value)) or self._ask(run, value, positions, index) for index, value in enumerate(values)
        ]

    def _ask(self, run: Run, value: Any, positions: Positions, index: int) -> Any:
        resolve = self._abstract_type.resolve_type or default_type_resolver
        try:
            name = resolve(value, run.info(self._site, positions.field_path(index)), self._abstract_type)
            return run.begin(name) if is_awaitable(name) else name
        except Exception as error:
            return error

    def valid(
        self, run: Run, found: Any, value: Any, positions: Positions, index: int
    ) -> GraphQLObjectType | Exception:
        """Return the object type that `found` names, or the error that says why it is none."""
        if KIND_OF[type(found)] & ERROR:
            return found
        if type(found) is GraphQLObjectType and self._by_class.get(type(value)) is found:
            return found
        info = run.info(self._site, positions.field_path(index))
        try:
            return run.reference.ensure_valid_runtime_type(found, self._abstract_type, self._site.details, info, value)
        except Exception as error:
            return error


def rows_of(names: tuple[str, ...], columns: list[list[Any]], count: int) -> list[Any]:
    """Return one dict for each of `count` objects, its keys in the order of `names`."""
    if not names:
        return [{} for _ in range(count)]
    if count >= FEWEST_ROWS and compilable(names):
        return assembler(names)(*columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def joined(plan: Plan, columns: list[Any], count: int) -> Columnar:
    """Return the rows of columns that hold every field."""
    for column in columns:
        if not isinstance(column, list):
            return DeferredColumn(_joined_later, plan, columns, count)
    return failed(plan, rows_of(plan.names, columns, count), columns)


async def _joined_later(plan: Plan, columns: list[Any], count: int) -> list[Any]:
    # One after the other is as good as all at once: each goes on by itself, here they are only put together.
    for index, column in enumerate(columns):
        if not isinstance(column, list):
            columns[index] = await column
    return failed(plan, rows_of(plan.names, columns, count), columns)


def filled(plan: Plan, rows: list[Any], late: list[tuple[str, Any]], columns: list[Any]) -> Columnar:
    """Return the rows with late columns put into their places; `columns` are all that may hold failures."""
    for _, column in late:
        if not isinstance(column, list):
            return DeferredColumn(_filled_later, plan, rows, late, columns)
    for name, column in late:
        fill(rows, name, column)
    return failed(plan, rows, columns)


async def _filled_later(plan: Plan, rows: list[Any], late: list[tuple[str, Any]], columns: list[Any]) -> list[Any]:
    arrived: list[list[Any]] = []
    for _, column in late:
        arrived.append(column if isinstance(column, list) else await column)
    for (name, _), column in zip(late, arrived, strict=True):
        fill(rows, name, column)
    return failed(plan, rows, [column for column in columns if isinstance(column, list)] + arrived)


def fill(rows: list[Any], name: str, column: Iterable[Any]) -> None:
    """Put a column into the places left for it."""
    for row, cell in zip(rows, column, strict=True):
        row[name] = cell


def failed(plan: Plan, rows: list[Any], columns: list[Any]) -> list[Any]:
    """Return the rows with a failure in place of each object that one of its fields made null."""
    if not plan.fragile or ErroredColumn not in set(map(type, columns)):
        return rows
    for index, failure in first_failures(columns).items():
        rows[index] = failure
    return column_of(rows)
