"""A scope: the objects of one type at one place of the operation, and where they stand in the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .positions import OfField

if TYPE_CHECKING:
    from .output_position import FieldSite
    from .positions import Positions


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
