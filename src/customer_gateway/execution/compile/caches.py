"""Caches bounded by what is in them: of plans, one for each setting of an operation's conditions, and of anything."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from graphql import GraphQLError, Undefined
from graphql.execution.executor import SELECTIONS_NESTED_TOO_DEEPLY
from graphql.execution.values import VariableValues
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from .checks import Check
from .collection import Collector, condition_variables, selected, selected_below
from .plan import P, Planner, PlanSize
from .subscription import SubscribedField, subscribed_field

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from graphql import GraphQLObjectType

    from .collection import Denied, Operation, Selected
    from .plan import FieldFactory, SelectionPlan

MOST_FIELDS: Final = 50_000
"""How many planned fields are kept by default; a field takes about a kilobyte."""

PLAN: Final = 4
"""What a plan weighs besides its fields, in fields."""

Setting: TypeAlias = "tuple[Any, ...]"
"""How an operation is planned: incrementally or not, what is denied, and the values of its conditions' variables."""

OperationKey: TypeAlias = tuple[bytes, bytes | None]

Key = TypeVar("Key", bound="Hashable")
Thing = TypeVar("Thing")

LARGEST_SHARE: Final = 8
"""What weighs more than this part of the whole is not kept: it would push out too many others."""


class WeightedCache(Generic[Key, Thing]):
    """Things that together weigh at most `most`; the least lately used goes first. The unit is the user's.

    `dropped` is called with each that goes.
    """

    def __init__(self, most: int, dropped: Callable[[Thing], None] | None = None) -> None:
        self._most = most
        self._dropped = dropped
        self._things: OrderedDict[Key, Thing] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self.weight = 0
        """What all that is kept weighs."""

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: Key) -> Thing | None:
        """Return what is kept under this key, now the last used."""
        thing = self._things.get(key)
        if thing is not None:
            self._things.move_to_end(key)
        return thing

    def keep(self, key: Key, thing: Thing, weight: int) -> None:
        """Keep it as the last used, if it is not too heavy. Nothing may be kept under the key yet."""
        self._things[key] = thing
        self._weights[key] = 0
        self.grow(key, weight)

    def grow(self, key: Key, by: int) -> None:
        """Add to the weight of what is kept under this key; do nothing where it is kept no longer."""
        if key not in self._weights:
            return
        self._weights[key] += by
        self.weight += by
        if self._weights[key] * LARGEST_SHARE > self._most:
            self._drop(key)
        while self.weight > self._most:
            self._drop(next(iter(self._things)))

    def _drop(self, key: Key) -> None:
        thing = self._things.pop(key)
        self.weight -= self._weights.pop(key)
        if self._dropped is not None:
            self._dropped(thing)


def operation_key(document: str, operation_name: str | None = None) -> OperationKey:
    """Return a short key for an operation of a document, whose name is as long as the client likes."""
    return _hashed(document), None if operation_name is None else _hashed(operation_name)


def _hashed(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


class PlanCache:
    """The plans that all operations of a cache share, bounded by the number of planned fields.

    Plans grow while they are executed: what lies below a field is planned when it is first reached.
    """

    def __init__(self, most_fields: int = MOST_FIELDS) -> None:
        self._plans: WeightedCache[tuple[object, Setting], OperationPlan[Any]] = WeightedCache(
            most_fields, _weighed_no_more
        )

    def __len__(self) -> int:
        return len(self._plans)

    @property
    def weight(self) -> int:
        """The number of fields of all plans kept, with what the plans themselves count."""
        return self._plans.weight

    def get(self, owner: object, setting: Setting) -> OperationPlan[Any] | None:
        return self._plans.get((owner, setting))

    def keep(self, owner: object, setting: Setting, plan: OperationPlan[Any]) -> None:
        """Keep a plan, and count what will yet be planned of it."""
        key = (owner, setting)
        plan.size.grown = partial(self._plans.grow, key)
        self._plans.keep(key, plan, PLAN + plan.size.fields)


def _weighed_no_more(plan: OperationPlan[Any]) -> None:
    """Stop counting the growth of what was dropped and is executed still: it is not its successor's weight."""
    plan.size.grown = None


class OperationPlans(Generic[P]):
    """The plans of one operation: one for each setting of its conditions (`@skip`, `@include`, `@defer`)."""

    def __init__(self, operation: Operation, cache: PlanCache, make: FieldFactory[P]) -> None:
        self._operation = operation
        self._cache = cache
        self._make = make
        # Stands for the operation in the cache. When the operation is dropped its plans go as they grow old.
        self._owner = object()
        self._conditions = condition_variables([operation.definition, *operation.fragment_definitions.values()])
        # The arguments of fragments are bound while fields are collected, so such a plan serves one execution only.
        self._reusable = not any(fragment.variable_signatures for fragment in operation.fragments.values())
        self._propagates = not any(
            directive.name.value == GraphQLDisableErrorPropagationDirective.name
            for directive in operation.definition.directives or ()
        )

    def plan_for(
        self, values: VariableValues, *, incremental: bool = False, denied: Denied | None = None
    ) -> OperationPlan[P] | list[GraphQLError]:
        """Return the plan for these values of the conditions, or the error that says why there is none."""
        coerced = values.coerced
        setting = (incremental, denied, *[_distinguished(coerced.get(name, Undefined)) for name in self._conditions])
        try:
            known = self._cache.get(self._owner, setting)
            if known is None:
                known = self._planned(values, denied, incremental=incremental)
                if self._reusable:
                    self._cache.keep(self._owner, setting, known)
        except GraphQLError as error:
            return [error]
        except RecursionError:
            return [GraphQLError(SELECTIONS_NESTED_TOO_DEEPLY, self._operation.definition)]
        return known

    def _planned(self, values: VariableValues, denied: Denied | None, *, incremental: bool) -> OperationPlan[P]:
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
        collector = Collector(operation, kept, denied)
        return OperationPlan(
            collector, root_type, self._make, error_propagation=self._propagates, incremental=incremental
        )


def _distinguished(value: Any) -> Any:
    """Return the value of a condition, as part of a key: a Boolean, or anything where nothing was validated."""
    return value if type(value) is bool else repr(value)


class OperationPlan(Generic[P]):
    """The plan of an operation under one setting of its conditions."""

    def __init__(
        self,
        collector: Collector,
        root_type: GraphQLObjectType,
        make: FieldFactory[P],
        *,
        error_propagation: bool,
        incremental: bool,
    ) -> None:
        self._collector = collector
        self._root_type = root_type
        self._selected_below: dict[tuple[str, int], Mapping[str, frozenset[str]]] = {}
        self.size = PlanSize()
        planner = Planner(collector, self.size, make, error_propagation=error_propagation, incremental=incremental)
        self.root: SelectionPlan[P] = planner.root(root_type)

    @cached_property
    def subscribed(self) -> SubscribedField:
        """The field that gives the events, if it is a subscription. Raises GraphQLError where there is none."""
        return subscribed_field(self._collector, self._root_type)

    @cached_property
    def selected(self) -> Selected:
        """All that is read."""
        return selected(self._collector, self._root_type)

    def selected_below(self, response_name: str, levels: int) -> Mapping[str, frozenset[str]]:
        """Return what is read on so many levels below one field of the root."""
        known = self._selected_below.get((response_name, levels))
        if known is None:
            known = selected_below(self._collector, self._root_type, response_name, levels)
            self._selected_below[response_name, levels] = known
        return known

    @cached_property
    def checks(self) -> list[Check]:
        """Of the arguments that are looked at before anything is executed."""
        hide = self._collector.hide_suggestions
        return [Check(field, details, hide_suggestions=hide) for field, details in self.selected.checked]
