"""One execution of a planned operation."""

from __future__ import annotations

from asyncio import CancelledError, current_task, ensure_future, gather, get_running_loop
from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final, Protocol

from graphql import Executor, default_field_resolver, default_type_resolver

from customer_gateway.execution.compile.coroutines import close_coroutines

from .budget import AnswerTooLarge
from .field_errors import ErroredColumn, FieldErrors
from .fields import AttributeField
from .objects import failed, filled, joined
from .observer import observed
from .positions import Objects, ParentObjects, Root
from .steps import in_steps

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Coroutine, Iterable

    from graphql import GraphQLResolveInfo
    from graphql.execution.values import VariableValues
    from graphql.pyutils import Path

    from customer_gateway.execution.compile.collection import Operation
    from customer_gateway.execution.compile.plan import Deferral, FieldSite, SelectionPlan
    from customer_gateway.execution.compile.rows import Reader

    from .budget import Budget
    from .columns import Columnar
    from .fields import ResolvedField
    from .observer import Observer
    from .positions import Positions

    Plan = SelectionPlan[ResolvedField]

    class Deferring(Protocol):
        """Notes what is deferred."""

        def put_off(self, deferral: Deferral[ResolvedField], objects: list[Any], positions: Objects) -> None: ...


ROOT: Final = Root()

AT_ONCE: Final = 250
"""As many objects at most are given at once to resolvers whose values have fields again: their number is not known
before.
"""

BLANKS: Final = repeat(None)
"""Stands for a column that is filled in later."""


class Run:
    """The state of one execution, and the way through its scopes."""

    def __init__(
        self,
        operation: Operation,
        variables: VariableValues,
        context: Any,
        root: Any,
        budget: Budget,
        observer: Observer | None = None,
    ) -> None:
        self.budget = budget
        self.operation = operation
        self.variables = variables
        self.context = context
        self.root = root
        self.field_errors = FieldErrors()
        self._begun: list[Future[Any]] = []
        self._tracked: list[Awaitable[Any]] = []
        self.observer = observer
        self.deferred: Deferring | None = None
        """Notes what is deferred; without it nothing is, and all comes together."""
        self._loop = get_running_loop()

    async def data(self, plan: Plan) -> dict[str, Any] | None:
        """Return the response data; errors are in `field_errors`, or in `budget` where that ended it.

        Whatever this run began has ended then.
        """
        objects = Objects(ROOT)
        try:
            if self.operation.serial:
                return await self._one_after_another(plan, objects)
            single = len(plan.fields) == 1 and self.observer is None
            column = self._single_root(plan, objects) if single else self.select(plan, [self.root], objects)
            return self._land(column if isinstance(column, list) else await column)
        except BaseException as error:
            self.deferred = None
            await self.abandon()
            if not self.ended_by(error):
                raise
            return None
        finally:
            self.release()

    async def _one_after_another(self, plan: Plan, objects: Objects) -> dict[str, Any] | None:
        self._put_off(plan, [self.root], objects)
        self.charge(len(plan.fields), plan.characters, objects)
        parents = ParentObjects([self.root], objects)
        data: dict[str, Any] = {}
        for field in plan.fields:
            begun = field.execute(self, parents)
            column = begun if isinstance(begun, list) else await begun
            if type(column) is ErroredColumn:
                return self._land(column)
            data[field.site.response_name] = column[0]
        return data

    def _land(self, rows: list[Any]) -> dict[str, Any] | None:
        if type(rows) is not ErroredColumn:
            return rows[0]
        self.field_errors.add(rows[0].error, ROOT, 0)
        return None

    def _single_root(self, plan: Plan, objects: Objects) -> Columnar:
        """Complete a root of one field: nothing runs beside it, so it needs no task."""
        self._put_off(plan, [self.root], objects)
        column = plan.fields[0].execute(self, ParentObjects([self.root], objects, alone=True))
        return [{plan.names[0]: column[0]}] if type(column) is list else joined(plan, [column], 1)

    def _put_off(self, plan: Plan, objects: list[Any], positions: Objects) -> None:
        if plan.deferral is not None and self.deferred is not None:
            self.deferred.put_off(plan.deferral, objects, positions)

    def select(self, plan: Plan, objects: list[Any], positions: Objects) -> Columnar:
        """Return a row for each object: all fields begin in this tick, in their order."""
        if not objects:
            return []
        if self.observer is not None:
            return observed(self.observer, plan, objects, positions, self._select)
        return self._select(plan, objects, positions)

    def _select(self, plan: Plan, objects: list[Any], positions: Objects) -> Columnar:
        count = len(objects)
        self.charge(count * len(plan.names), count * plan.characters, positions)
        if (count <= AT_ONCE or not plan.multiplies) and self.budget.begin(count * plan.work):
            return self._rows(plan, objects, positions)

        def complete(part: list[Any], of_part: Positions) -> Columnar:
            return self._rows(plan, part, Objects(of_part))

        return in_steps(self, objects, plan.work_in_steps, positions, complete)

    def charge(self, values: int, characters: int, positions: Positions) -> None:
        """Take from the budget. Raises AnswerTooLarge at its end: what this run began is then cancelled."""
        try:
            self.budget.charge(values, characters, positions)
        except AnswerTooLarge:
            self.cancel()
            raise

    def ended_by(self, error: BaseException) -> bool:
        """Return whether that is the end of the budget, met here or in what was cancelled for it."""
        if self.budget.error is None:
            return False
        task = current_task()
        cancelled = isinstance(error, CancelledError) and not (task is not None and task.cancelling())
        return cancelled or isinstance(error, AnswerTooLarge)

    def cancel(self) -> None:
        """Cancel what this run began, without waiting for it."""
        current = current_task()
        for future in self._begun:
            if future is not current:
                future.cancel()

    def _rows(self, plan: Plan, objects: list[Any], positions: Objects) -> Columnar:
        self._put_off(plan, objects, positions)
        parents = ParentObjects(objects, positions)
        read = plan.reader(len(objects), counting=self.budget.counts_texts(plan))
        if read is None:
            return joined(plan, [field.execute(self, parents) for field in plan.fields], len(objects))
        return self._read(plan, parents, read)

    def select_on_new_stack(self, plan: Plan, objects: list[Any], positions: Objects) -> Awaitable[list[Any]]:
        """Select on a stack of its own: otherwise the depth of a document would be that of Python's stack."""
        return self.spawn(self._selected(plan, objects, positions))

    async def _selected(self, plan: Plan, objects: list[Any], positions: Objects) -> list[Any]:
        positions.resolve_paths(len(objects))
        rows = self.select(plan, objects, positions)
        return rows if isinstance(rows, list) else await rows

    def _read(self, plan: Plan, parents: ParentObjects, read: Reader) -> Columnar:
        """Return the rows by the generated reader; columns that are not there yet are filled in when they come."""
        columns: list[Any] = []
        present: list[Iterable[Any]] = []
        late: list[tuple[str, Any]] = []
        for field in plan.executed:
            column = field.execute(self, parents)
            columns.append(column)
            if isinstance(column, list):
                present.append(column)
            else:
                present.append(BLANKS)
                late.append((field.site.response_name, column))
        rows, odd, characters = read(parents.objects, *present)
        if characters:
            self.charge(0, characters, parents.positions)
        if odd:
            repaired = [
                (name, field.complete(self, [row[name] for row in rows], parents))
                for name, field in plan.odd(odd)
                if isinstance(field, AttributeField)  # no other has an attribute
            ]
            late += repaired
            columns += [column for _, column in repaired]
        if late:
            return filled(plan, rows, late, columns)
        return failed(plan, rows, columns) if columns else rows

    def begin(self, awaitable: Awaitable[Any]) -> Future[Any]:
        """Return the awaitable as a future; one that is begun here is also ended here."""
        future = ensure_future(awaitable)
        if future is not awaitable:
            self._begun.append(future)
        return future

    def spawn(self, coroutine: Coroutine[Any, Any, list[Any]]) -> Awaitable[list[Any]]:
        """Spawn a column that comes later and may begin new work then: a task, so that others go on."""
        task = self._loop.create_task(coroutine)
        self._begun.append(task)
        return task

    def track(self, awaitable: Awaitable[Any]) -> Awaitable[Any]:
        """Track the awaitable of a resolver, to be closed if the task that is to await it never begins."""
        self._tracked.append(awaitable)
        return awaitable

    async def abandon(self) -> None:
        """Cancel what is under way, wait until it has ended, and drop it."""
        waiting = [future for future in self._begun if not future.done()]
        for future in waiting:
            future.cancel()
        try:
            await gather(*self._begun, return_exceptions=True)
        finally:
            close_coroutines(self._tracked)
            self._begun.clear()
            self._tracked.clear()

    @cached_property
    def reference(self) -> Executor[Any]:
        """graphql-core's executor for the same request: it makes the `info` of resolvers."""
        operation = self.operation
        return Executor(
            operation.schema,
            operation.fragment_definitions,
            operation.fragments,
            self.root,
            self.context,
            operation.definition,
            self.variables,
            default_field_resolver,
            default_type_resolver,  # pyright: ignore[reportArgumentType]  graphql-core's own default, its generic type left open
            default_field_resolver,
            hide_suggestions=operation.hide_suggestions,
        )

    def release(self) -> None:
        """End the circle in which graphql-core's executor holds itself through the helpers in the `info` of resolvers.

        Otherwise all that the request has read would stay in memory until the garbage collector comes by.
        """
        executor = vars(self).pop("reference", None)
        if executor is not None:
            del executor.async_helpers

    def info(self, site: FieldSite, path: Path | None) -> GraphQLResolveInfo[Any]:
        if path is None:
            raise RuntimeError("A field without a path")
        return self.reference.build_resolve_info(site.definition, list(site.nodes), site.parent_type, path)
