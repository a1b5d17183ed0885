"""The engine: documents prepared once, operations executed by either executor."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from graphql import (
    execute,  # pyright: ignore[reportUnknownVariableType]  its executor_class is untyped upstream
    get_operation_ast,
)

from customer_gateway.api.access import denied_to
from customer_gateway.api.audit import customers_read
from customer_gateway.api.error_formatting import FormattedError, coded
from customer_gateway.api.limits import (
    SCALARS,
    DocumentInvalid,
    DocumentLimits,
    DocumentRefused,
    long_list,
    parse_within,
    refuse_invalid,
    too_deep,
    weight_of,
)
from customer_gateway.api.reply import LATE, failed, reply_to
from customer_gateway.api.root_fields import root_fields
from customer_gateway.api.writing import Asker
from customer_gateway.execution import (
    AnswerLimits,
    Budget,
    CompiledOperation,
    ExecutionResult,
    OperationKey,
    OperationRejected,
    PlanCache,
    WeightedCache,
    compile_operation,
    counting,
    operation_key,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from graphql import DocumentNode, GraphQLSchema

    from customer_gateway.api.access import DeniedFields
    from customer_gateway.api.audit import CustomersRead
    from customer_gateway.api.reply import Outcome, Reply
    from customer_gateway.model.callers import Rights
    from customer_gateway.work.deadline import Deadline

ExecutorName: TypeAlias = Literal["breadth", "reference"]
RefusedStage: TypeAlias = Literal["parse", "limits", "validation", "operation"]

_PERSONAL: Final = frozenset({"operation", "operations"})
"""Fields of the query that tell a caller its own operations."""

CODES: Final = {
    "parse": "GRAPHQL_PARSE_FAILED",
    "validation": "GRAPHQL_VALIDATION_FAILED",
    "operation": "OPERATION_RESOLUTION_FAILURE",
}


@dataclass(frozen=True, slots=True)
class RequestScope:
    """What one execution knows of the request it serves; joiners of an execution share it.

    `fields` names, per concrete object type, every field that the operation selects anywhere and its caller may read,
    `fields_below` those of some levels below one field of the root, by its name in the answer.
    What is put into `extensions` while executing is put into the answer's `extensions`; into `records_read`, where the
    engine audits, go the keys of the customers' records that are read, by system. `asker` is who asks, where that
    matters: a mutation, or a query of the caller's own operations, is never shared with others.
    """

    deadline: Deadline
    request_id: str
    fields: Mapping[str, frozenset[str]]
    fields_below: Callable[[str, int], Mapping[str, frozenset[str]]]
    rights: Rights
    extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    records_read: dict[str, dict[str, None]] | None = None
    asker: Asker = field(default_factory=Asker)


@dataclass(frozen=True, slots=True)
class RefusedOperation:
    """A document that is not executed, and why: errors formatted, without request id.

    `operation_type` is known where the document could be read and has the operation.
    """

    stage: RefusedStage
    errors: list[FormattedError]
    operation_type: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """An operation of a valid document, compiled."""

    compiled: CompiledOperation
    operation_name: str | None
    operation_type: str
    """query, mutation or subscription."""
    root_fields: tuple[str, ...]
    is_personal: bool
    """Whether the answer depends on who asks, and not on the caller's rights alone."""


class Execution:
    """One execution of an operation, which several requests may wait for."""

    def __init__(
        self,
        scope: RequestScope,
        context_factory: Callable[[RequestScope], object],
        run: Callable[[object, Budget], Awaitable[Outcome]],
        limits: AnswerLimits,
        so_far: Callable[[Any], object] | None,
        read: Callable[[RequestScope], CustomersRead | None] | None,
    ) -> None:
        self._scope = scope
        self._read = read
        self._context_factory = context_factory
        self._run = run
        self._so_far = so_far
        self._limits = limits
        self._budget = Budget(limits, lambda: not scope.deadline.remaining())
        self._context: object = None

    async def run(self) -> Reply:
        """Return the answer. Never raises but on cancellation: our own mistakes are a reply of stage "failed"."""
        try:
            self._context = self._context_factory(self._scope)
        except Exception:  # noqa: BLE001  the next to last net: logged here, masked for the client
            return failed()
        return await self._reply(self._context, self._budget)

    async def so_far(self) -> Reply:
        """Return the answer to a query over what has been read by now, for one whose time is up before the others'.

        What is missing is null with the error of a read that is late, as if the execution had ended now.
        """
        if self._so_far is None or self._context is None:
            return LATE
        if self._budget.error is not None:
            return reply_to(ExecutionResult(None, [self._budget.error]), self._scope.extensions)
        # Its time is over: more than a few steps are not done for it.
        return await self._reply(self._so_far(self._context), Budget(self._limits, lambda: True))

    async def _reply(self, context: object, budget: Budget) -> Reply:
        try:
            outcome = await self._run(context, budget)
            # A context of what has been read so far has extensions of its own: the whole answer may not lack the same.
            reply = reply_to(outcome, getattr(context, "extensions", self._scope.extensions))
            if self._scope.asker.replayed:
                reply = replace(reply, replayed=True)
            return reply if self._read is None else replace(reply, read=self._read(self._scope))
        except Exception:  # noqa: BLE001  the last net: logged here, masked for the client
            return failed()


class Engine:
    """A schema with its executor.

    `context_factory` makes the context that resolvers of one execution see; `so_far` makes of such a context one
    that knows what it has read by now and asks for nothing more. One that `audits` says in its replies which customers
    were read.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        executor: ExecutorName,
        context_factory: Callable[[RequestScope], object],
        limits: DocumentLimits,
        so_far: Callable[[Any], object] | None = None,
        *,
        audits: bool = False,
    ) -> None:
        self.schema = schema
        self._audits = audits
        self._executor: ExecutorName = executor
        self._context_factory = context_factory
        self._limits = limits
        self._so_far = so_far
        self._answers = AnswerLimits(limits.answer_values, limits.answer_bytes)
        self._plans = PlanCache(limits.kept_fields)
        self._prepared: WeightedCache[tuple[OperationKey, bool], Prepared] = WeightedCache(limits.kept_tokens)
        # Apart from the others, so that bad documents push out no good ones.
        self._refused: WeightedCache[tuple[OperationKey, bool], RefusedOperation] = WeightedCache(limits.kept_refusals)

    def prepare(
        self, document: str, operation_name: str | None, *, suggestions: bool = True
    ) -> Prepared | RefusedOperation:
        """Return the named operation of the document (its only one, without a name), or why it is refused.

        With `suggestions` errors name what a misspelt name may have meant.
        """
        key = (operation_key(document, operation_name or None), suggestions)
        known = self._prepared.get(key) or self._refused.get(key)
        if known is not None:
            return known
        made = self._prepare(document, operation_name or None, suggestions=suggestions)
        if isinstance(made, RefusedOperation):
            self._refused.keep(key, made, 1)
        else:
            self._prepared.keep(key, made, weight_of(made.compiled.document, document))
        return made

    def begin(
        self,
        prepared: Prepared,
        variables: dict[str, Any] | None,
        *,
        rights: Rights,
        deadline: Deadline,
        request_id: str,
        asker: Asker | None = None,
    ) -> Execution:
        """Return an execution of the operation with the rights of those who ask, not running yet."""
        # Refused by its length: coercing it would cost what the limit is there to save.
        given = variables or {}
        long = None if SCALARS.issuperset(map(type, given.values())) else long_list(given, self._limits)
        denied = denied_to(rights)
        bound = prepared.compiled.bind(None if long else variables, denied=denied)
        read: dict[str, dict[str, None]] | None = {} if self._audits else None
        scope = RequestScope(
            deadline, request_id, bound.fields_by_type, bound.fields_below, rights, {}, read, asker or Asker()
        )

        async def run(context: object, budget: Budget) -> Outcome:
            if long is not None:
                return ExecutionResult(None, [long], executed=False)
            if (refused := bound.refusal(context)) is not None:
                return refused
            if self._executor == "breadth":
                return await bound.execute(context, budget=budget)
            return await self._run_reference(prepared, variables, denied, context, budget)

        customers = self._customers_read if self._audits else None
        return Execution(scope, self._context_factory, run, self._answers, self._so_far, customers)

    def _customers_read(self, scope: RequestScope) -> CustomersRead | None:
        return customers_read(self.schema, scope.fields, scope.records_read or {})

    def _prepare(self, source: str, operation_name: str | None, *, suggestions: bool) -> Prepared | RefusedOperation:
        try:
            return self._compiled(parse_within(source, self._limits), operation_name, suggestions=suggestions)
        except DocumentRefused as refused:
            return _beyond(refused)
        except RecursionError:
            return _beyond(too_deep())

    def _compiled(
        self, document: DocumentNode, operation_name: str | None, *, suggestions: bool
    ) -> Prepared | RefusedOperation:
        try:
            refuse_invalid(self.schema, document, self._limits, suggestions=suggestions)
            compiled = compile_operation(
                self.schema, document, operation_name, (), plans=self._plans, hide_suggestions=not suggestions
            )
        except (DocumentInvalid, OperationRejected) as refused:
            stage: RefusedStage = refused.stage if isinstance(refused, OperationRejected) else "validation"
            errors = [coded(error, CODES[stage]) for error in refused.errors]
            operation = get_operation_ast(document, operation_name)
            return RefusedOperation(stage, errors, operation.operation.value if operation else None)
        kind, fields = compiled.operation_type, tuple(root_fields(document, compiled.definition).values())
        is_personal = kind == "mutation" or not _PERSONAL.isdisjoint(fields)
        return Prepared(compiled, operation_name, kind, fields, is_personal)

    async def _run_reference(
        self,
        prepared: Prepared,
        variables: dict[str, Any] | None,
        denied: DeniedFields | None,
        context: object,
        budget: Budget,
    ) -> Outcome:
        outcome = execute(
            self.schema,
            prepared.compiled.document,
            context_value=context,
            variable_values=variables,
            operation_name=prepared.operation_name,
            hide_suggestions=prepared.compiled.hide_suggestions,
            executor_class=counting(budget, denied),
        )
        outcome = await outcome if isawaitable(outcome) else outcome
        return outcome if budget.error is None else ExecutionResult(None, [budget.error])


def _beyond(refused: DocumentRefused) -> RefusedOperation:
    stage = "parse" if refused.code == CODES["parse"] else "limits"
    return RefusedOperation(stage, [coded(refused.error, refused.code)])
