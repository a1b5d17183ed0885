"""A small schema that holds every hard case, over the data of `hard_data`.

All object types have the same fields, each resolved in another way.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from execution.hard_data import Ash, Birch, outcome
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
    get_nullable_type,
    is_list_type,
)

from customer_gateway.execution import Attribute, Batched, Partitioned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence


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
    """A resolver: plain, a coroutine, or now this and now that; some lists come in parts."""
    way = len(name) % 3
    lists = is_list_type(get_nullable_type(output))

    async def later(source: Any, **arguments: Any) -> Any:
        await asyncio.sleep(0)
        return found(source, **arguments)

    def found(source: Any, **arguments: Any) -> Any:
        value = outcome(source, name, **arguments)
        return apart(value) if lists and isinstance(value, list | tuple) and source.seed % 4 == 1 else value

    def resolve(source: Any, info: Any, **arguments: Any) -> Any:
        assert info.path.key is not None
        if way == 1 or (way == 2 and source.seed % 2):
            return later(source, **arguments)
        return found(source, **arguments)

    return GraphQLField(output, arguments_of(name), resolve=resolve)


def apart(items: Sequence[Any]) -> Partitioned:
    """A list in two parts, of which the first item's comes later; of three items the part of the second fails."""

    async def some(indices: Sequence[int]) -> list[Any]:
        for _ in range(3 if 0 in indices else 1):
            await asyncio.sleep(0)
        if len(items) % 3 == 0 and 0 not in indices:
            raise ValueError("a part failed")
        return [items[index] for index in indices]

    indices = range(len(items))
    return Partitioned([(part, some(part)) for part in (indices[1::2], indices[::2]) if part])


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
