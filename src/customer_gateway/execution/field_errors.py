"""Errors on their way up to the nearest nullable position, and those that landed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .tracebacks import drop_tracebacks

if TYPE_CHECKING:
    from graphql import GraphQLError
    from graphql.pyutils import Path

    from .positions import Positions


Key = tuple[str | int, ...]


class BubblingError:
    """Stands in a column where a position may not be null and has an error: the position above takes it."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class ErroredColumn(list[Any]):
    """A column that holds failures. Only such a column is searched for them."""

    __slots__ = ()


class FieldErrors:
    """The errors of one execution, each with the position it made null."""

    __slots__ = ("_entries", "all_errors")

    def __init__(self) -> None:
        self._entries: list[tuple[GraphQLError, Positions, int]] = []
        self.all_errors: list[GraphQLError] = []
        """All of them, also those that nobody is told because another one made null what they stand in."""

    def add(self, error: GraphQLError, positions: Positions, index: int) -> None:
        self._entries.append((error, positions, index))

    @property
    def errors(self) -> list[GraphQLError]:
        """Those that a client is told."""
        return [error for _, error in self.keyed()]

    def end(self) -> list[GraphQLError]:
        """Return `errors`; the others lose their tracebacks."""
        if not self.all_errors:
            return []
        told = self.errors
        if len(told) < len(self.all_errors):
            drop_tracebacks(self.all_errors, but=told)
        return told

    def keyed(self) -> list[tuple[Key, GraphQLError]]:
        """Return the errors with their positions, without those inside of what another error made null."""
        if not self._entries:
            return []
        found = [(key_of(positions.path_at(index)), error) for error, positions, index in self._entries]
        nulled = {key for key, _ in found}
        return [(key, error) for key, error in found if not any(key[:end] in nulled for end in range(len(key)))]


def key_of(path: Path | None) -> Key:
    """Return the path as a key: a position of the response."""
    return () if path is None else tuple(path.as_list())


def column_of(values: list[Any]) -> list[Any]:
    """Return the values as a column, an `ErroredColumn` where an error is among them."""
    return ErroredColumn(values) if BubblingError in set(map(type, values)) else values


def first_failures(columns: list[list[Any]]) -> dict[int, BubblingError]:
    """For each index at which some column failed, the failure of the first such column."""
    failures: dict[int, BubblingError] = {}
    for column in columns:
        if type(column) is ErroredColumn:
            for index, value in enumerate(column):
                if type(value) is BubblingError:
                    failures.setdefault(index, value)
    return failures
