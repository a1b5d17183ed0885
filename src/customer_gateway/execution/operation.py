"""Operations: compiled once, executed many times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    assert_valid_schema,
    parse,
    validate,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature

from .compile.caches import OperationPlans, PlanCache
from .compile.checks import refusals
from .compile.collection import Operation
from .compile.variables import NO_VALUES, Variables
from .incremental.defer import Deferred, published
from .incremental.events import Events, open_source
from .run.budget import Budget
from .run.field_errors import drop_tracebacks
from .run.resolution import resolved_field
from .run.result import ExecutionResult, IncrementalResults, formatted
from .run.run import Run

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from graphql import ASTValidationRule, GraphQLSchema
    from graphql.execution.values import VariableValues

    from .compile.caches import OperationPlan
    from .compile.collection import Denied
    from .run.fields import ResolvedField
    from .run.observer import Observer
    from .run.result import Formatter

Stage = Literal["parse", "validation", "operation"]


class OperationRejected(Exception):
    """The document cannot be executed: `stage` says where it failed, `errors` why."""

    def __init__(self, stage: Stage, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.stage: Stage = stage
        self.errors = errors


def compile_operation(
    schema: GraphQLSchema,
    document: str | DocumentNode,
    operation_name: str | None = None,
    validate_rules: Collection[type[ASTValidationRule]] | None = None,
    *,
    plans: PlanCache | None = None,
    hide_suggestions: bool = False,
) -> CompiledOperation:
    """Parse, validate and choose the operation. Raises OperationRejected.

    `validate_rules` are the rules to check, by default all of the specification. `plans` keeps the operation's plans,
    together with those of others; without it the operation has a cache of its own. `hide_suggestions` keeps names of
    the schema out of error messages.
    """
    assert_valid_schema(schema)
    parsed = _parsed(document) if isinstance(document, str) else document
    errors = validate(schema, parsed, validate_rules, hide_suggestions=hide_suggestions)
    if errors:
        raise OperationRejected("validation", errors)
    operation = Operation(
        schema, _chosen(parsed, operation_name), _fragments(schema, parsed), hide_suggestions=hide_suggestions
    )
    return CompiledOperation(operation, parsed, PlanCache() if plans is None else plans)


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text)
    except GraphQLError as error:
        raise OperationRejected("parse", [error]) from error


def _chosen(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        message = "Must provide operation name if query contains multiple operations."
    elif name is None:
        message = "Must provide an operation."
    else:
        operations = [node for node in operations if node.name and node.name.value == name]
        message = f"Unknown operation named '{name}'."
    if len(operations) != 1:
        raise OperationRejected("operation", [GraphQLError(message)])
    return operations[0]


def _fragments(schema: GraphQLSchema, document: DocumentNode) -> dict[str, FragmentDetails]:
    fragments: dict[str, FragmentDetails] = {}
    for node in document.definitions:
        if isinstance(node, FragmentDefinitionNode):
            signatures = [get_variable_signature(schema, each) for each in node.variable_definitions or ()]
            errors = [signature for signature in signatures if isinstance(signature, GraphQLError)]
            if errors:
                raise OperationRejected("operation", errors)
            named = {each.name: each for each in signatures if isinstance(each, GraphQLVariableSignature)}
            fragments[node.name.value] = FragmentDetails(node, named or None)
    return fragments


class CompiledOperation:
    """One operation of one document, ready to be executed with any variables."""

    def __init__(self, operation: Operation, document: DocumentNode, plans: PlanCache) -> None:
        self.document = document
        self.definition = operation.definition
        self.operation_name = operation.definition.name.value if operation.definition.name else None
        self.operation_type = operation.definition.operation.value
        self.hide_suggestions = operation.hide_suggestions
        self._operation = operation
        self._variables = Variables(operation.schema, operation.definition, hide_suggestions=operation.hide_suggestions)
        self._plans = OperationPlans(operation, plans, resolved_field)

    def bind(
        self,
        variables: Mapping[str, Any] | None = None,
        *,
        incremental: bool = False,
        denied: Denied | None = None,
    ) -> Bound:
        """Return the operation with its variables: coerced once, whatever is then asked of it.

        `incremental` is how `execute_incrementally` wants it. `denied(object_type, field_name)` is asked for each
        field when the plan is made. What it returns is the error of the field, which is null then and not resolved.
        """
        values = self._variables.coerce(variables)
        if isinstance(values, list):
            return Bound(self._operation, NO_VALUES, values)
        return Bound(self._operation, values, self._plans.plan_for(values, incremental=incremental, denied=denied))

    async def execute(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> ExecutionResult:
        """Execute with these variables. Errors are in the result.

        Raised are only cancellation and, as graphql-core does, what the `out_type` of a variable's input type raises.

        `@defer` is not honoured here: what is deferred comes with the rest (see `execute_incrementally`).
        """
        return await self.bind(variables).execute(context, root)

    async def execute_to_bytes(
        self,
        variables: Mapping[str, Any] | None = None,
        context: Any = None,
        root: Any = None,
        formatter: Formatter = formatted,
        extensions: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the response as UTF-8 JSON."""
        return (await self.bind(variables).execute(context, root)).to_bytes(formatter, extensions)

    async def execute_incrementally(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> ExecutionResult | IncrementalResults:
        """Execute with `@defer` honoured: where something is deferred, an initial result and those that follow.

        The fields of deferred fragments begin when the results that follow are asked for. Close their iterator to
        abandon them.
        """
        return await self.bind(variables, incremental=True).execute_incrementally(context, root)

    async def subscribe(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> Events | ExecutionResult:
        """Return the results of a subscription, one for each event, or the result that says why there are none.

        Each event is one execution with the event as its root.
        """
        return await self.bind(variables).subscribe(context, root)

    def fields_by_type(self, variables: Mapping[str, Any] | None = None) -> dict[str, frozenset[str]]:
        """Return the name of every field that the operation reads, for each concrete type it can be read on.

        Empty where the variables do not fit: such a request reads nothing.
        """
        return self.bind(variables).fields_by_type


class Bound:
    """An operation with coerced variables and the plan for them, or with the errors that refuse it."""

    __slots__ = ("_operation", "_plan", "_values")

    def __init__(
        self, operation: Operation, values: VariableValues, plan: OperationPlan[ResolvedField] | list[GraphQLError]
    ) -> None:
        self._operation = operation
        self._values = values
        self._plan = plan

    @property
    def fields_by_type(self) -> dict[str, frozenset[str]]:
        """The name of every field that is read, for each concrete type it can be read on: none if it is refused."""
        return {} if isinstance(self._plan, list) else self._plan.selected.fields_by_type

    def fields_below(self, response_name: str, levels: int) -> Mapping[str, frozenset[str]]:
        """Return the same of so many levels below one field of the root, which the answer has under that name."""
        return {} if isinstance(self._plan, list) else self._plan.selected_below(response_name, levels)

    def refusal(self, context: Any) -> ExecutionResult | None:
        """Return the result of an operation that its arguments keep from execution; None where nothing objects."""
        if isinstance(self._plan, list) or not self._plan.checks:
            return None
        errors = refusals(self._plan.checks, self._values, context)
        return _refused(errors) if errors else None

    async def execute(
        self,
        context: Any = None,
        root: Any = None,
        budget: Budget | None = None,
        observer: Observer | None = None,
    ) -> ExecutionResult:
        """Execute the operation; errors are in the result, only cancellation is raised. A budget is for one run.

        `observer` is called with each `ExecutedLevel` that is complete.
        """
        if isinstance(self._plan, list):
            return _refused(self._plan)
        run = Run(self._operation, self._values, context, root, budget or Budget(), observer)
        return _result(run, await run.data(self._plan.root))

    async def execute_incrementally(self, context: Any, root: Any) -> ExecutionResult | IncrementalResults:
        """Execute as `CompiledOperation.execute_incrementally` does; the operation was bound for that."""
        if isinstance(self._plan, list):
            return _refused(self._plan)
        run = Run(self._operation, self._values, context, root, Budget())
        run.deferred = Deferred(run)
        data = await run.data(self._plan.root)
        incremental = None if run.budget.error else published(run, data)
        if incremental is not None:
            return IncrementalResults(incremental.initial_result, incremental.subsequent_results)
        return _result(run, data)

    async def subscribe(self, context: Any, root: Any) -> Events | ExecutionResult:
        """Subscribe as `CompiledOperation.subscribe` does."""
        if isinstance(self._plan, list):
            return _refused(self._plan)
        if self._operation.definition.operation is not OperationType.SUBSCRIPTION:
            return _refused([GraphQLError("Expected subscription operation.")])
        run = Run(self._operation, self._values, context, root, Budget())
        try:
            source = await open_source(run, self._plan.subscribed)
        except GraphQLError as error:
            return _refused([error])
        return Events(source, lambda event: self.execute(context, event))


def _result(run: Run, data: dict[str, Any] | None) -> ExecutionResult:
    errors = run.field_errors.end()
    if run.budget.error is None:
        return ExecutionResult(data, errors or None)
    drop_tracebacks(errors)
    return ExecutionResult(None, [run.budget.error])


def _refused(errors: list[GraphQLError]) -> ExecutionResult:
    return ExecutionResult(None, errors, executed=False)
