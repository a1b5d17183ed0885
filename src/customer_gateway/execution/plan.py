"""The plan of an operation: for each object type, its merged fields, each bound to the way it is resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from graphql import default_field_resolver, get_named_type, is_composite_type
from graphql.execution.incremental.build_execution_plan import build_execution_plan
from graphql.type.introspection import TypeNameMetaFieldDef

from .budget import AROUND
from .completion import completion_of
from .declaration import Attribute, Batched, declared, getter
from .fields import AttributeField, BatchedField, NativeField, PropertyField, TypenameField
from .output_position import FieldSite
from .rows import FEWEST_ROWS, OFTEN, compilable, reader
from .variables import arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLObjectType
    from graphql.execution.collect_fields import CollectedFields, DeferUsage, FieldDetailsList, GroupedFieldSet
    from graphql.execution.incremental.build_execution_plan import DeferUsageSet

    from .collection import Collector
    from .fields import PlannedField
    from .rows import Reader


class Deferral(NamedTuple):
    """What a selection puts off: the fragments it begins to defer, and the fields that come with deferred fragments."""

    begun: list[DeferUsage]
    groups: list[tuple[DeferUsageSet, SelectionPlan]]


LEVELS_OF_A_STACK: Final = 32
"""After so many levels the next begins on a stack of its own: a level takes about ten frames of Python's thousand."""


CALL: Final = 4
"""The work of a resolver that is called for each object, in values."""

MULTIPLIED: Final = 10
"""The least work that an object is taken for where resolvers give objects again."""


class SelectionPlan:
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

    def __init__(self, object_type: GraphQLObjectType, fields: list[PlannedField], depth: int) -> None:
        self.object_type = object_type
        self.fields = fields
        self.deep = depth % LEVELS_OF_A_STACK == LEVELS_OF_A_STACK - 1
        """Whether this level begins on a new stack."""
        self.deferral: Deferral | None = None
        self.names = tuple(field.site.response_name for field in fields)
        self.fragile = any(field.fragile for field in fields)
        """Whether an error of some field makes its object null."""
        called = [field for field in fields if isinstance(field, (BatchedField, NativeField))]
        self.multiplies = any(is_composite_type(get_named_type(field.site.definition.type)) for field in called)
        """Whether resolvers give objects here, which are nobody's to count before they are there."""
        natives = sum(isinstance(field, (NativeField, PropertyField)) for field in fields)
        self.work = len(fields) + natives * (CALL - 1)
        """What an object costs here, in values."""
        self.work_in_steps = max(self.work, MULTIPLIED if self.multiplies else 1)
        self.characters = sum(len(name) + AROUND for name in self.names)
        """What an object takes in the answer besides its texts."""
        self._cells = tuple(field.cell for field in fields)
        attributes = [cell.attribute for cell in self._cells if cell.attribute is not None]
        self.repeats = len(set(attributes)) < len(attributes)
        """Whether an attribute is selected several times, under aliases."""
        self._attributes = [
            (1 << number, field)
            for number, field in enumerate(fields)
            if isinstance(field, AttributeField) and field.cell.attribute is not None
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

    def odd(self, bits: int) -> list[tuple[str, AttributeField]]:
        """Return the fields whose values a generated reader found odd, by response name."""
        return [(field.site.response_name, field) for bit, field in self._attributes if bits & bit]


class PlanSize:
    """How many fields were planned so far, and who is told of those that come."""

    __slots__ = ("fields", "tell")

    def __init__(self) -> None:
        self.fields = 0
        self.tell: Callable[[int], None] | None = None

    def add(self, fields: int) -> None:
        self.fields += fields
        if self.tell is not None:
            self.tell(fields)


class Planner:
    """Makes the plans of one operation under one setting of its conditions, each when it is first reached."""

    def __init__(
        self,
        collector: Collector,
        size: PlanSize,
        *,
        error_propagation: bool,
        incremental: bool = False,
        within: DeferUsageSet | None = None,
    ) -> None:
        self.schema = collector.schema
        self.error_propagation = error_propagation
        self._collector = collector
        self._size = size
        self._incremental = incremental
        self._within = within
        """The deferred fragments whose fields this planner plans, None for the initial result."""

    def root(self, root_type: GraphQLObjectType) -> SelectionPlan:
        return self._plan(root_type, self._collector.root(root_type), 0)

    def selection(self, site: FieldSite, object_type: GraphQLObjectType) -> SelectionPlan:
        """Return what is selected below a field where its value is of `object_type`."""
        return self._plan(object_type, self._collector.under(site.details, object_type), site.depth + 1)

    def _plan(self, object_type: GraphQLObjectType, collected: CollectedFields, depth: int) -> SelectionPlan:
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

    def _inside(self, usages: DeferUsageSet) -> Planner:
        return Planner(
            self._collector, self._size, error_propagation=self.error_propagation, incremental=True, within=usages
        )

    def fields(self, object_type: GraphQLObjectType, grouped: GroupedFieldSet, depth: int) -> SelectionPlan:
        planned = [self._field(object_type, name, details, depth) for name, details in grouped.items()]
        self._size.add(len(planned))
        return SelectionPlan(object_type, [field for field in planned if field is not None], depth)

    def _field(
        self, object_type: GraphQLObjectType, response_name: str, details: FieldDetailsList, depth: int
    ) -> PlannedField | None:
        name = details[0].node.name.value
        definition = self.schema.get_field(object_type, name)
        if definition is None:  # only in a document that was not validated: graphql-core leaves it out too
            return None
        site = FieldSite(
            response_name, name, object_type, definition, details, [detail.node for detail in details], depth
        )
        if definition is TypeNameMetaFieldDef:
            return TypenameField(site)
        return self._resolved(site)

    def _resolved(self, site: FieldSite) -> PlannedField:
        declaration = declared(site.definition)
        completion = completion_of(self, site, site.definition.type)
        arguments = arguments_of(site, hide_suggestions=self._collector.hide_suggestions)
        if isinstance(declaration, Attribute) and arguments.constant:
            return AttributeField(site, declaration.name, completion)
        if isinstance(declaration, Attribute):
            # Arguments do not change an attribute, but one that does not fit is an error.
            return NativeField(site, _attribute(declaration.name), arguments, completion)
        if isinstance(declaration, Batched):
            return BatchedField(site, declaration, arguments, completion)
        if site.definition.resolve is None:
            return PropertyField(site, default_field_resolver, arguments, completion)
        return NativeField(site, site.definition.resolve, arguments, completion)


def _attribute(name: str) -> Callable[..., Any]:
    get = getter(name)

    def resolve(source: Any, _info: object, **_arguments: object) -> Any:
        return get(source)

    return resolve
