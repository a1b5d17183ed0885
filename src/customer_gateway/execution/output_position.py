"""A typed place of the response: what may not be null there, and what happens to an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, located_error

from .field_errors import BubblingError, ErroredColumn

if TYPE_CHECKING:
    from graphql import FieldNode, GraphQLField, GraphQLObjectType
    from graphql.execution.collect_fields import FieldDetailsList
    from graphql.pyutils import Path

    from .positions import Positions
    from .run import Run


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

    An error whose own text, nodes or the like cannot be read is told by its class alone: it may not cost more than its
    field, whatever it is.
    """
    place = None if path is None else path.as_list()
    try:
        return located_error(error, site.nodes, place)
    except Exception:
        told = RuntimeError(f"{type(error).__name__} cannot be told.")
        told.__cause__ = error
        return GraphQLError(str(told), site.nodes, path=place, original_error=told)


@dataclass(frozen=True, slots=True)
class OutputPosition:
    """A position of one type inside a field: the field's value itself, or the items of its lists."""

    site: FieldSite
    non_null: bool
    bubbles: bool
    """Whether an error here makes the position above null (not so where the operation disables it)."""

    def fail(self, run: Run, error: Exception, positions: Positions, index: int) -> BubblingError | None:
        """Return what stands in the column where `error` happened."""
        path = positions.path_at(index)
        found = located(error, self.site, path)
        run.field_errors.all_errors.append(found)
        if self.bubbles:
            return BubblingError(found)
        run.field_errors.add(found, positions, index)
        return None

    def null(self, run: Run, positions: Positions, index: int) -> BubblingError | None:
        """Return what stands in the column where the value is null."""
        if not self.non_null:
            return None
        error = TypeError(f"Cannot return null for non-nullable field {self.site}.")
        return self.fail(run, error, positions, index)

    def land(self, run: Run, column: list[Any], positions: Positions) -> list[Any]:
        """Return the column with failures from below taken here, unless they must go higher."""
        if self.bubbles or type(column) is not ErroredColumn:
            return column
        return [self._take(run, value, positions, index) for index, value in enumerate(column)]

    def _take(self, run: Run, value: Any, positions: Positions, index: int) -> Any:
        if type(value) is not BubblingError:
            return value
        run.field_errors.add(value.error, positions, index)
        return None
