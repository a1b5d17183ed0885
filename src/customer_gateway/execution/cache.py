"""A cache bounded by what its things weigh, and the key that tells one operation from another."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

OperationKey: TypeAlias = tuple[bytes, bytes | None]

Key = TypeVar("Key", bound="Hashable")
Thing = TypeVar("Thing")

LARGEST_SHARE: Final = 8
"""What weighs more than this part of the whole is not kept: it would push out too many others."""


class WeightedCache(Generic[Key, Thing]):
    """Things that together weigh at most `most`; the least lately used goes first. The unit is the user's.

    `dropped` is told of each that goes.
    """

    def __init__(self, most: int, dropped: Callable[[Thing], None] | None = None) -> None:
        self._most = most
        self._dropped = dropped
        self._things: OrderedDict[Key, Thing] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self.weight = 0
        """What all that is kept weighs."""

    def __len__(self) -> int:
        return len(self._things)

    def get(self, key: Key) -> Thing | None:
        """Return what is kept under this key, now the last used."""
        thing = self._things.get(key)
        if thing is not None:
            self._things.move_to_end(key)
        return thing

    def keep(self, key: Key, thing: Thing, weight: int) -> None:
        """Keep it as the last used, if it is not too heavy. Nothing may be kept under the key yet."""
        self._things[key] = thing
        self._weights[key] = 0
        self.grow(key, weight)

    def grow(self, key: Key, by: int) -> None:
        """Add to the weight of what is kept under this key; do nothing where it is kept no longer."""
        if key not in self._weights:
            return
        self._weights[key] += by
        self.weight += by
        if self._weights[key] * LARGEST_SHARE > self._most:
            self._drop(key)
        while self.weight > self._most:
            self._drop(next(iter(self._things)))

    def _drop(self, key: Key) -> None:
        thing = self._things.pop(key)
        self.weight -= self._weights.pop(key)
        if self._dropped is not None:
            self._dropped(thing)


def operation_key(document: str, operation_name: str | None = None) -> OperationKey:
    """Return a short key for an operation of a document, whose name is as long as the client likes."""
    return _hashed(document), None if operation_name is None else _hashed(operation_name)


def _hashed(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
