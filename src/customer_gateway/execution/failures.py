"""Errors on their way up to the nearest nullable position, and those that landed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError

from .later import Later

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from .positions import Positions


Key = tuple[str | int, ...]


class Failure:
    """Stands in a column where a position may not be null and has an error: the position above takes it."""

    __slots__ = ("error",)

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class Torn(list[Any]):
    """A column that holds failures. Only such a column is searched for them."""

    __slots__ = ()


class Landed:
    """The errors of one execution, each with the position it made null."""

    __slots__ = ("_entries", "met")

    def __init__(self) -> None:
        self._entries: list[tuple[GraphQLError, Positions, int]] = []
        self.met: list[GraphQLError] = []
        """All of them, also those that nobody is told because another one made null what they stand in."""

    def add(self, error: GraphQLError, positions: Positions, index: int) -> None:
        self._entries.append((error, positions, index))

    @property
    def errors(self) -> list[GraphQLError]:
        """Those that a client is told."""
        return [error for _, error in self.keyed()]

    def end(self) -> list[GraphQLError]:
        """As `errors`; the others lose their tracebacks."""
        told = self.errors
        if len(told) < len(self.met):
            asked_for = {id(each) for error in told for each in (error, error.original_error)}
            drop_tracebacks(error for error in self.met if asked_for.isdisjoint((id(error), id(error.original_error))))
        return told

    def keyed(self) -> list[tuple[Key, GraphQLError]]:
        """The errors with their positions, without those inside of what another error made null."""
        if not self._entries:
            return []
        found = [(_key(positions, index), error) for error, positions, index in self._entries]
        nulled = {key for key, _ in found}
        return [(key, error) for key, error in found if not any(key[:end] in nulled for end in range(len(key)))]


def _key(positions: Positions, index: int) -> Key:
    path = positions.path_at(index)
    return () if path is None else tuple(path.as_list())


def drop_tracebacks(errors: Iterable[GraphQLError]) -> None:
    """Take from errors the frames that they went through: those hold the errors again, and all that was read.

    It would stay in memory until the garbage collector comes by. To be called when nobody asks any more where they
    were raised.
    """
    waiting: list[BaseException | None] = list(errors)
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        error.__traceback__ = None
        waiting += error.__cause__, error.__context__, *_within(error)


def _within(error: BaseException) -> Sequence[BaseException | None]:
    if isinstance(error, GraphQLError):
        return (error.original_error,)
    return cast("BaseExceptionGroup[BaseException]", error).exceptions if isinstance(error, BaseExceptionGroup) else ()


def column_of(values: list[Any]) -> list[Any]:
    """The values as a column, marked as torn where a failure is among them."""
    return Torn(values) if Failure in set(map(type, values)) else values


def first_failures(columns: list[list[Any]]) -> dict[int, Failure]:
    """For each index at which some column failed, the failure of the first such column."""
    failures: dict[int, Failure] = {}
    for column in columns:
        if type(column) is Torn:
            for index, value in enumerate(column):
                if type(value) is Failure:
                    failures.setdefault(index, value)
    return failures


def then(column: list[Any] | Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> Any:
    """`finish(column)`, now or when the column is there. `finish` puts together: it never begins new work."""
    if isinstance(column, list):
        return finish(column)
    return Later(_finish_later, column, finish)


async def _finish_later(column: Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> list[Any]:
    return finish(await column)
