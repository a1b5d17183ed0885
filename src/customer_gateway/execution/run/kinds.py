"""What the values of a column are, found by their classes: a column has few classes and many values."""

from __future__ import annotations

from collections.abc import Mapping
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from graphql import Undefined

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

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
    # A generator may be a coroutine of the old style: only the single value can tell (see `is_awaitable`).
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
