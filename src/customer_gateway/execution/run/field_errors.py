"""Propagate errors to the nearest nullable position, and collect those of one execution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from graphql import GraphQLError

from customer_gateway.execution.compile.plan import located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from graphql.pyutils import Path

    from customer_gateway.execution.compile.plan import FieldSite

    from .positions import Positions
    from .run import Run


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

    __slots__ = ("_entries", "all_errors", "denials")

    def __init__(self) -> None:
        self._entries: list[tuple[GraphQLError, Positions, int]] = []
        self.all_errors: list[GraphQLError] = []
        """All of them, also those left out of the response because another one made null what they stand in."""

        self.denials: dict[object, GraphQLError] = {}
        """The error of each field that may not be read: one, however many objects have the field."""

    def add(self, error: GraphQLError, positions: Positions, index: int) -> None:
        self._entries.append((error, positions, index))

    @property
    def errors(self) -> list[GraphQLError]:
        """Those that the response has."""
        errors = [error for _, error in self.keyed()]
        if not self.denials:
            return errors
        denials = set(map(id, self.denials.values()))
        return list({id(each) if id(each) in denials else index: each for index, each in enumerate(errors)}.values())

    def end(self) -> list[GraphQLError]:
        """Return `errors`; the others lose their tracebacks."""
        if not self.all_errors:
            return []
        reported = self.errors
        if len(reported) < len(self.all_errors):
            drop_tracebacks(self.all_errors, but=reported)
        return reported

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


def drop_tracebacks(errors: Iterable[BaseException], but: Iterable[BaseException] = ()) -> None:
    """Take from errors the frames that they went through: those hold the errors again, and all that was read.

    It would stay in memory until the garbage collector comes by. To be called when it no longer matters where they
    were raised. Whatever belongs to the errors in `but` keeps its own.
    """
    kept = {id(each) for each in _all(but)}
    for error in _all(errors):
        if id(error) not in kept:
            error.__traceback__ = None


def _all(errors: Iterable[BaseException]) -> Iterator[BaseException]:
    """Yield the errors with their causes, contexts and members, each once."""
    waiting: list[BaseException | None] = list(errors)
    seen: set[int] = set()
    while waiting:
        error = waiting.pop()
        if error is not None and id(error) not in seen:
            seen.add(id(error))
            yield error
            waiting += error.__cause__, error.__context__, *_within(error)


def _within(error: BaseException) -> Sequence[BaseException | None]:
    if isinstance(error, GraphQLError):
        return (error.original_error,)
    return cast("BaseExceptionGroup[BaseException]", error).exceptions if isinstance(error, BaseExceptionGroup) else ()


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
