"""Columns of resolved values into columns of response values, by type."""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false, reportUnknownParameterType=false, reportUnknownVariableType=false

from __future__ import annotations

from asyncio import isfuture
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING, Any, Protocol

from graphql import Executor, GraphQLError, GraphQLNonNull, is_abstract_type, is_leaf_type, is_list_type
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Undefined, is_iterable

from .abstract import ConcreteTypes
from .declaration import python_type
from .failures import Failure, Torn, column_of, then
from .kinds import AWAITABLE, ERROR, NULL, is_awaitable, kinds
from .later import Later
from .leaves import leaf_of
from .place import Place, Site
from .positions import Objects, OfItem, OfSome

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLAbstractType, GraphQLLeafType, GraphQLObjectType, GraphQLOutputType

    from .plan import Planner, SelectionPlan
    from .positions import Positions
    from .run import Run

    Columnar = list[Any] | Awaitable[list[Any]]
    Step = Callable[[Run, list[Any], Positions], Columnar]


class Completion(Protocol):
    """Completes the values of one place."""

    @property
    def place(self) -> Place: ...

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """The completed column, now or later; values may be null, errors or awaitable."""
        ...


def completion_of(planner: Planner, site: Site, output_type: GraphQLOutputType) -> Completion:
    non_null = isinstance(output_type, GraphQLNonNull)
    nullable: Any = output_type.of_type if isinstance(output_type, GraphQLNonNull) else output_type
    place = Place(site, non_null, non_null and planner.error_propagation)
    if is_list_type(nullable):
        return ListCompletion(place, completion_of(planner, site, nullable.of_type))
    if is_leaf_type(nullable):
        return LeafCompletion(place, nullable)
    if is_abstract_type(nullable):
        return AbstractCompletion(place, planner, nullable)
    return ObjectCompletion(place, planner, nullable)


def complete_live(place: Place, run: Run, values: list[Any], positions: Positions, live: Step) -> Columnar:
    """Waits for what is awaitable and takes out what is null or an error; the rest goes through `live`."""
    kind = kinds(values)
    if not kind & (NULL | ERROR | AWAITABLE):
        return live(run, values, positions)
    if kind & AWAITABLE and any(map(is_awaitable, values)):
        # All begin in this tick of the event loop, so that a loader below them sees their keys together.
        begun = [run.begin(value) if is_awaitable(value) else value for value in values]
        return run.spawn(_complete_arrived(place, run, begun, positions, live))
    return sort_out(place, run, values, positions, live)


async def _complete_arrived(place: Place, run: Run, begun: list[Any], positions: Positions, live: Step) -> list[Any]:
    column = sort_out(place, run, await arrived(begun), positions, live)
    return column if isinstance(column, list) else await column


async def arrived(begun: list[Any]) -> list[Any]:
    """The values with each future replaced by its result or its exception."""
    values: list[Any] = []
    for value in begun:
        if not isfuture(value):
            values.append(value)
            continue
        try:
            values.append(await value)
        except Exception as error:  # noqa: BLE001  whatever a resolver raises is its field's error
            values.append(error)
    return values


def sort_out(place: Place, run: Run, values: list[Any], positions: Positions, live: Step) -> Columnar:
    """Nulls and errors to their places, the other values through `live`."""
    column: list[Any] = [None] * len(values)
    alive: list[int] = []
    for index, value in enumerate(values):
        if value is None or value is Undefined:
            column[index] = place.null(run, positions, index)
        elif isinstance(value, Exception):
            column[index] = place.fail(run, value, positions, index)
        else:
            alive.append(index)
    if not alive:
        return column_of(column)
    if len(alive) == len(values):
        return live(run, values, positions)
    part = live(run, [values[index] for index in alive], OfSome(positions, alive))
    return then(part, lambda cells: scatter(column, [(alive, cells)]))


def scatter(column: list[Any], parts: list[tuple[list[int], list[Any]]]) -> list[Any]:
    """`column` with the cells of each part at its indices."""
    for indices, cells in parts:
        for index, cell in zip(indices, cells, strict=True):
            column[index] = cell
    return column_of(column)


class LeafCompletion:
    __slots__ = ("check", "exact", "leaf_type", "place", "quick")

    def __init__(self, place: Place, leaf_type: GraphQLLeafType) -> None:
        self.place = place
        self.leaf_type = leaf_type
        leaf = leaf_of(leaf_type, non_null=place.non_null)
        self.exact, self.quick, self.check = leaf.exact, leaf.quick, leaf.check

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        if set(map(type, values)) <= self.exact:
            return values
        quick = self.quick(values)
        return complete_live(self.place, run, values, positions, self._one_by_one) if quick is None else quick

    def _one_by_one(self, run: Run, values: list[Any], positions: Positions) -> list[Any]:
        column: list[Any] = []
        for index, value in enumerate(values):
            try:
                column.append(Executor.complete_leaf_value(self.leaf_type, value))
            except Exception as error:  # noqa: BLE001  a scalar may raise anything
                column.append(self.place.fail(run, error, positions, index))
        return column_of(column)


class ListCompletion:
    __slots__ = ("item", "place")

    def __init__(self, place: Place, item: Completion) -> None:
        self.place = place
        self.item = item

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        if set(map(type, values)) <= LISTS:
            return self._items(run, values, positions)
        return complete_live(self.place, run, values, positions, self._listed)

    def _listed(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Every iterable as a list; what is none is an error."""
        if set(map(type, values)) <= LISTS:
            return self._items(run, values, positions)
        lists = [self._list(run, value) for value in values]
        if any(map(isfuture, lists)):
            return run.spawn(self._listed_later(run, lists, positions))
        return sort_out(self.place, run, lists, positions, self._items)

    async def _listed_later(self, run: Run, lists: list[Any], positions: Positions) -> list[Any]:
        column = sort_out(self.place, run, await arrived(lists), positions, self._items)
        return column if isinstance(column, list) else await column

    def _list(self, run: Run, value: Any) -> list[Any] | Future[list[Any]] | Exception:
        try:
            if hasattr(value, "__aiter__"):
                return run.begin(_drain(value))
            if is_iterable(value):
                return list(value)
        except Exception as error:  # noqa: BLE001  a generator may raise anything
            return error
        field = f"{self.place.site.parent_type}.{self.place.site.name}"
        return GraphQLError(f"Expected Iterable, but did not find one for field '{field}'.")

    def _items(self, run: Run, lists: list[Any], positions: Positions) -> Columnar:
        if len(lists) == 1:
            flat: list[Any] = list(lists[0])
            lengths = [len(flat)]
        else:
            flat = list(chain.from_iterable(lists))
            lengths = list(map(len, lists))
        column = self.item.complete(run, flat, OfItem(positions, lengths))
        if isinstance(column, list):
            return self._fold(run, column, lengths, positions)
        return then(column, lambda cells: self._fold(run, cells, lengths, positions))

    def _fold(self, run: Run, cells: list[Any], lengths: list[int], positions: Positions) -> list[Any]:
        if len(lengths) == 1 and type(cells) is not Torn:
            return [cells]
        ends = list(accumulate(lengths, initial=0))
        folded: list[Any] = [cells[start:end] for start, end in pairwise(ends)]
        if type(cells) is not Torn:
            return folded
        for index, items in enumerate(folded):
            folded[index] = next((item for item in items if type(item) is Failure), items)
        return self.place.land(run, column_of(folded), positions)


LISTS = {list, tuple}


async def _drain(iterable: Any) -> list[Any]:
    return [item async for item in iterable]


class ObjectCompletion:
    __slots__ = ("_class", "_plan", "_planner", "object_type", "place")

    def __init__(self, place: Place, planner: Planner, object_type: GraphQLObjectType) -> None:
        self.place = place
        self.object_type = object_type
        self._planner = planner
        self._class = python_type(object_type)
        self._plan: SelectionPlan | None = None

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        return complete_live(self.place, run, values, positions, self.live)

    def live(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        """The rows of objects that are neither null nor errors."""
        if self.object_type.is_type_of is None or set(map(type, objects)) == {self._class}:
            return self._rows(run, objects, positions)
        return self._checked(run, objects, positions)

    def _rows(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        plan = self._plan
        if plan is None:
            try:
                plan = self._plan = self._planner.selection(self.place.site, self.object_type)
            except Exception as error:  # noqa: BLE001  a condition that cannot be told is the field's error
                return column_of([self.place.fail(run, error, positions, index) for index in range(len(objects))])
        select = run.select_afresh if plan.deep else run.select
        rows = select(plan, objects, Objects(positions))
        if not plan.fragile or self.place.bubbles:
            return rows
        if isinstance(rows, list):
            return self.place.land(run, rows, positions)
        return then(rows, lambda column: self.place.land(run, column, positions))

    def _checked(self, run: Run, objects: list[Any], positions: Positions) -> Columnar:
        """As the type's `is_type_of` demands."""
        verdicts = [self._ask(run, value, positions, index) for index, value in enumerate(objects)]
        if any(isfuture(verdict) for verdict in verdicts):
            return run.spawn(self._judged_later(run, objects, verdicts, positions))
        return self._judged(run, objects, verdicts, positions)

    def _ask(self, run: Run, value: Any, positions: Positions, index: int) -> Any:
        try:
            verdict = self.object_type.is_type_of(value, run.info(self.place.site, positions.field_path(index)))  # pyright: ignore[reportOptionalCall]  asked only where there is one
            return run.begin(verdict) if is_awaitable(verdict) else verdict
        except Exception as error:  # noqa: BLE001  a predicate may raise anything
            return error

    async def _judged_later(self, run: Run, objects: list[Any], verdicts: list[Any], positions: Positions) -> list[Any]:
        column = self._judged(run, objects, await arrived(verdicts), positions)
        return column if isinstance(column, list) else await column

    def _judged(self, run: Run, objects: list[Any], verdicts: list[Any], positions: Positions) -> Columnar:
        judged = [self._judge(value, verdict) for value, verdict in zip(objects, verdicts, strict=True)]
        return sort_out(self.place, run, judged, positions, self._rows)

    def _judge(self, value: Any, verdict: Any) -> Any:
        if isinstance(verdict, Exception):
            return verdict
        try:
            return value if verdict else invalid_return_type_error(self.object_type, value, self.place.site.details)
        except Exception as error:  # noqa: BLE001  neither a verdict nor a value need stand being looked at
            return error


class AbstractCompletion:
    __slots__ = ("_concrete", "_of", "_planner", "place")

    def __init__(self, place: Place, planner: Planner, abstract_type: GraphQLAbstractType) -> None:
        self.place = place
        self._planner = planner
        self._concrete = ConcreteTypes(planner.schema, abstract_type, place.site)
        self._of: dict[GraphQLObjectType, ObjectCompletion] = {}

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        return complete_live(self.place, run, values, positions, self._live)

    def _live(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        only = self._concrete.only(values)
        if only is not None:
            return self._object(only).live(run, values, positions)
        types = self._concrete.of_each(run, values, positions)
        if any(isfuture(found) for found in types):
            return run.spawn(self._dispatched_later(run, values, types, positions))
        return self._dispatched(run, values, types, positions)

    async def _dispatched_later(self, run: Run, values: list[Any], types: list[Any], positions: Positions) -> list[Any]:
        column = self._dispatched(run, values, await arrived(types), positions)
        return column if isinstance(column, list) else await column

    def _dispatched(self, run: Run, values: list[Any], types: list[Any], positions: Positions) -> Columnar:
        """Each value to the objects of its type."""
        column: list[Any] = [None] * len(values)
        groups: dict[GraphQLObjectType, list[int]] = {}
        for index, found in enumerate(types):
            concrete = self._concrete.valid(run, found, values[index], positions, index)
            if isinstance(concrete, Exception):
                column[index] = self.place.fail(run, concrete, positions, index)
            else:
                groups.setdefault(concrete, []).append(index)
        parts = [
            (indices, self._object(concrete).live(run, [values[i] for i in indices], OfSome(positions, indices)))
            for concrete, indices in groups.items()
        ]
        return gathered(column, parts)

    def _object(self, concrete: GraphQLObjectType) -> ObjectCompletion:
        known = self._of.get(concrete)
        if known is None:
            known = self._of[concrete] = ObjectCompletion(self.place, self._planner, concrete)
        return known


def gathered(column: list[Any], parts: list[tuple[list[int], Any]]) -> Columnar:
    """`column` with the cells of all parts, when the last of them is there."""
    if all(isinstance(cells, list) for _, cells in parts):
        return scatter(column, parts)
    return Later(_gathered_later, column, parts)


async def _gathered_later(column: list[Any], parts: list[tuple[list[int], Any]]) -> list[Any]:
    return scatter(column, [(indices, cells if isinstance(cells, list) else await cells) for indices, cells in parts])
