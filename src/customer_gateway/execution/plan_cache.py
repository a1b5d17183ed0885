"""The plans of operations, one for each setting of an operation's conditions."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from graphql import GraphQLError, Undefined
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.execution.values import VariableValues
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from .cache import WeightedCache
from .checks import Check
from .collection import Collector, condition_variables, selected
from .plan import Planner, PlanSize
from .source import source_of

if TYPE_CHECKING:
    from graphql import GraphQLObjectType

    from .collection import Selected
    from .plan import SelectionPlan
    from .run import Operation
    from .source import Source

MOST_FIELDS: Final = 50_000
"""How many planned fields are kept unless the cache is told otherwise; a field takes about a kilobyte."""

PLAN: Final = 4
"""What a plan weighs besides its fields, in fields."""

Setting: TypeAlias = "tuple[Any, ...]"
"""How an operation is executed: whether incrementally, and the values of the variables in its conditions."""


class PlanCache:
    """The plans that all operations of a cache share, bounded by the number of planned fields.

    Plans grow while they are executed: what lies below a field is planned when it is first reached.
    """

    def __init__(self, most_fields: int = MOST_FIELDS) -> None:
        self._plans: WeightedCache[tuple[object, Setting], OperationPlan] = WeightedCache(most_fields, _weighed_no_more)

    def __len__(self) -> int:
        return len(self._plans)

    @property
    def weight(self) -> int:
        """The number of fields of all plans kept, with what the plans themselves count."""
        return self._plans.weight

    def get(self, owner: object, setting: Setting) -> OperationPlan | None:
        return self._plans.get((owner, setting))

    def keep(self, owner: object, setting: Setting, plan: OperationPlan) -> None:
        """Keep a plan, and count what will yet be planned of it."""
        key = (owner, setting)
        plan.size.tell = partial(self._plans.grow, key)
        self._plans.keep(key, plan, PLAN + plan.size.fields)


def _weighed_no_more(plan: OperationPlan) -> None:
    """Stop counting the growth of what was dropped and is executed still: it is not its successor's weight."""
    plan.size.tell = None


class OperationPlans:
    """The plans of one operation: one for each setting of its conditions (`@skip`, `@include`, `@defer`)."""

    def __init__(self, operation: Operation, cache: PlanCache) -> None:
        self._operation = operation
        self._cache = cache
        # Stands for the operation in the cache. When the operation is dropped its plans go as they grow old.
        self._owner = object()
        self._conditions = condition_variables([operation.definition, *operation.fragment_definitions.values()])
        # The arguments of fragments are bound while fields are collected, so such a plan serves one execution only.
        self._reusable = not any(fragment.variable_signatures for fragment in operation.fragments.values())
        self._propagates = not any(
            directive.name.value == GraphQLDisableErrorPropagationDirective.name
            for directive in operation.definition.directives or ()
        )

    def plan_for(self, values: VariableValues, *, incremental: bool = False) -> OperationPlan | list[GraphQLError]:
        """Return the plan for these values of the conditions, or the error that says why there is none."""
        coerced = values.coerced
        setting = (incremental, *[_distinguished(coerced.get(name, Undefined)) for name in self._conditions])
        try:
            known = self._cache.get(self._owner, setting)
            if known is None:
                known = self._planned(values, incremental=incremental)
                if self._reusable:
                    self._cache.keep(self._owner, setting, known)
        except GraphQLError as error:
            return [error]
        except RecursionError:
            return [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self._operation.definition)]
        return known

    def _planned(self, values: VariableValues, *, incremental: bool) -> OperationPlan:
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
        return OperationPlan(collector, root_type, error_propagation=self._propagates, incremental=incremental)


def _distinguished(value: Any) -> Any:
    """Return the value of a condition, as part of a key: a Boolean, or anything where nothing was validated."""
    return value if type(value) is bool else repr(value)


class OperationPlan:
    """The plan of an operation under one setting of its conditions."""

    def __init__(
        self, collector: Collector, root_type: GraphQLObjectType, *, error_propagation: bool, incremental: bool
    ) -> None:
        self._collector = collector
        self._root_type = root_type
        self.size = PlanSize()
        planner = Planner(collector, self.size, error_propagation=error_propagation, incremental=incremental)
        self.root: SelectionPlan = planner.root(root_type)

    @cached_property
    def source(self) -> Source:
        """Where the events come from, if it is a subscription. Raises GraphQLError where that cannot be told."""
        return source_of(self._collector, self._root_type)

    @cached_property
    def selected(self) -> Selected:
        """All that is read."""
        return selected(self._collector, self._root_type)

    @cached_property
    def checks(self) -> list[Check]:
        """Of the arguments that are looked at before anything is executed."""
        hide = self._collector.hide_suggestions
        return [Check(field, details, hide_suggestions=hide) for field, details in self.selected.checked]
