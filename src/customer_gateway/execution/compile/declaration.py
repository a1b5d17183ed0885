"""How a field of the schema says how the breadth-first executor resolves it."""

from __future__ import annotations

from asyncio import ensure_future, shield
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from .coroutines import close_coroutines

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence

    from graphql import GraphQLField, GraphQLObjectType

EXTENSION = "execution"
CHECK = "check"
"""Where a field has what looks at its arguments before anything is executed.

`check(context, **arguments)` gives the reason why they are refused, None where they are not.
"""
PYTHON_TYPE = "python_type"


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is `getattr(parent, name)`; an Exception found there is the field's error.

    Arguments of the field do not change it; one that does not fit is the field's error, as everywhere.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Batched:
    """The field is resolved for all parents of a level by one call.

    `resolve(parents, context, **arguments)` gives, at once or awaited, a sequence as long as `parents` and in
    their order, or a `Partitioned`. An element that is an Exception is the error of that element; raising is the
    error of each. An element whose class defines `__located__(context, path)` is replaced by what that gives: it is
    called once, with the element's path in the response. The parents belong to the executor: read them, do not change
    the sequence.
    """

    resolve: Callable[..., Awaitable[Sequence[object] | Partitioned] | Sequence[object] | Partitioned]


@dataclass(frozen=True, slots=True)
class Partitioned:
    """Values in parts: positions, and an awaitable of the values at those positions.

    A batched resolver gives it in place of a value for each parent, any resolver in place of a list of items. Together
    the parts name every position once. Each goes on as a branch of its own as soon as it is there.

    For an executor that goes value by value it is a sequence of awaitables; read it so once, and inside a running loop.
    """

    groups: Sequence[tuple[Sequence[int], Awaitable[Sequence[object]]]]

    @property
    def count(self) -> int:
        """How many values there are in all parts."""
        return sum(len(positions) for positions, _ in self.groups)

    def covers(self, count: int) -> bool:
        """Return whether the parts name each of so many positions once."""
        return sorted(position for positions, _ in self.groups for position in positions) == list(range(count))

    def dispose(self) -> None:
        """Close the coroutines that will not be awaited."""
        close_coroutines(values for _, values in self.groups)

    def __iter__(self) -> Iterator[Awaitable[object]]:
        values: dict[int, Awaitable[object]] = {}
        for positions, answer in self.groups:
            part = ensure_future(answer)
            part.add_done_callback(_seen)
            values.update((position, _AwaitedPart(part, place)) for place, position in enumerate(positions))
        return (values[position] for position in range(len(values)))


class _AwaitedPart:
    """A value of a part that is still under way: waiting for it is waiting for that part only."""

    __slots__ = ("_part", "_place")

    def __init__(self, part: Future[Sequence[object]], place: int) -> None:
        self._part = part
        self._place = place

    def __await__(self) -> Generator[Any, Any, object]:
        # Shielded: others wait for the same part, and graphql-core gives up those whose answer is no longer needed.
        values = yield from shield(self._part).__await__()
        return values[self._place]


def _seen(part: Future[Any]) -> None:
    """Take note of a failure: all that wanted the part may have been given up by then."""
    if not part.cancelled():
        part.exception()


def getter(name: str) -> Callable[[Any], Any]:
    """Return the fastest `getattr(parent, name)` there is; `attrgetter` takes a dot for a path."""
    return attrgetter(name) if "." not in name else lambda parent: getattr(parent, name)


def declared(field: GraphQLField) -> Attribute | Batched | None:
    """Return the declaration in `field.extensions["execution"]`, None where the field has a resolver of its own.

    Raises TypeError on anything else, so that a misspelt declaration is not silently ignored.
    """
    declaration = field.extensions.get(EXTENSION)
    if declaration is None or isinstance(declaration, (Attribute, Batched)):
        return declaration
    raise TypeError(f"extensions['{EXTENSION}'] is neither Attribute nor Batched: {declaration!r}")


def python_type(object_type: GraphQLObjectType) -> type | None:
    """Return the class whose instances are of this object type, where `extensions["python_type"]` names one."""
    return object_type.extensions.get(PYTHON_TYPE)
