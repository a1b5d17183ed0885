"""Hands the schema's declarations to both executors: `extensions` for breadth-first, `resolve` for graphql-core."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInterfaceType, GraphQLObjectType

from customer_gateway.api.declare import DECLARATION
from customer_gateway.execution import Attribute, Batched, Partitioned
from customer_gateway.federation.loaders import LevelLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema

    from customer_gateway.federation.request import Request


def bind(schema: GraphQLSchema, python_types: Mapping[type, str]) -> None:
    """Bind every declared field; `python_types` tells the object type of a class where an interface is resolved."""
    for each in schema.type_map.values():
        if isinstance(each, GraphQLObjectType):
            each.is_type_of = None
            for field in each.fields.values():
                _bind_field(field)
        elif isinstance(each, GraphQLInterfaceType):
            each.resolve_type = _by_class(python_types)


def _bind_field(field: GraphQLField) -> None:
    definition: Any = field.extensions.get("strawberry-definition")
    if definition is None or DECLARATION not in definition.metadata:
        return
    declaration = definition.metadata[DECLARATION]
    if declaration is Attribute:
        declaration = Attribute(definition.python_name)
    field.extensions["execution"] = declaration
    field.resolve = _attribute(declaration) if isinstance(declaration, Attribute) else _per_object(declaration)


def _attribute(declaration: Attribute) -> Callable[..., Any]:
    name = declaration.name

    def resolve(source: Any, _info: GraphQLResolveInfo[Request]) -> Any:
        return getattr(source, name)

    return resolve


def _per_object(declaration: Batched) -> Callable[..., Any]:
    """The resolver for one object: it waits for the objects that ask in the same tick, and is read with them."""

    async def resolve(source: Any, info: GraphQLResolveInfo[Request], **arguments: Any) -> Any:
        loaders = info.context.loaders
        key = (declaration, repr(sorted(arguments.items())))
        loader = loaders.get(key)
        if loader is None:
            loader = loaders[key] = LevelLoader(
                lambda parents: _whole(declaration.resolve(parents, info.context, **arguments), len(parents))
            )
        value = await loader.load(source)
        return await value.value() if isinstance(value, _Later) else value

    return resolve


class _Later:
    """A value of a part that is still under way: whoever waits for it waits for that part only."""

    __slots__ = ("_part", "_place")

    def __init__(self, part: asyncio.Future[Sequence[Any]], place: int) -> None:
        self._part = part
        self._place = place

    async def value(self) -> Any:
        # Shielded: others wait for the same part, and graphql-core gives up those whose answer nobody needs any more.
        return (await asyncio.shield(self._part))[self._place]


async def _whole(values: Any, count: int) -> Sequence[Any]:
    """All values of a level, whatever form the batched resolver gave them in; those of parts are `_Later`."""
    if not isinstance(values, Partitioned):
        return await values if inspect.isawaitable(values) else values
    whole: list[Any] = [None] * count
    for positions, answer in values.groups:
        part = asyncio.ensure_future(answer)
        part.add_done_callback(_seen)
        for place, position in enumerate(positions):
            whole[position] = _Later(part, place)
    return whole


def _seen(part: asyncio.Future[Any]) -> None:
    """Take note of a failure: everybody who wanted the part may have been given up by then."""
    if not part.cancelled():
        part.exception()


def _by_class(python_types: Mapping[type, str]) -> Callable[..., str | None]:
    def resolve_type(value: Any, _info: GraphQLResolveInfo[Request], _abstract: GraphQLInterfaceType) -> str | None:
        cls: type = type(value)  # pyright: ignore[reportUnknownVariableType] - any class at all
        return python_types.get(cls)

    return resolve_type
