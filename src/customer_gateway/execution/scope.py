"""A scope: the objects of one type at one place of the operation, and where they stand in the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .positions import OfField

if TYPE_CHECKING:
    from graphql.pyutils import Path

    from .place import Site
    from .positions import Deliveries, Positions


class Scope:
    """Objects, and their positions.

    Paths are kept: errors and resolvers ask for those of one object again and again.
    """

    __slots__ = ("_outer", "_paths", "deliveries", "objects")

    def __init__(self, objects: list[Any], outer: Positions) -> None:
        self.objects = objects
        self._outer = outer
        self._paths: dict[int, Path | None] | None = None
        self.deliveries: list[Deliveries] | None = None

    def of_field(self, site: Site) -> OfField:
        """The positions of a field of these objects."""
        return OfField(self, site)

    def path_at(self, index: int) -> Path | None:
        paths = self._paths
        if paths is None:
            paths = self._paths = {}
        if index not in paths:
            paths[index] = self._outer.path_at(index)
        return paths[index]

    def settle(self) -> None:
        """Find out all paths and deliveries now, so that nobody below asks further up than here."""
        for index in range(len(self.objects)):
            self.path_at(index)
        self.deliveries = [self._outer.deliveries_at(index) for index in range(len(self.objects))]

    def field_path(self, index: int) -> Path | None:
        return self._outer.field_path(index)

    def deliveries_at(self, index: int) -> Deliveries:
        return self._outer.deliveries_at(index) if self.deliveries is None else self.deliveries[index]
