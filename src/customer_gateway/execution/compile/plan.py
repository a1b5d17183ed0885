"""The plan of an operation: for each object type, its merged fields, each bound to the way it is resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Protocol, TypeVar

from graphql import GraphQLError, located_error
from graphql.execution.incremental.build_execution_plan import build_execution_plan

from .rows import FEWEST_ROWS, OFTEN, compilable, reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import FieldNode, GraphQLField, GraphQLObjectType
    from graphql.execution.collect_fields import CollectedFields, DeferUsage, FieldDetailsList, GroupedFieldSet
    from graphql.execution.incremental.build_execution_plan import DeferUsageSet
    from graphql.pyutils import Path

    from .collection import Collector
    from .rows import Cell, Reader

LEVELS_OF_A_STACK: Final = 32
"""After so many levels the next begins on a stack of its own: a level takes about ten frames of Python's thousand."""

AROUND: Final = 12
"""Characters of a field besides its name and text: quotes, colon, comma, and a number or the like."""

MULTIPLIED: Final = 10
"""The least work that an object is taken for where resolvers give objects again."""


@dataclass(frozen=True, slots=True)
class FieldSite:
    """One field of the operation on one concrete type."""

    response_name: str
    name: str
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: FieldDetailsList
    nodes: list[FieldNode]
    depth: int
    """How many fields stand above this one."""

    def __str__(self) -> str:
        return f"{self.parent_type}.{self.name}"


def located(error: Exception, site: FieldSite, path: Path | None) -> GraphQLError:
    """Return the error with its place in document and response.

    An error whose own text, nodes or the like cannot be read is reported by its class alone: it may not cost more than
    its field, whatever it is.
    """
    place = None if path is None else path.as_list()
    try:
        return located_error(error, site.nodes, place)
    except Exception:
        unreadable = RuntimeError(f"{type(error).__name__} cannot be read.")
        unreadable.__cause__ = error
        return GraphQLError(str(unreadable), site.nodes, path=place, original_error=unreadable)


class PlannedField(Protocol):
    """What a plan needs of a field. How it is executed is defined where plans are executed."""

    @property
    def site(self) -> FieldSite: ...

    @property
    def fragile(self) -> bool:
        """Return whether an error of this field makes its object null."""
        ...

    @property
    def cell(self) -> Cell:
        """Return how a generated reader gets this field; without attribute or constant, the field must be executed."""
        ...

    @property
    def work(self) -> int:
        """Return what the field of one object costs, in values."""
        ...

    @property
    def multiplies(self) -> bool:
        """Return whether a resolver gives objects here, which cannot be counted before they are there."""
        ...


P = TypeVar("P", bound=PlannedField)


class FieldFactory(Protocol[P]):
    """Makes the planned field of a site, once for a plan."""

    def __call__(self, planner: Planner[P], site: FieldSite, denial: Exception | None) -> P:
        """Return the field; with a `denial` that error takes its place, and it is never resolved."""
        ...


class Deferral(NamedTuple, Generic[P]):
    """What a selection puts off: the fragments it begins to defer, and the fields that come with deferred fragments."""

    begun: list[DeferUsage]
    groups: list[tuple[DeferUsageSet, SelectionPlan[P]]]


class SelectionPlan(Generic[P]):
    """The fields of one selection on one object type, in the order of the response."""

    __slots__ = (
        "_attributes",
        "_cells",
        "_read",
        "_read_counting",
        "_uses",
        "characters",
        "deep",
        "deferral",
        "executed",
        "fields",
        "fragile",
        "multiplies",
        "names",
        "object_type",
        "repeats",
        "work",
        "work_in_steps",
    )

    def __init__(self, object_type: GraphQLObjectType, fields: list[P], depth: int) -> None:
        self.object_type = object_type
        self.fields = fields
        self.deep = depth % LEVELS_OF_A_STACK == LEVELS_OF_A_STACK - 1
        """Whether this level begins on a new stack."""
        self.deferral: Deferral[P] | None = None
        self.names = tuple(field.site.response_name for field in fields)
        self.fragile = any(field.fragile for field in fields)
        """Whether an error of some field makes its object null."""
        self.multiplies = any(field.multiplies for field in fields)
        """Whether resolvers give objects here."""
        self.work = sum(field.work for field in fields)
        """What an object costs here, in values."""
        self.work_in_steps = max(self.work, MULTIPLIED if self.multiplies else 1)
        self.characters = sum(len(name) + AROUND for name in self.names)
        """What an object takes in the answer besides its texts."""
        self._cells = tuple(field.cell for field in fields)
        attributes = [cell.attribute for cell in self._cells if cell.attribute is not None]
        self.repeats = len(set(attributes)) < len(attributes)
        """Whether an attribute is selected several times, under aliases."""
        self._attributes = [
            (1 << number, field) for number, field in enumerate(fields) if field.cell.attribute is not None
        ]
        self.executed = [field for field in fields if field.cell.attribute is None and field.cell.constant is None]
        """The fields that a generated reader does not read by itself."""
        self._uses = 0 if self._attributes and compilable(self.names) else -1
        self._read: Reader | None = None
        self._read_counting: Reader | None = None

    def reader(self, count: int, *, counting: bool) -> Reader | None:
        """Return the generated reader, if this selection is worth one; `counting` the characters of its texts."""
        if self._read is None and self._uses >= 0:
            self._uses += 1
            if count >= FEWEST_ROWS or self._uses > OFTEN:
                self._read = reader(self._cells)
        if counting and self._read is not None:
            self._read_counting = self._read_counting or reader(self._cells, counting=True)
            return self._read_counting
        return self._read

    def odd(self, bits: int) -> list[tuple[str, P]]:
        """Return the fields whose values a generated reader found odd, by response name."""
        return [(field.site.response_name, field) for bit, field in self._attributes if bits & bit]


class PlanSize:
    """The number of planned fields, and the callback for those that come."""

    __slots__ = ("fields", "grown")

    def __init__(self) -> None:
        self.fields = 0
        self.grown: Callable[[int], None] | None = None

    def add(self, fields: int) -> None:
        self.fields += fields
        if self.grown is not None:
            self.grown(fields)


class Planner(Generic[P]):
    """Makes the plans of one operation under one setting of its conditions, each when it is first reached."""

    def __init__(
        self,
        collector: Collector,
        size: PlanSize,
        make: FieldFactory[P],
        *,
        error_propagation: bool,
        incremental: bool = False,
        within: DeferUsageSet | None = None,
    ) -> None:
        self.schema = collector.schema
        self.hide_suggestions = collector.hide_suggestions
        self.error_propagation = error_propagation
        self._collector = collector
        self._size = size
        self._make = make
        self._incremental = incremental
        self._within = within
        """The deferred fragments whose fields this planner plans, None for the initial result."""

    def root(self, root_type: GraphQLObjectType) -> SelectionPlan[P]:
        return self._plan(root_type, self._collector.root(root_type), 0)

    def selection(self, site: FieldSite, object_type: GraphQLObjectType) -> SelectionPlan[P]:
        """Return what is selected below a field where its value is of `object_type`."""
        return self._plan(object_type, self._collector.under(site.details, object_type), site.depth + 1)

    def _plan(self, object_type: GraphQLObjectType, collected: CollectedFields, depth: int) -> SelectionPlan[P]:
        if not self._incremental:
            return self.fields(object_type, collected.grouped_field_set, depth)
        now, later = build_execution_plan(collected.grouped_field_set, self._within)
        plan = self.fields(object_type, now, depth)
        if collected.new_defer_usages or later:
            groups = [
                (usages, self._inside(usages).fields(object_type, grouped, depth)) for usages, grouped in later.items()
            ]
            plan.deferral = Deferral(collected.new_defer_usages, groups)
        return plan

    def _inside(self, usages: DeferUsageSet) -> Planner[P]:
        return Planner(
            self._collector,
            self._size,
            self._make,
            error_propagation=self.error_propagation,
            incremental=True,
            within=usages,
        )

    def fields(self, object_type: GraphQLObjectType, grouped: GroupedFieldSet, depth: int) -> SelectionPlan[P]:
        planned = [self._field(object_type, name, details, depth) for name, details in grouped.items()]
        self._size.add(len(planned))
        return SelectionPlan(object_type, [field for field in planned if field is not None], depth)

    def _field(
        self, object_type: GraphQLObjectType, response_name: str, details: FieldDetailsList, depth: int
    ) -> P | None:
        name = details[0].node.name.value
        definition = self.schema.get_field(object_type, name)
        if definition is None:  # only in a document that was not validated: graphql-core leaves it out too
            return None
        site = FieldSite(
            response_name, name, object_type, definition, details, [detail.node for detail in details], depth
        )
        return self._make(self, site, self._collector.denial(object_type, name))
