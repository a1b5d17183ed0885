"""Hands the schema's declarations to both executors: `extensions` for breadth-first, `resolve` for graphql-core."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInterfaceType, GraphQLObjectType

from customer_gateway.api.declare import CHECK, DECLARATION
from customer_gateway.execution import Attribute, Batched, Partitioned
from customer_gateway.federation.incomplete import located
from customer_gateway.federation.loaders import LevelLoader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema

    from customer_gateway.federation.request import RequestContext


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
    if definition is None:
        return
    if (check := definition.metadata.get(CHECK)) is not None:
        field.extensions["check"] = check
    if DECLARATION not in definition.metadata:
        return
    declaration = definition.metadata[DECLARATION]
    if declaration is Attribute:
        declaration = Attribute(definition.python_name)
    field.extensions["execution"] = declaration
    field.resolve = _attribute(declaration) if isinstance(declaration, Attribute) else _per_object(declaration)


def _attribute(declaration: Attribute) -> Callable[..., Any]:
    name = declaration.name

    def resolve(source: Any, _info: GraphQLResolveInfo[RequestContext]) -> Any:
        return getattr(source, name)

    return resolve


def _per_object(declaration: Batched) -> Callable[..., Any]:
    """Return the resolver for one object: it waits for the objects that ask in the same tick, and is read with them."""

    async def resolve(source: Any, info: GraphQLResolveInfo[RequestContext], **arguments: Any) -> Any:
        loaders = info.context.loaders
        key = (declaration, repr(sorted(arguments.items())))
        loader = loaders.get(key)
        if loader is None:
            loader = loaders[key] = LevelLoader(
                lambda parents: _whole(declaration.resolve(parents, info.context, **arguments))
            )
        value = await loader.load(source)
        value = await value if inspect.isawaitable(value) else value
        return located(value, info.context, info.path.as_list())

    return resolve


async def _whole(values: Any) -> Sequence[Any]:
    """Return all values of a level, whatever form the batched resolver gave them in; those of parts are awaitables."""
    whole = await values if inspect.isawaitable(values) else values
    return list(whole) if isinstance(whole, Partitioned) else whole


def _by_class(python_types: Mapping[type, str]) -> Callable[..., str | None]:
    def resolve_type(
        value: Any, _info: GraphQLResolveInfo[RequestContext], _abstract: GraphQLInterfaceType
    ) -> str | None:
        cls: type = type(value)  # pyright: ignore[reportUnknownVariableType] - any class at all
        return python_types.get(cls)

    return resolve_type
