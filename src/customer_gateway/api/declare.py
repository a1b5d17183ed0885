"""How a field of the schema is declared: one declaration, from which both executors resolve it.

    name: str | None = attribute("Full name.")                     the parent's own attribute
    owner: User | None = batched(owners, "Responsible user.")       one call for all parents of a level
    invoices: InvoiceConnection | None = batched(invoices, "…")     the same; its further parameters are arguments
    id: strawberry.ID = batched(ids("User"), "Global id.")          what its system and key make
    email: str | None = unified("email", "E-mail address.")         a customer's, read from its records

A batched resolver takes the parents and the `RequestContext`, then the arguments, and gives the values in the parents'
order, at once or awaited; an exception among them is that parent's error. `bind` hands the declarations to the
executors: `extensions` for breadth-first, `resolve` for graphql-core.
"""

from __future__ import annotations

import inspect
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType

from customer_gateway.execution import Attribute, Batched, Partitioned, attempted
from customer_gateway.federation.fields import located, read_field
from customer_gateway.federation.loaders import LevelLoader
from customer_gateway.model.ids import encode_id, encode_ids

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from enum import Enum

    from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.fields import ColumnPart
    from customer_gateway.federation.request import RequestContext

    Check: TypeAlias = Callable[..., str | None]
    """Takes the `RequestContext` and the arguments; gives the reason why they are refused, None where they are not."""

DECLARATION: Final = "customer_gateway.execution"
CHECK: Final = "customer_gateway.check"


def attribute(description: str, name: str | None = None) -> Any:
    """Return a field that is an attribute of its parent; `name` where the attribute is called otherwise."""
    return strawberry.field(description=description, metadata={DECLARATION: Attribute(name) if name else Attribute})


def batched(resolve: Callable[..., Any], description: str, check: Check | None = None) -> Any:
    """Return a field resolved for all parents of a level at once; parameters of `resolve` after the second are
    arguments.

    `check` looks at these before anything is executed.
    """
    _parents, _request, *arguments = inspect.signature(resolve).parameters.values()
    metadata = {DECLARATION: Batched(resolve), CHECK: check}
    if not arguments:
        return strawberry.field(description=description, metadata=metadata)
    return strawberry.field(_signature_of(resolve, arguments), description=description, metadata=metadata)


def unified(name: str, description: str) -> Any:
    """Return a unified field of the customer by its model name."""

    def resolve(customers: Sequence[Customer], request: RequestContext) -> Any:
        return merged(read_field(name, customers, request), len(customers))

    return batched(resolve, description)


def described_enum(enum: type[Enum], description: str, **values: str) -> None:
    """Put an enum into the schema, with what it is and what each of its values means."""
    made: Any = strawberry.enum(enum, description=description)
    if values.keys() != enum.__members__.keys():
        raise TypeError(f"{enum.__name__}: every value is described, and nothing else")
    for value in made.__strawberry_definition__.values:
        value.description = values[value.name]


def _signature_of(resolve: Callable[..., Any], arguments: Sequence[inspect.Parameter]) -> Any:
    """Return what strawberry reads a field's arguments from; `bind` puts the real resolver in its place."""

    def unbound(*_: object, **__: object) -> None:
        raise RuntimeError(f"{resolve.__name__} was not bound to an executor")

    shape: Any = unbound
    shape.__name__ = resolve.__name__
    shape.__module__ = resolve.__module__
    shape.__signature__ = inspect.Signature(arguments)
    shape.__annotations__ = {argument.name: argument.annotation for argument in arguments}
    return shape


def ids(type_name: str, system: str = "system", key: str = "key") -> Callable[..., list[Any]]:
    """Return the global ids of nouns that know their system's name and their key, under these attributes."""
    system_of, key_of = attrgetter(system), attrgetter(key)

    def id_of(parent: Any) -> str:
        return encode_id(type_name, system_of(parent), key_of(parent))

    def resolve(parents: Sequence[Any], _request: RequestContext) -> list[Any]:
        try:
            systems = set(map(system_of, parents))
            if len(systems) == 1:
                return encode_ids(type_name, systems.pop(), list(map(key_of, parents)))
        except Exception:  # noqa: BLE001 - one noun whose key cannot be read costs no other's id
            return attempted(id_of, parents)
        return list(map(id_of, parents))

    return resolve


def merged(parts: Sequence[ColumnPart], count: int) -> Any:
    """Merge parts as a batched resolver gives them: a plain list where all is there, else each part on its own."""
    if len(parts) == 1:
        return parts[0].values
    at_hand = [(positions, values) for positions, values in parts if not inspect.isawaitable(values)]
    if len(at_hand) == len(parts):
        whole: list[Any] = [None] * count
        for positions, values in at_hand:
            for position, value in zip(positions, values, strict=True):
                whole[position] = value
        return whole
    return Partitioned([(positions, _awaitable(values)) for positions, values in parts])


def _awaitable(values: Sequence[Any] | Awaitable[Sequence[Any]]) -> Awaitable[Sequence[Any]]:
    return values if inspect.isawaitable(values) else _at_once(values)


async def _at_once(values: Any) -> Sequence[Any]:
    return values


def bind(schema: GraphQLSchema, python_types: Mapping[type, str]) -> None:
    """Bind every declared field; `python_types` has the object type of each class, by which an interface is
    resolved.
    """
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
