"""Columns of values: waited for, sorted into nulls, errors and the rest, and put together again.

What the values are is found by their classes: a column has few classes and many values.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeGuard

from graphql import Undefined

from .field_errors import column_of
from .positions import OfSome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Sequence

    from .field_errors import OutputPosition
    from .positions import Positions
    from .run import Run

    Columnar = list[Any] | Awaitable[list[Any]]
    Step = Callable[[Run, list[Any], Positions], Columnar]


PLAIN: Final = 0
NULL: Final = 1
ERROR: Final = 2
AWAITABLE: Final = 4
CALLABLE: Final = 8
MAPPING: Final = 16
LOCATED: Final = 32
"""A value whose class defines `__located__(context, path)`: the value of that call takes its place."""

UNSETTLED: Final = NULL | ERROR | AWAITABLE | LOCATED
"""What is no live value, or not yet."""

MOST_CLASSES: Final = 10_000
"""A schema's values have hundreds of classes; one that makes classes for its values may not fill the memory."""


class _KindOf(dict[type, int]):
    """The kind of each class met so far."""

    def __missing__(self, cls: type) -> int:
        if len(self) >= MOST_CLASSES:
            self.clear()
        kind = self[cls] = _classify(cls)
        return kind


def _classify(cls: type) -> int:
    if cls is type(None) or cls is type(Undefined):
        return NULL
    kind = ERROR if issubclass(cls, Exception) else PLAIN
    # A generator may be a coroutine of the old style: only the single value shows it (see `is_awaitable`).
    if _defines(cls, "__await__") or cls is GeneratorType:
        kind |= AWAITABLE
    if _defines(cls, "__call__"):
        kind |= CALLABLE
    if issubclass(cls, Mapping):
        kind |= MAPPING
    if _defines(cls, "__located__"):
        kind |= LOCATED
    return kind


def _defines(cls: type, name: str) -> bool:
    """Return whether instances have it: `hasattr` of the class would also find what its metaclass has."""
    return any(name in vars(base) for base in cls.__mro__)


KIND_OF: Final = _KindOf()


def kinds(values: Iterable[object]) -> int:
    """Return the union of the kinds of all values."""
    return kinds_of(set(map(type, values)))


def kinds_of(classes: Iterable[type]) -> int:
    """Return the union of the kinds of values of these classes."""
    found = PLAIN
    for cls in classes:
        found |= KIND_OF[cls]
    return found


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """Return whether `value` must be awaited, by its class: the value itself need not stand being looked at."""
    if type(value) is GeneratorType:
        return bool(value.gi_code.co_flags & 0x100)  # CO_ITERABLE_COROUTINE
    return bool(KIND_OF[type(value)] & AWAITABLE)


class ValueCompletion(Protocol):
    """Completes the values of one place."""

    @property
    def place(self) -> OutputPosition: ...

    def complete(self, run: Run, values: list[Any], positions: Positions) -> Columnar:
        """Return the completed column, now or later; values may be null, errors or awaitable."""
        ...


def complete_non_null(
    place: OutputPosition, run: Run, values: list[Any], positions: Positions, non_null: Step
) -> Columnar:
    """Await what is awaitable and take out what is null or an error; the rest goes through `non_null`."""
    kind = kinds(values)
    if not kind & UNSETTLED:
        return non_null(run, values, positions)
    return complete_unsettled(place, run, kind, values, positions, non_null)


def complete_unsettled(
    place: OutputPosition, run: Run, kind: int, values: list[Any], positions: Positions, non_null: Step
) -> Columnar:
    """Complete values as `complete_non_null` does, where some are null, errors or awaitable."""
    if kind & AWAITABLE and any(map(is_awaitable, values)):
        # All begin in this tick of the event loop, so that a loader below them sees their keys together.
        begun = [_begun(run, value) if is_awaitable(value) else value for value in values]
        return run.spawn(_complete_arrived(place, run, begun, positions, non_null))
    return split_values(place, run, values, positions, non_null)


def _begun(run: Run, awaitable: Awaitable[Any]) -> Awaitable[Any] | Exception:
    try:
        return run.begin(awaitable)
    except Exception as error:
        return error


async def _complete_arrived(
    place: OutputPosition, run: Run, begun: list[Any], positions: Positions, non_null: Step
) -> list[Any]:
    column = split_values(place, run, await arrived(begun), positions, non_null)
    return column if isinstance(column, list) else await column


async def arrived(begun: list[Any]) -> list[Any]:
    """Return the values with each future replaced by its result or its exception: whatever is awaitable has begun by
    now.
    """
    values: list[Any] = []
    for value in begun:
        if not is_awaitable(value):
            values.append(value)
            continue
        try:
            values.append(await value)
        except Exception as error:
            values.append(error)
    return values


def split_values(place: OutputPosition, run: Run, values: list[Any], positions: Positions, non_null: Step) -> Columnar:
    """Put nulls and errors in their places, and the other values through `non_null`."""
    if kinds(values) & LOCATED:
        values = [_located(run, value, positions, index) for index, value in enumerate(values)]
    column: list[Any] = [None] * len(values)
    alive: list[int] = []
    for index, value in enumerate(values):
        if value is None or value is Undefined:
            column[index] = place.null(run, positions, index)
        elif KIND_OF[type(value)] & ERROR:
            column[index] = place.fail(run, value, positions, index)
        else:
            alive.append(index)
    if not alive:
        return column_of(column)
    if len(alive) == len(values):
        return non_null(run, values, positions)
    part = non_null(run, [values[index] for index in alive], OfSome(positions, alive))
    return then(part, lambda cells: scatter(column, [(alive, cells)]))


def _located(run: Run, value: Any, positions: Positions, index: int) -> Any:
    if not KIND_OF[type(value)] & LOCATED:
        return value
    path = positions.path_at(index)
    try:
        return value.__located__(run.context, [] if path is None else path.as_list())
    except Exception as error:
        return error


def attempted(function: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Return what the function gives for each value, called once for each; where it raises, the exception."""
    results: list[Any] = []
    waiting = iter(values)
    while len(results) < len(values):
        try:
            results.extend(map(function, waiting))
        except Exception as error:
            results.append(error)
        else:
            if len(results) < len(values):  # `map` takes a StopIteration for its end
                results.append(StopIteration())
    return results


def scatter(column: list[Any], parts: Iterable[tuple[Iterable[int], list[Any]]]) -> list[Any]:
    """Return `column` with the cells of each part at its indices."""
    for indices, cells in parts:
        for index, cell in zip(indices, cells, strict=True):
            column[index] = cell
    return column_of(column)


def gathered(column: list[Any], parts: Sequence[tuple[Iterable[int], Any]]) -> Columnar:
    """Return `column` with the cells of all parts, when the last of them is there."""
    if all(isinstance(cells, list) for _, cells in parts):
        return scatter(column, parts)
    return DeferredColumn(_gathered_later, column, parts)


async def _gathered_later(column: list[Any], parts: Sequence[tuple[Iterable[int], Any]]) -> list[Any]:
    return scatter(column, [(indices, cells if isinstance(cells, list) else await cells) for indices, cells in parts])


class DeferredColumn:
    """`put_together(*arguments)`, begun when it is awaited and not before.

    Who waits for several columns waits for one after the other, and may be cancelled while it does: a coroutine made
    in advance for one of the others would then be left behind, never awaited.
    """

    __slots__ = ("_arguments", "_put_together")

    def __init__(self, put_together: Callable[..., Coroutine[Any, Any, list[Any]]], *arguments: Any) -> None:
        self._put_together = put_together
        self._arguments = arguments

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self._put_together(*self._arguments).__await__()


def then(column: list[Any] | Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> Any:
    """Return `finish(column)`, now or when the column is there. `finish` puts together: it never begins new work."""
    if isinstance(column, list):
        return finish(column)
    return DeferredColumn(_finish_later, column, finish)


async def _finish_later(column: Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> list[Any]:
    return finish(await column)
