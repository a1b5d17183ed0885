"""The ways a field gets its column of values from all objects of a scope."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, Final, Protocol

from graphql import get_named_type, is_composite_type

from customer_gateway.execution.compile.declaration import Partitioned, getter
from customer_gateway.execution.compile.plan import PlannedField, located
from customer_gateway.execution.compile.rows import Cell, readable

from .columns import CALLABLE, ERROR, KIND_OF, MAPPING, attempted, gathered, is_awaitable, kinds
from .field_errors import BubblingError, ErroredColumn
from .leaves import LeafCompletion
from .positions import OfSome, ParentObjects

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from customer_gateway.execution.compile.declaration import Batched
    from customer_gateway.execution.compile.plan import FieldSite
    from customer_gateway.execution.compile.variables import Arguments

    from .columns import Columnar, ValueCompletion
    from .field_errors import OutputPosition
    from .positions import Positions
    from .run import Run


CALL: Final = 4
"""The work of a resolver that is called for each object, in values."""


class ResolvedField(PlannedField, Protocol):
    """A planned field that can be executed."""

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        """Return one response value for each of the parents, now or later."""
        ...


class TypenameField:
    """`__typename`: known before any object is."""

    __slots__ = ("cell", "site")
    fragile = False
    work = 1
    multiplies = False

    def __init__(self, site: FieldSite) -> None:
        self.site = site
        self.cell = Cell(site.response_name, constant=site.parent_type.name)

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        return [self.site.parent_type.name] * len(parents.objects)


class DeniedField:
    """A field that may not be read: null, with one error in an execution, whatever the number of objects."""

    __slots__ = ("_error", "cell", "fragile", "site")
    work = 1
    multiplies = False

    def __init__(self, place: OutputPosition, error: Exception) -> None:
        self.site = place.site
        self.fragile = place.bubbles
        self.cell = Cell(self.site.response_name)
        self._error = error

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        field_errors, positions = run.field_errors, parents.of_field(self.site)
        error = field_errors.denials.get(self)
        if error is None:
            error = field_errors.denials[self] = located(self._error, self.site, positions.path_at(0))
            field_errors.all_errors.append(error)
        if self.fragile:
            return ErroredColumn([BubblingError(error)] * len(parents.objects))
        for index in range(len(parents.objects)):
            field_errors.add(error, positions, index)
        return [None] * len(parents.objects)


class AttributeField:
    """An attribute of each object."""

    __slots__ = ("_complete", "_get", "cell", "fragile", "site")
    work = 1
    multiplies = False

    def __init__(self, site: FieldSite, name: str, completion: ValueCompletion) -> None:
        self.site = site
        self.fragile = completion.place.bubbles
        self._get: Callable[[Any], Any] = getter(name)
        self._complete = completion.complete
        leaf = completion if isinstance(completion, LeafCompletion) else None
        check = leaf.check if leaf is not None and readable(name) else None
        self.cell = Cell(site.response_name, name if check else None, check)

    def complete(self, run: Run, values: list[Any], parents: ParentObjects) -> Columnar:
        """Return the column of values that a generated reader found odd."""
        return self._complete(run, values, parents.of_field(self.site))

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        values = attempted(self._get, parents.objects)
        return self._complete(run, values, parents.of_field(self.site))


class BatchedField:
    """One call of the batched resolver for all objects."""

    __slots__ = ("_arguments", "_complete", "_resolve", "cell", "fragile", "multiplies", "site")
    work = 1

    def __init__(self, site: FieldSite, batched: Batched, arguments: Arguments, completion: ValueCompletion) -> None:
        self.site = site
        self.cell = Cell(site.response_name)
        self.fragile = completion.place.bubbles
        self.multiplies = _gives_objects(site)
        self._resolve = batched.resolve
        self._arguments = arguments
        self._complete = completion.complete

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        objects = parents.objects
        try:
            arguments = self._arguments.values(run.variables)
            values: Any = self._resolve(objects, run.context, **arguments)
            if type(values) is not list and type(values) is not Partitioned and is_awaitable(values):
                arriving = self._arrive(run, parents, run.track(values))
                return arriving if parents.alone else run.spawn(arriving)
            return self._answered(run, parents, values)
        except Exception as error:
            return self._completed(run, parents, [error] * len(objects))

    async def _arrive(self, run: Run, parents: ParentObjects, awaitable: Awaitable[Any]) -> list[Any]:
        try:
            column = self._answered(run, parents, await awaitable)
        except Exception as error:
            column = self._completed(run, parents, [error] * len(parents.objects))
        return column if isinstance(column, list) else await column

    def _answered(self, run: Run, parents: ParentObjects, values: Any) -> Columnar:
        """Return the column of a resolver's answer. Raises what the answer raises while it is read."""
        if type(values) is Partitioned:
            return self._in_parts(run, parents, values)
        wanted = len(parents.objects)
        # A copy: the resolver may keep its list, and change it.
        values = values.copy() if type(values) is list else _as_list(values)
        if len(values) != wanted:
            raise RuntimeError(f"{self.site} gave {len(values)} values for {wanted} parents.")
        return self._completed(run, parents, values)

    def _completed(self, run: Run, parents: ParentObjects, values: list[Any]) -> Columnar:
        return self._complete(run, values, parents.of_field(self.site))

    def _in_parts(self, run: Run, parents: ParentObjects, parts: Partitioned) -> Columnar:
        """Complete each part of the objects by itself: what is below a slow one waits for that one only."""
        objects = parents.objects
        if not parts.covers(len(objects)):
            parts.dispose()
            raise RuntimeError(f"{self.site} does not name each of its parents once.")
        begun: list[tuple[list[int], Awaitable[list[Any]]]] = []
        for indices, values in parts.groups:
            part = ParentObjects([objects[index] for index in indices], OfSome(parents.positions, indices))
            begun.append((list(indices), run.begin(self._arrive(run, part, run.track(values)))))
        return gathered([None] * len(objects), begun)


def _gives_objects(site: FieldSite) -> bool:
    return is_composite_type(get_named_type(site.definition.type))


def _as_list(values: Any) -> list[Any]:
    """Return the values as a list; what has no order, or is one text, counts as no values. Raises what reading them
    raises.
    """
    if isinstance(values, (str, bytes, Mapping, AbstractSet)):
        return []
    try:
        reading = iter(values)
    except TypeError:
        return []
    return list(reading)


class NativeField:
    """A resolver of graphql-core's kind, called for each object: `resolve(source, info, **arguments)`."""

    __slots__ = ("_arguments", "_complete", "_resolve", "cell", "fragile", "multiplies", "site")
    work = CALL

    def __init__(
        self, site: FieldSite, resolve: Callable[..., Any], arguments: Arguments, completion: ValueCompletion
    ) -> None:
        self.site = site
        self.cell = Cell(site.response_name)
        self.fragile = completion.place.bubbles
        self.multiplies = _gives_objects(site)
        self._resolve = resolve
        self._arguments = arguments
        self._complete = completion.complete

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        positions = parents.of_field(self.site)
        try:
            arguments = self._arguments.of_each(run.variables, len(parents.objects))
        except Exception as error:
            return self._complete(run, [error] * len(parents.objects), positions)
        values: list[Any] = []
        for index, (value, given) in enumerate(zip(parents.objects, arguments, strict=True)):
            try:
                values.append(self._resolve(value, run.info(self.site, positions.path_at(index)), **given))
            except Exception as error:
                values.append(error)
        return self._complete(run, values, positions)


class PropertyField:
    """No resolver: the key or attribute of the field's name, called if it can be, as graphql-core does."""

    __slots__ = ("_arguments", "_complete", "_one_by_one", "_sound", "cell", "fragile", "site")
    work = CALL
    multiplies = False

    def __init__(
        self, site: FieldSite, resolve: Callable[..., Any], arguments: Arguments, completion: ValueCompletion
    ) -> None:
        self.site = site
        self.cell = Cell(site.response_name)
        self.fragile = completion.place.bubbles
        self._one_by_one = NativeField(site, resolve, arguments, completion)
        # Arguments matter only to a method, but one that does not fit is an error for any value.
        self._sound = arguments.constant
        self._arguments = arguments
        self._complete = completion.complete

    def execute(self, run: Run, parents: ParentObjects) -> Columnar:
        if not self._sound:
            return self._one_by_one.execute(run, parents)
        positions = parents.of_field(self.site)
        values = attempted(self._find, parents.objects)
        if kinds(values) & CALLABLE:
            values = self._called(run, values, positions)
        return self._complete(run, values, positions)

    def _called(self, run: Run, values: list[Any], positions: Positions) -> list[Any]:
        """Return the values with each method replaced by what it gives."""
        arguments = self._arguments.values(run.variables)
        called: list[Any] = []
        for index, value in enumerate(values):
            kind = KIND_OF[type(value)]
            if kind & ERROR or not kind & CALLABLE:
                called.append(value)
                continue
            try:
                called.append(value(run.info(self.site, positions.path_at(index)), **arguments))
            except Exception as error:
                called.append(error)
        return called

    def _find(self, source: Any) -> Any:
        name = self.site.name
        return source.get(name) if KIND_OF[type(source)] & MAPPING else getattr(source, name, None)
