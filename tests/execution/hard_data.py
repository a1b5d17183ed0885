"""The data of the hard schema: every field fails, is null or of a wrong type by chance.

The outcome of a field is a function of its object's seed and its name, so both executors meet the same accidents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

from graphql import GraphQLError

KINDS = {
    "text": "text",
    "textRequired": "text",
    "number": "number",
    "numberRequired": "number",
    "ratio": "ratio",
    "flag": "flag",
    "flagRequired": "flag",
    "colour": "colour",
    "colourRequired": "colour",
    "odd": "odd",
    "oddRequired": "odd",
    "echo": "echo",
    "numbers": "list",
    "numbersRequired": "list",
    "grid": "grid",
    "gridRequired": "grid",
    "thing": "thing",
    "thingRequired": "thing",
    "things": "things",
    "thingsRequired": "things",
    "any": "thing",
    "anys": "things",
    "tree": "tree",
    "treeRequired": "tree",
}
"""The kind of value that a field has, by its name."""


@dataclass(frozen=True)
class Node:
    """An object of the data: its fields are told by its seed."""

    seed: int


class Ash(Node):
    """Attributes and batched fields; its class tells its type."""

    def __getattr__(self, name: str) -> Any:
        if name not in KINDS:
            raise AttributeError(name)
        return outcome(self, name)


class Birch(Node):
    """Resolvers of graphql-core's kind, of which some are coroutines; `is_type_of` tells its type."""


class Cedar(dict[str, Any]):
    """A mapping without resolvers, some of whose values are methods; `__typename` tells its type."""

    def __init__(self, seed: int) -> None:
        super().__init__(__typename="Cedar")
        self.seed = seed

    def get(self, key: str, default: Any = None) -> Any:
        if key == "__typename":
            return "Cedar"
        if key not in KINDS:
            return default
        if chance(self, key + "?") < 30:
            return lambda _info, **arguments: outcome(self, key, **arguments)
        try:
            value = outcome(self, key)
        except Exception as error:  # noqa: BLE001  a mapping gives its errors as values
            value = error
        return None if callable(value) else value


def chance(source: Any, name: str) -> int:
    return crc32(f"{source.seed}/{name}".encode()) % 100


def outcome(source: Any, name: str, **arguments: Any) -> Any:
    """The value of the field; some raise, some are errors, nulls, or of a wrong type."""
    # A root is a negative seed: it seldom fails, or most operations would have no data.
    luck = chance(source, name) * (4 if source.seed < 0 else 1)
    if luck < 3:
        raise ValueError(f"{name} of {source.seed} failed")
    if luck < 5:
        return GraphQLError(f"{name} of {source.seed} is an error", extensions={"code": "SOME_CODE"})
    if luck < 9:
        return None
    if luck < 12:
        return WRONG[KINDS[name]]
    return make(KINDS[name], abs(source.seed) * 31 + crc32(name.encode()) % 1000, arguments)


WRONG: dict[str, Any] = {
    "text": [1],
    "number": "many",
    "ratio": float("inf"),
    "flag": {},
    "colour": "MAUVE",
    "odd": "bad",
    "thing": {"__typename": "Nothing"},
    "list": "no list",
    "things": {"a": 1},
    "grid": [[1], 2, None, [None, "x"]],
    "tree": [[object()], None],
    "echo": b"bytes",
}


def make(kind: str, seed: int, arguments: dict[str, Any]) -> Any:  # noqa: PLR0911, C901  one line for each kind
    size = seed % 4
    if kind == "text":
        return (f"text {seed}", True, seed)[seed % 3 if seed % 5 == 0 else 0]
    if kind == "number":
        return (seed % 1000, 2**31 - 1, "12", 3.0, 2**31)[seed % 5 if seed % 7 == 0 else 0]
    if kind == "ratio":
        return (seed / 7, seed, "1.5")[seed % 3]
    if kind == "flag":
        return (True, False, 1)[seed % 3]
    if kind == "colour":
        return ("RED", 2, "third")[seed % 3]
    if kind == "odd":
        return ("fine", "none", 3)[seed % 3 if seed % 4 == 0 else 0]
    if kind == "echo":
        return repr(sorted(arguments.items()))
    if kind == "list":
        return [seed, None, "7", seed + 1][: size + 1] if seed % 3 else tuple(range(size))
    if kind == "grid":
        return [[seed + row * column for column in range(row)] for row in range(size)]
    if kind == "thing":
        return planted(seed)
    if kind == "things":
        return [planted(seed + index) if (seed + index) % 11 else None for index in range(size)]
    return [[planted(seed + row + index) for index in range(row)] for row in range(size)]


def planted(seed: int) -> Any:
    return (Ash, Birch, Cedar)[seed % 3](seed)


__all__ = ["KINDS", "Ash", "Birch", "Cedar", "outcome"]
