"""`@defer`: fields put off for all objects of a scope at once, delivered object by object.

The order of delivery and its format are graphql-core's: its work queue and publisher are given one task for each
object and group of deferred fields. The tasks of one group share one execution, so what is deferred is batched as
everything else is.
"""

from __future__ import annotations

from asyncio import shield
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql.execution.incremental.computation import Computation
from graphql.execution.incremental.incremental_executor import DeliveryGroup, ExecutionGroup, ExecutionGroupValue
from graphql.execution.incremental.incremental_publisher import IncrementalPublisher
from graphql.execution.incremental.work_queue import Work, WorkResult

from customer_gateway.execution.run.field_errors import BubblingError, Key, key_of
from customer_gateway.execution.run.positions import Objects, OfSome
from customer_gateway.execution.run.run import Run

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable

    from graphql import GraphQLError
    from graphql.execution import ExperimentalIncrementalExecutionResults
    from graphql.pyutils import AbortSignal, Path

    from customer_gateway.execution.compile.plan import Deferral
    from customer_gateway.execution.run.fields import ResolvedField
    from customer_gateway.execution.run.positions import Deliveries
    from customer_gateway.execution.run.run import Plan


class Deferred:
    """The deferred fields of one run, executed by branches of `origin`: abandoning that run abandons all of them."""

    def __init__(self, origin: Run) -> None:
        self._origin = origin
        self._groups: list[DeliveryGroup] = []
        self._tasks: list[tuple[ExecutionGroup, Batch, int]] = []

    def put_off(self, deferral: Deferral[ResolvedField], objects: list[Any], positions: Objects) -> None:
        """Note the deferred fields of each object; nothing of them begins before it is asked for."""
        positions.deliveries = [
            self._deliveries(deferral, positions.path_at(index), positions.deliveries_at(index))
            for index in range(len(objects))
        ]
        for usages, plan in deferral.groups:
            batch = Batch(self._origin, plan, objects, positions)
            for index, deliveries in enumerate(positions.deliveries):
                groups = [deliveries[id(usage)] for usage in usages]
                computation = Computation(batch.part(index, groups))
                self._tasks.append((ExecutionGroup(groups, computation, positions.path_at(index)), batch, index))

    def _deliveries(self, deferral: Deferral[ResolvedField], path: Path | None, around: Deliveries) -> Deliveries:
        deliveries = dict(around)
        for usage in deferral.begun:
            parent = None if usage.parent_defer_usage is None else deliveries[id(usage.parent_defer_usage)]
            group = deliveries[id(usage)] = DeliveryGroup(path, usage.label, parent)
            self._groups.append(group)
        return deliveries

    def shares(self, nulled: set[Key], length: int = 0) -> dict[Key, DeferredShare]:
        """Return what is put off for each position of that many keys, without subtrees that an error made null."""
        shares: dict[Key, DeferredShare] = {}
        for group in self._groups:
            shares.setdefault(key_of(group.path)[:length], DeferredShare([], [])).groups.append(group)
        for entry in self._tasks:
            key = key_of(entry[0].path)
            if not any(key[:end] in nulled for end in range(len(key) + 1)):
                shares.setdefault(key[:length], DeferredShare([], [])).tasks.append(entry)
        return shares


class DeferredShare(NamedTuple):
    """What is put off for one object and all below it."""

    groups: list[DeliveryGroup]
    tasks: list[tuple[ExecutionGroup, Batch, int]]

    def work(self) -> Work:
        """Return the work to be done now that the object itself is delivered."""
        for _, batch, index in self.tasks:
            batch.request(index)
        return Work(self.groups, [task for task, _, _ in self.tasks])


class Round(NamedTuple):
    """One execution of a batch: the row of each object by its index; by its key the errors and what it put off."""

    rows: dict[int, Any]
    errors: dict[Key, list[GraphQLError]]
    deferred: dict[Key, DeferredShare]


class Batch:
    """One group of deferred fields: executed once for all objects that select it, when the first is asked for."""

    def __init__(self, origin: Run, plan: Plan, objects: list[Any], positions: Objects) -> None:
        self._origin = origin
        self._plan = plan
        self._objects = objects
        self._positions = positions
        self._wanted: list[int] = []
        self._rounds: dict[int, Future[Round]] = {}

    def request(self, index: int) -> None:
        self._wanted.append(index)

    def part(self, index: int, groups: list[DeliveryGroup]) -> Callable[[], Awaitable[WorkResult]]:
        """Return the function that gives the part of one object, or raises the error that made it null."""

        async def result() -> WorkResult:
            if index not in self._rounds:
                together, self._wanted = self._wanted, []
                self._rounds.update(dict.fromkeys(together, self._origin.begin(self._execute(together))))
            # Shielded: the other objects still want what one of them abandons.
            return self._delivered(self._positions.path_at(index), groups, index, await shield(self._rounds.pop(index)))

        return result

    async def _execute(self, together: list[int]) -> Round:
        branch = _branch(self._origin)
        positions = Objects(OfSome(self._positions, together))
        try:
            rows = branch.select(self._plan, [self._objects[index] for index in together], positions)
            rows = rows if isinstance(rows, list) else await rows
        except BaseException as error:
            await branch.abandon()
            if not branch.ended_by(error) or branch.budget.error is None:
                raise
            rows = [BubblingError(branch.budget.error)] * len(together)
        finally:
            branch.release()
        # All objects of a batch stand at the same field, so their keys are of one length.
        length = len(key_of(self._positions.path_at(together[0])))
        field_errors = branch.field_errors.keyed()
        errors: dict[Key, list[GraphQLError]] = {}
        for key, error in field_errors:
            errors.setdefault(key[:length], []).append(error)
        deferred = _taken(branch, {key for key, _ in field_errors}, length)
        return Round(dict(zip(together, rows, strict=True)), errors, deferred)

    def _delivered(self, path: Path | None, groups: list[DeliveryGroup], index: int, done: Round) -> WorkResult:
        row = done.rows[index]
        if type(row) is BubblingError:
            raise row.error
        key = key_of(path)
        share = done.deferred.get(key)
        value = ExecutionGroupValue(groups, list(key), row, done.errors.get(key))
        return WorkResult(value, None if share is None else share.work())


class Publishing:
    """What graphql-core's publisher asks of the execution it publishes."""

    abort_signal: AbortSignal | None = None

    def __init__(self, run: Run) -> None:
        self._run = run

    def abort_error(self) -> Exception:
        """Never asked for: there is no abort signal."""
        return RuntimeError("This execution has no abort signal")

    async def cancel_incremental_work(self, reason: BaseException | None = None) -> None:
        await self._run.abandon()

    def run_async_work_finished_hook(self) -> None:
        """There are no hooks."""


def published(run: Run, data: dict[str, Any] | None) -> ExperimentalIncrementalExecutionResults | None:
    """Return the initial result with those that follow, None where nothing is put off."""
    errors = run.field_errors.keyed()
    share = _taken(run, {key for key, _ in errors}).get(())
    if data is None or share is None or not share.tasks:
        return None
    reported = run.field_errors.errors
    return IncrementalPublisher().build_response(data, reported or None, share.work(), Publishing(run))


def _branch(origin: Run) -> Run:
    """Return a run of its own for what is deferred: the same request, its own errors and deliveries."""
    branch = Run(origin.operation, origin.variables, origin.context, origin.root, origin.budget, origin.observer)
    branch.deferred = Deferred(origin)
    return branch


def _taken(run: Run, nulled: set[Key], length: int = 0) -> dict[Key, DeferredShare]:
    """Take what was put off (see `Deferred.shares`). The run would hold itself through it."""
    deferred, run.deferred = run.deferred, None
    return deferred.shares(nulled, length) if isinstance(deferred, Deferred) else {}
