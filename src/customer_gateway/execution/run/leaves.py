"""Scalars and enums, a column at a time: the common cases in C, anything unusual left to graphql-core."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

from .budget import length_of, length_of_texts
from .columns import AWAITABLE, ERROR, NULL, attempted, complete_non_null, kinds
from .field_errors import column_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphql import GraphQLLeafType

    from .columns import Columnar
    from .field_errors import OutputPosition
    from .positions import Positions
    from .run import Run

NONE: Final = type(None)


@dataclass(frozen=True, slots=True)
class Leaf:
    """How a column of one leaf type is serialised.

    A column whose classes are all in `exact` is its own serialisation. Else `quick`, where there is one, gives the
    serialised column, or None where the column must be looked at value by value.
    """

    exact: frozenset[type]
    quick: Callable[[list[Any]], list[Any] | None] | None
    check: str | None = None
    """The check of a single value, where there is a simple one (see `rows.ODD`)."""


@lru_cache(maxsize=512)
def leaf_of(leaf_type: GraphQLLeafType, *, non_null: bool) -> Leaf:
    """Return the way to serialise columns of `leaf_type`; with `non_null` a null is never fine. All its fields share
    it.
    """
    if leaf_type in ITSELF:
        cls = ITSELF[leaf_type]
        exact = frozenset({cls} if non_null else {cls, NONE})
        return Leaf(exact, None, _check(cls, non_null=non_null))
    if leaf_type is GraphQLInt:
        return Leaf(NOTHING, _integers(non_null=non_null), _check(int, non_null=non_null))
    if leaf_type is GraphQLFloat:
        return Leaf(NOTHING, _floats(non_null=non_null), _check(float, non_null=non_null))
    if isinstance(leaf_type, GraphQLEnumType):
        return Leaf(NOTHING, _enums(leaf_type, non_null=non_null))
    return Leaf(NOTHING, None)


ITSELF: Final[dict[GraphQLLeafType, type]] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}
"""The types whose values of that class are serialised as they are."""

NOTHING: Final[frozenset[type]] = frozenset()


def _check(cls: type, *, non_null: bool) -> str:
    return cls.__name__ if non_null else f"{cls.__name__}?"


def _integers(*, non_null: bool) -> Callable[[list[Any]], list[Any] | None]:
    def quick(values: list[Any]) -> list[Any] | None:
        classes = set(map(type, values))
        if not non_null:
            classes.discard(NONE)
        if classes != {int}:
            return None if classes else values
        numbers = values if non_null else [value for value in values if value is not None]
        fits = min(numbers) >= GRAPHQL_MIN_INT and max(numbers) <= GRAPHQL_MAX_INT
        return values if fits else None

    return quick


def _floats(*, non_null: bool) -> Callable[[list[Any]], list[Any] | None]:
    def quick(values: list[Any]) -> list[Any] | None:
        classes = set(map(type, values))
        if not non_null:
            classes.discard(NONE)
        if classes != {float}:
            return None if classes else values
        finite = all(map(isfinite, values if non_null else [value for value in values if value is not None]))
        return values if finite else None

    return quick


class _Names(dict[Any, Any]):
    """The names of the enum values met so far; only members of Python enums are kept, so it stays small."""

    def __init__(self, serialise: Callable[[Any], Any]) -> None:
        super().__init__()
        self._serialise = serialise

    def __missing__(self, value: Any) -> Any:
        name = None if value is None or value is Undefined else self._serialise(value)
        if name is None or name is Undefined:
            raise KeyError(value)
        if isinstance(value, Enum):
            self[value] = name
        return name


def _enums(leaf_type: GraphQLEnumType, *, non_null: bool) -> Callable[[list[Any]], list[Any] | None]:
    names = _Names(leaf_type.coerce_output_value)
    if not non_null:
        names[None] = None
    name_of = names.__getitem__

    def quick(values: list[Any]) -> list[Any] | None:
        if kinds(values) & (ERROR | AWAITABLE):
            return None
        try:
            column = list(map(name_of, values))
        except Exception:
            return None
        return column if len(column) == len(values) else None  # `map` takes a StopIteration for its end

    return quick


class LeafCompletion:
    __slots__ = ("_quick", "check", "exact", "leaf_type", "place")

    def __init__(self, place: OutputPosition, leaf_type: GraphQLLeafType) -> None:
        self.place = place
        self.leaf_type = leaf_type
        leaf = leaf_of(leaf_type, non_null=place.non_null)
        self.exact, self._quick, self.check = leaf.exact, leaf.quick, leaf.check

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        classes = set(map(type, values))
        if classes <= self.exact:
            if str in classes:
                run.charge(0, length_of_texts(values), positions)
            return values
        column = None if self._quick is None else self._quick(values)
        if column is not None:
            return column
        return complete_non_null(self.place, run, values, positions, self._serialised)

    def _serialised(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Return each value as its type gives it, asked once; what it gives may be nothing, an error, or awaitable."""
        cells = attempted(self.leaf_type.coerce_output_value, values)
        run.charge(0, sum(map(length_of, cells)), positions)
        if not kinds(cells) & (NULL | ERROR | AWAITABLE):
            return cells
        return complete_non_null(self.place, run, list(map(self._something, values, cells)), positions, _as_they_are)

    def _something(self, value: Any, cell: Any) -> Any:
        """Return the cell, or the error that the type gave nothing for the value, in graphql-core's words."""
        if not (cell is None or cell is Undefined):
            return cell
        try:
            call = f"{inspect(self.leaf_type)}.coerce_output_value({inspect(value)})"
            return TypeError(f"Expected `{call}` to return non-nullable value, returned: {inspect(cell)}")
        except Exception as error:
            return error


def _as_they_are(run: Run, values: list[Any], positions: Positions) -> list[Any]:  # noqa: ARG001  as any step
    return column_of(values)
