"""Operations: compiled once, executed many times."""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, Literal

from graphql import (
    DocumentNode,
    Executor,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    assert_valid_schema,
    create_source_event_stream,
    parse,
    validate,
)
from graphql import ExecutionResult as CoreResult
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues
from graphql.pyutils import Undefined
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from .collection import Collector, condition_variables, fields_by_type
from .defer import published
from .events import Events
from .kinds import is_awaitable
from .plan import Planner
from .result import ExecutionResult, IncrementalResults, formatted
from .run import Operation, Run
from .variables import Variables

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from graphql import ASTValidationRule, GraphQLObjectType, GraphQLSchema

    from .plan import SelectionPlan
    from .result import Formatter

MOST_PLANS: Final = 32
"""How many settings of its conditions an operation keeps plans for."""

Stage = Literal["parse", "validation", "operation"]


class OperationRejected(Exception):
    """The document cannot be executed: `stage` tells where it failed, `errors` why."""

    def __init__(self, stage: Stage, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.stage: Stage = stage
        self.errors = errors


def compile_operation(  # noqa: PLR0913  the first four are the whole of it, the others are limits
    schema: GraphQLSchema,
    document: str | DocumentNode,
    operation_name: str | None = None,
    validate_rules: Collection[type[ASTValidationRule]] | None = None,
    *,
    max_tokens: int | None = None,
    hide_suggestions: bool = False,
) -> CompiledOperation:
    """Parse, validate and choose the operation. Raises OperationRejected.

    `validate_rules` are the rules to check, by default all of the specification. `max_tokens` bounds the document,
    `hide_suggestions` keeps names of the schema out of error messages.
    """
    assert_valid_schema(schema)
    parsed = _parsed(document, max_tokens) if isinstance(document, str) else document
    errors = validate(schema, parsed, validate_rules, hide_suggestions=hide_suggestions)
    if errors:
        raise OperationRejected("validation", errors)
    operation = Operation(
        schema, _chosen(parsed, operation_name), _fragments(schema, parsed), hide_suggestions=hide_suggestions
    )
    return CompiledOperation(operation, parsed)


def _parsed(text: str, max_tokens: int | None) -> DocumentNode:
    try:
        return parse(text, max_tokens=max_tokens)
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
    """One operation of one document, ready to be executed with any variables.

    It keeps a plan for each setting of the conditions (`@skip`, `@include`, `@defer`) that it has met.
    """

    def __init__(self, operation: Operation, document: DocumentNode) -> None:
        self.document = document
        self.definition = operation.definition
        self.operation_name = operation.definition.name.value if operation.definition.name else None
        self.operation_type = operation.definition.operation.value
        self._operation = operation
        self._variables = Variables(operation.schema, operation.definition, hide_suggestions=operation.hide_suggestions)
        nodes = [operation.definition, *operation.fragment_definitions.values()]
        self._conditions = condition_variables(nodes)
        # The arguments of fragments are bound while fields are collected, so such a plan serves one execution only.
        self._reusable = not any(fragment.variable_signatures for fragment in operation.fragments.values())
        self._plans: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()
        self._propagates = not any(
            directive.name.value == GraphQLDisableErrorPropagationDirective.name
            for directive in operation.definition.directives or ()
        )

    async def execute(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> ExecutionResult:
        """Execute with these variables. Errors are in the result; only cancellation is raised.

        `@defer` is not honoured here: what is deferred comes with the rest (see `execute_incrementally`).
        """
        values = self._variables.coerce(variables)
        if isinstance(values, list):
            return ExecutionResult(None, values, executed=False)
        return await self._executed(values, context, root, serially=self.operation_type == "mutation")

    async def execute_to_bytes(
        self,
        variables: Mapping[str, Any] | None = None,
        context: Any = None,
        root: Any = None,
        formatter: Formatter = formatted,
        extensions: Mapping[str, Any] | None = None,
    ) -> bytes:
        """The response as UTF-8 JSON."""
        return (await self.execute(variables, context, root)).to_bytes(formatter, extensions)

    async def execute_incrementally(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> ExecutionResult | IncrementalResults:
        """As `execute`, with `@defer` honoured: where something is deferred, an initial result and those that follow.

        The fields of deferred fragments begin when the results that follow are asked for. Close their iterator to
        abandon them.
        """
        values = self._variables.coerce(variables)
        if isinstance(values, list):
            return ExecutionResult(None, values, executed=False)
        prepared = self._prepared(values, incremental=True)
        if isinstance(prepared, GraphQLError):
            return ExecutionResult(None, [prepared], executed=False)
        run = Run(self._operation, values, context, root, incremental=True)
        data = await run.data(prepared.plan, serially=self.operation_type == "mutation")
        incremental = published(run, data)
        if incremental is not None:
            return IncrementalResults(incremental.initial_result, incremental.subsequent_results)
        return ExecutionResult(data, [error for _, error in run.landed.keyed()] or None)

    async def subscribe(
        self, variables: Mapping[str, Any] | None = None, context: Any = None, root: Any = None
    ) -> Events | ExecutionResult:
        """The results of a subscription, one for each event, or the result that says why there are none.

        Each event is one execution with the event as its root.
        """
        operation = self._operation
        executor = Executor.build(
            operation.schema,
            self.document,
            root,
            context,
            dict(variables or {}),
            self.operation_name,
            hide_suggestions=operation.hide_suggestions,
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor, executed=False)
        source: Any = create_source_event_stream(executor)
        source = await source if is_awaitable(source) else source
        if isinstance(source, CoreResult):
            return ExecutionResult(None, source.errors, executed=False)
        values = executor.variable_values
        return Events(source, lambda event: self._executed(values, context, event, serially=False))

    def fields_by_type(self, variables: Mapping[str, Any] | None = None) -> dict[str, frozenset[str]]:
        """The name of every field that the operation reads, for each concrete type it can be read on.

        Empty where the variables do not fit: such a request reads nothing.
        """
        values = self._variables.coerce(variables)
        if isinstance(values, list):
            return {}
        prepared = self._prepared(values)
        return {} if isinstance(prepared, GraphQLError) else prepared.fields_by_type

    async def _executed(self, values: VariableValues, context: Any, root: Any, *, serially: bool) -> ExecutionResult:
        prepared = self._prepared(values)
        if isinstance(prepared, GraphQLError):
            return ExecutionResult(None, [prepared], executed=False)
        run = Run(self._operation, values, context, root)
        data = await run.data(prepared.plan, serially=serially)
        errors = [error for _, error in run.landed.keyed()]
        return ExecutionResult(data, errors or None)

    def _prepared(self, values: VariableValues, *, incremental: bool = False) -> Prepared | GraphQLError:
        """The plan for these values of the conditions, or the error that says why there is none."""
        setting = (incremental, *(values.coerced.get(name, Undefined) for name in self._conditions))
        try:
            known = self._plans.get(setting)
            if known is None or not self._reusable:
                known = self._plans[setting] = self._prepare(values, incremental=incremental)
        except GraphQLError as error:
            return error
        except RecursionError:
            return GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self.definition)
        self._plans.move_to_end(setting)
        if len(self._plans) > (MOST_PLANS if self._reusable else 0):
            self._plans.popitem(last=False)
        return known

    def _prepare(self, values: VariableValues, *, incremental: bool) -> Prepared:
        operation = self._operation
        root_type = operation.schema.get_root_type(operation.definition.operation)
        if root_type is None:
            raise GraphQLError(
                f"Schema is not configured to execute {self.operation_type} operation.", operation.definition
            )
        # The plan outlives the request: it keeps the values of the conditions, and no other variable.
        kept = (
            values
            if not self._reusable
            else VariableValues(
                {name: values.sources[name] for name in self._conditions if name in values.sources},
                {name: values.coerced[name] for name in self._conditions if name in values.coerced},
            )
        )
        collector = Collector(
            operation.schema,
            operation.definition,
            operation.fragments,
            kept,
            hide_suggestions=operation.hide_suggestions,
        )
        return Prepared(collector, root_type, error_propagation=self._propagates, incremental=incremental)


class Prepared:
    """The plan of an operation under one setting of its conditions."""

    def __init__(
        self, collector: Collector, root_type: GraphQLObjectType, *, error_propagation: bool, incremental: bool
    ) -> None:
        self._collector = collector
        self._root_type = root_type
        self.planner = Planner(collector, error_propagation=error_propagation, incremental=incremental)
        self.plan: SelectionPlan = self.planner.root(root_type)
        self._fields_by_type: dict[str, frozenset[str]] | None = None

    @property
    def fields_by_type(self) -> dict[str, frozenset[str]]:
        if self._fields_by_type is None:
            self._fields_by_type = fields_by_type(self._collector, self._root_type)
        return self._fields_by_type
