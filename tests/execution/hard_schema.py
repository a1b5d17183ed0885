"""A small schema that holds every hard case, over data that fails, is null or of a wrong type by chance.

The outcome of a field is a function of its object's seed and its name, so both executors meet the same accidents.
All object types have the same fields, each resolved in another way.
"""

# graphql-core's generic types come without their arguments, here and there.
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from zlib import crc32

from execution.sameness import with_reference_resolvers
from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
)

from customer_gateway.execution import Attribute, Batched, Partitioned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


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
    "object": 7,
    "thing": {"__typename": "Nothing"},
    "list": "no list",
    "objects": 7,
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
    if kind == "object":
        return planted(seed)
    if kind == "thing":
        return planted(seed)
    if kind in {"objects", "things"}:
        return [planted(seed + index) if (seed + index) % 11 else None for index in range(size)]
    return [[planted(seed + row + index) for index in range(row)] for row in range(size)]


def planted(seed: int) -> Any:
    return (Ash, Birch, Cedar)[seed % 3](seed)


def coerce_odd(value: Any) -> Any:
    if value == "bad":
        raise GraphQLError("odd is bad")
    if value == "none":
        return None
    return f"odd {value}"


def read_odd(value: Any) -> Any:
    if value == "boom":
        raise ValueError("boom")
    return ("read", value)


ODD = GraphQLScalarType("Odd", coerce_output_value=coerce_odd, coerce_input_value=read_odd)
COLOUR = GraphQLEnumType("Colour", {"RED": "RED", "GREEN": 2, "BLUE": "third"})
FILTER: GraphQLInputObjectType = GraphQLInputObjectType(
    "Filter",
    lambda: {
        "name": GraphQLInputField(GraphQLString),
        "depth": GraphQLInputField(GraphQLInt, default_value=2),
        "tags": GraphQLInputField(GraphQLList(GraphQLNonNull(GraphQLString)), out_name="labels"),
        "inner": GraphQLInputField(FILTER),
    },
)
ARGUMENTS = {
    "x": GraphQLArgument(GraphQLInt, default_value=3),
    "w": GraphQLArgument(GraphQLString),
    "y": GraphQLArgument(GraphQLList(GraphQLNonNull(GraphQLString))),
    "must": GraphQLArgument(GraphQLNonNull(GraphQLInt), default_value=1),
    "f": GraphQLArgument(FILTER, out_name="filter"),
    "c": GraphQLArgument(COLOUR),
    "o": GraphQLArgument(ODD),
}

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


def required(inner: Any) -> Any:
    return GraphQLNonNull(inner)


def listed(inner: Any) -> Any:
    return GraphQLList(inner)


def types_of_fields() -> dict[str, Any]:
    return {
        "id": required(GraphQLID),
        "text": GraphQLString,
        "textRequired": required(GraphQLString),
        "number": GraphQLInt,
        "numberRequired": required(GraphQLInt),
        "ratio": GraphQLFloat,
        "flag": GraphQLBoolean,
        "flagRequired": required(GraphQLBoolean),
        "colour": COLOUR,
        "colourRequired": required(COLOUR),
        "odd": ODD,
        "oddRequired": required(ODD),
        "echo": GraphQLString,
        "numbers": listed(GraphQLInt),
        "numbersRequired": required(listed(required(GraphQLInt))),
        "grid": listed(listed(GraphQLInt)),
        "gridRequired": required(listed(required(listed(required(GraphQLInt))))),
        "thing": THING,
        "thingRequired": required(THING),
        "things": listed(THING),
        "thingsRequired": required(listed(required(THING))),
        "any": ANY,
        "anys": listed(required(ANY)),
        "tree": listed(listed(required(THING))),
        "treeRequired": required(listed(listed(THING))),
    }


def fields_by(declare: Callable[[str, Any], GraphQLField]) -> Callable[[], dict[str, GraphQLField]]:
    return lambda: {
        name: declare(name, output) if name != "id" else GraphQLField(output, resolve=lambda source, _info: source.seed)
        for name, output in types_of_fields().items()
    }


def arguments_of(name: str) -> dict[str, GraphQLArgument] | None:
    return dict(ARGUMENTS) if name in ARGUED else None


ARGUED = {"echo", "ratio"}
"""The fields with arguments: one that tells what it was given, and one that is an attribute of some types."""


PARTED = {"thing", "things", "flag"}

PLAIN = {"text", "textRequired", "number", "numberRequired", "ratio", "flagRequired", "colour"}


def of_ash(name: str, output: Any) -> GraphQLField:
    """An attribute, or batched at once, or batched and awaited."""
    way = 1 if name == "echo" else 0 if name in PLAIN else len(name) % 3
    declaration: Any = Attribute(name)
    if way == 1:
        declaration = Batched(partial(_batch, name))
    elif name in PARTED:
        declaration = Batched(partial(_parts, name))
    elif way == 2:
        declaration = Batched(partial(_awaited_batch, name))
    return GraphQLField(output, arguments_of(name), extensions={"execution": declaration})


def _batch(name: str, parents: list[Any], _context: Any, **arguments: Any) -> list[Any]:
    return [_value_or_error(parent, name, arguments) for parent in parents]


async def _awaited_batch(name: str, parents: list[Any], _context: Any, **arguments: Any) -> tuple[Any, ...]:
    await asyncio.sleep(0)
    return tuple(_value_or_error(parent, name, arguments) for parent in parents)


def _parts(name: str, parents: list[Any], context: Any) -> Partitioned:
    """Each object by the system it would be in."""
    groups = [[index for index, parent in enumerate(parents) if parent.seed % 3 == part] for part in range(3)]
    return Partitioned(
        [
            (indices, _awaited_batch(name, [parents[index] for index in indices], context))
            for indices in groups
            if indices
        ]
    )


def _value_or_error(parent: Any, name: str, arguments: dict[str, Any]) -> Any:
    try:
        return outcome(parent, name, **arguments)
    except ValueError as error:
        return error


def of_birch(name: str, output: Any) -> GraphQLField:
    """A resolver: plain, a coroutine, or now this and now that."""
    way = len(name) % 3

    async def later(source: Any, **arguments: Any) -> Any:
        await asyncio.sleep(0)
        return outcome(source, name, **arguments)

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        assert info.path.key is not None
        if way == 1 or (way == 2 and source.seed % 2):
            return later(source, **arguments)
        return outcome(source, name, **arguments)

    return GraphQLField(output, arguments_of(name), resolve=resolve)


def of_cedar(name: str, output: Any) -> GraphQLField:
    return GraphQLField(output, arguments_of(name))


def is_birch(value: Any, _info: Any) -> Any:
    async def later() -> bool:
        return True

    if isinstance(value, Birch) and value.seed % 5 == 0:
        return later()
    return isinstance(value, Birch) and value.seed % 17 != 0


THING = GraphQLInterfaceType(
    "Thing", lambda: {name: GraphQLField(output, arguments_of(name)) for name, output in types_of_fields().items()}
)
ASH = GraphQLObjectType(
    "Ash",
    fields_by(of_ash),
    [THING],
    extensions={"python_type": Ash},
    is_type_of=lambda value, _info: isinstance(value, Ash),
)
BIRCH = GraphQLObjectType("Birch", fields_by(of_birch), [THING], is_type_of=is_birch)
CEDAR = GraphQLObjectType("Cedar", fields_by(of_cedar), [THING])
ANY = GraphQLUnionType("Any", [ASH, BIRCH, CEDAR])

OBJECT_TYPES = {"Ash": ASH, "Birch": BIRCH, "Cedar": CEDAR}


def flock(source: Any, _info: Any) -> list[Ash]:
    return [Ash(abs(source.seed) * 37 + number) for number in range(8 + source.seed % 5)]


async def events(_root: Any, _info: Any, **_arguments: Any) -> AsyncIterator[Ash]:
    """Two roots: with each of them every field has another fate."""
    for seed in (1, 2):
        yield Ash(-seed)


def root(prefix: str, subscribe: Any = None) -> GraphQLObjectType:
    """The fields of the three ways."""
    fields: dict[str, GraphQLField] = {}
    for name, output in types_of_fields().items():
        if name != "id":
            fields[name] = (of_ash, of_birch, of_birch)[len(name) % 3](name, output)
    # Enough objects of one class that the executor generates a reader for them.
    for name in ("flock", "pack", "swarm"):
        fields[name] = GraphQLField(GraphQLList(ASH), resolve=flock)
    fields["herd"] = GraphQLField(GraphQLList(GraphQLNonNull(ASH)), resolve=flock)
    for field in fields.values():
        field.subscribe = subscribe
    return GraphQLObjectType(prefix, fields)


def hard_schema() -> GraphQLSchema:
    """Query, Mutation and Subscription have the same fields; those of a subscription have two events."""
    return with_reference_resolvers(GraphQLSchema(root("Query"), root("Mutation"), root("Subscription", events)))
