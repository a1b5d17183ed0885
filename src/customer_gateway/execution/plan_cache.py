"""The plans of an operation, one for each setting of its conditions."""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError, Undefined
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.execution.values import VariableValues
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from .collection import Collector, condition_variables, fields_by_type
from .plan import Planner

if TYPE_CHECKING:
    from graphql import GraphQLObjectType

    from .plan import SelectionPlan
    from .run import Operation

MOST_PLANS: Final = 32
"""How many settings of its conditions an operation keeps plans for."""


class PlanCache:
    """A plan for each setting of the conditions (`@skip`, `@include`, `@defer`) that was met."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._conditions = condition_variables([operation.definition, *operation.fragment_definitions.values()])
        # The arguments of fragments are bound while fields are collected, so such a plan serves one execution only.
        self._reusable = not any(fragment.variable_signatures for fragment in operation.fragments.values())
        self._plans: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()
        self._propagates = not any(
            directive.name.value == GraphQLDisableErrorPropagationDirective.name
            for directive in operation.definition.directives or ()
        )

    def __len__(self) -> int:
        return len(self._plans)

    def prepared(self, values: VariableValues, *, incremental: bool = False) -> Prepared | list[GraphQLError]:
        """The plan for these values of the conditions, or the error that says why there is none."""
        setting = (incremental, *(values.coerced.get(name, Undefined) for name in self._conditions))
        try:
            known = self._plans.get(setting)
            if known is None or not self._reusable:
                known = self._plans[setting] = self._prepare(values, incremental=incremental)
        except GraphQLError as error:
            return [error]
        except RecursionError:
            return [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self._operation.definition)]
        self._plans.move_to_end(setting)
        if len(self._plans) > (MOST_PLANS if self._reusable else 0):
            self._plans.popitem(last=False)
        return known

    def _prepare(self, values: VariableValues, *, incremental: bool) -> Prepared:
        operation = self._operation
        root_type = operation.schema.get_root_type(operation.definition.operation)
        if root_type is None:
            kind = operation.definition.operation.value
            raise GraphQLError(f"Schema is not configured to execute {kind} operation.", operation.definition)
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
