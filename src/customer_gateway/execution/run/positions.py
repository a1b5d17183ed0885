"""Where the values of a column stand in the response; asked only when an error or a resolver needs a path.

Each class answers, for the value at an index of its column: its response path, the path of the field it belongs
to, and the deferred deliveries it takes part in.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

from graphql.pyutils import Path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql.execution.incremental.incremental_executor import DeliveryGroup

    from customer_gateway.execution.compile.plan import FieldSite

    Deliveries = dict[int, DeliveryGroup]


class Positions(Protocol):
    def path_at(self, index: int) -> Path | None: ...

    def field_path(self, index: int) -> Path | None:
        """Return the path of the field that the value belongs to: without the indices of lists."""
        ...

    def deliveries_at(self, index: int) -> Deliveries:
        """Return the deferred deliveries that the nearest object around the value takes part in."""
        ...


class Root:
    """The one position of the root object."""

    __slots__ = ()

    def path_at(self, index: int) -> Path | None:
        return None

    def field_path(self, index: int) -> Path | None:
        return None

    def deliveries_at(self, index: int) -> Deliveries:
        return {}


class Objects:
    """The objects of a scope. Paths are kept: errors and resolvers ask for those of one object again and again.

    Not the objects themselves: what stands below asks for positions long after they have been read.
    """

    __slots__ = ("_outer", "_paths", "deliveries")

    def __init__(self, outer: Positions) -> None:
        self._outer = outer
        self._paths: dict[int, Path | None] | None = None
        self.deliveries: list[Deliveries] | None = None

    def path_at(self, index: int) -> Path | None:
        paths = self._paths
        if paths is None:
            paths = self._paths = {}
        if index not in paths:
            paths[index] = self._outer.path_at(index)
        return paths[index]

    def resolve_paths(self, count: int) -> None:
        """Resolve all paths and deliveries now, so that levels below ask no further up than here."""
        for index in range(count):
            self.path_at(index)
        self.deliveries = [self._outer.deliveries_at(index) for index in range(count)]

    def field_path(self, index: int) -> Path | None:
        return self._outer.field_path(index)

    def deliveries_at(self, index: int) -> Deliveries:
        return self._outer.deliveries_at(index) if self.deliveries is None else self.deliveries[index]


class OfField:
    """The values of one field, one for each object of a scope."""

    __slots__ = ("_objects", "_site")

    def __init__(self, objects: Positions, site: FieldSite) -> None:
        self._objects = objects
        self._site = site

    def path_at(self, index: int) -> Path | None:
        return Path(self._objects.path_at(index), self._site.response_name, self._site.parent_type.name)

    def field_path(self, index: int) -> Path | None:
        return self.path_at(index)

    def deliveries_at(self, index: int) -> Deliveries:
        return self._objects.deliveries_at(index)


class OfItem:
    """The items of all lists of a column, laid end to end."""

    __slots__ = ("_ends", "_lengths", "_lists")

    def __init__(self, lists: Positions, lengths: Sequence[int]) -> None:
        self._lists = lists
        self._lengths = lengths
        self._ends: list[int] | None = None

    def _find(self, index: int) -> tuple[int, int]:
        if self._ends is None:
            self._ends = list(accumulate(self._lengths))
        which = bisect_right(self._ends, index)
        return which, index - (self._ends[which] - self._lengths[which])

    def path_at(self, index: int) -> Path | None:
        which, item = self._find(index)
        return Path(self._lists.path_at(which), item, None)

    def field_path(self, index: int) -> Path | None:
        return self._lists.field_path(self._find(index)[0])

    def deliveries_at(self, index: int) -> Deliveries:
        return self._lists.deliveries_at(self._find(index)[0])


class OfSome:
    """Some values of a column: those left when nulls and errors are out, or those of one concrete type."""

    __slots__ = ("_all", "_indices")

    def __init__(self, positions: Positions, indices: Sequence[int]) -> None:
        self._all = positions
        self._indices = indices

    def path_at(self, index: int) -> Path | None:
        return self._all.path_at(self._indices[index])

    def field_path(self, index: int) -> Path | None:
        return self._all.field_path(self._indices[index])

    def deliveries_at(self, index: int) -> Deliveries:
        return self._all.deliveries_at(self._indices[index])


class ParentObjects:
    __slots__ = ("alone", "objects", "positions")

    def __init__(self, objects: list[Any], positions: Positions, *, alone: bool = False) -> None:
        self.objects = objects
        self.positions = positions
        self.alone = alone
        """Whether its one field has nothing beside it in the whole operation."""

    def of_field(self, site: FieldSite) -> OfField:
        """Return the positions of a field of these objects."""
        return OfField(self.positions, site)
