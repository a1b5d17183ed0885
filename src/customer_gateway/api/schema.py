"""The whole schema: the contract's types, the record types of the registered kinds, bound to both executors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    print_schema,
    specified_scalar_types,
)
from strawberry.schema.config import StrawberryConfig

from customer_gateway.api.access import REQUIRES_SCOPES, require_scopes, with_scopes
from customer_gateway.api.declare import bind
from customer_gateway.api.introduction import introduction
from customer_gateway.api.mutation import Mutation
from customer_gateway.api.nouns import BankAccount, LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.api.patches import INPUTS, input_types
from customer_gateway.api.query import Query
from customer_gateway.api.records import record_types
from customer_gateway.api.scalars import SCALARS
from customer_gateway.documents.structs import graphql_name
from customer_gateway.federation.customer import Customer
from customer_gateway.federation.indexed import indexed_class
from customer_gateway.model import nouns
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLField, GraphQLNamedType

    from customer_gateway.system import Kind

_UNIFIED_CLASSES: Final[dict[type, str]] = {
    Customer: "Customer",
    nouns.BankAccount: "BankAccount",
    nouns.SepaMandate: "SepaMandate",
    nouns.PaymentCard: "PaymentCard",
    nouns.LedgerAccount: "LedgerAccount",
    nouns.Agreement: "Agreement",
    nouns.Invoice: "Invoice",
}


def build_schema(kinds: Sequence[Kind]) -> GraphQLSchema:
    """Return the schema for the registered kinds: it grows with the registry, never with the configuration."""
    accounts: list[Any] = [BankAccount, SepaMandate, PaymentCard, LedgerAccount]
    made: Any = strawberry.Schema(
        query=Query,
        mutation=Mutation,
        types=[*accounts, *record_types(kinds)],
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    schema: GraphQLSchema = made._schema  # noqa: SLF001 - the graphql-core schema is what both executors run on
    schema = _introduced(schema, kinds, _scalars(made))
    _mark_one_ofs(schema)
    _tell_suppliers(schema, kinds)
    bind(schema, _python_types(kinds))
    require_scopes(schema, kinds, unified_names(schema))
    return schema


def sdl(schema: GraphQLSchema) -> str:
    """Return the schema in the schema definition language, as committed in schema.graphql."""
    return with_scopes(print_schema(schema), schema) + "\n"


def unified_names(schema: GraphQLSchema) -> Mapping[str, Mapping[str, str]]:
    """For every unified type the model names of its fields by their GraphQL names; record types keep theirs."""
    return {
        each.name: {name: _model_name(field) for name, field in each.fields.items()}
        for each in schema.type_map.values()
        if isinstance(each, GraphQLObjectType) and not each.name.startswith("__")
    }


def _model_name(field: Any) -> str:
    definition = field.extensions.get("strawberry-definition")
    return definition.python_name if definition is not None else ""


def _scalars(made: Any) -> Mapping[str, GraphQLNamedType]:
    """Return every scalar by its name, also one that no field has: an input may."""
    ours = [made.schema_converter.from_scalar(each) for each in SCALARS]
    return {**specified_scalar_types, **{each.name: each for each in ours}}


def _introduced(schema: GraphQLSchema, kinds: Sequence[Kind], scalars: Mapping[str, GraphQLNamedType]) -> GraphQLSchema:
    """Return the schema with what no annotation can know of the registered kinds: its description, the enum
    `System.kind`, the inputs of the mutations.
    """
    system_kind = GraphQLEnumType(
        "SystemKind",
        {kind.slug.upper(): GraphQLEnumValue(kind.slug.upper(), description=_about(kind)) for kind in kinds},
        description="The vendors the gateway speaks to.",
    )
    fields_of(schema, "System")["kind"].type = GraphQLNonNull(system_kind)
    inputs = input_types(kinds, {**scalars, **schema.type_map})
    for name, field in fields_of(schema, "Mutation").items():
        if (input_name := INPUTS.get(name)) is not None:
            field.args["input"].type = GraphQLNonNull(inputs[input_name])
    described = schema.to_kwargs()
    described["description"] = introduction(kinds)
    described["directives"] = (*schema.directives, REQUIRES_SCOPES)
    return GraphQLSchema(**described)


def _about(kind: Kind) -> str:
    return f"{kind.title}: {kind.about}" if kind.about else f"{kind.title}."


def _mark_one_ofs(schema: GraphQLSchema) -> None:
    """Mark the @oneOf inputs for graphql-core: Strawberry checks them in an extension of its own executor only."""
    for each in schema.type_map.values():
        if isinstance(each, GraphQLInputObjectType):
            definition = each.extensions.get("strawberry-definition")  # those of `api.patches` have none
            each.is_one_of = definition is not None and definition.is_one_of


def suppliers(schema: GraphQLSchema, kinds: Sequence[Kind]) -> Mapping[str, Mapping[str, Sequence[Kind]]]:
    """Return the unified types: for each of their fields, by GraphQL names, the kinds that have a source for it.

    Left out is what no kind can be without: ids, and what is never null.
    """
    customer = {graphql_name(name): [kind for kind in kinds if name in kind.supplies] for name in UNIFIED_FIELDS}
    around = sorted({"Contact", "User"}.union(*(kind.details for kind in kinds)))
    return {"Customer": customer} | {
        type_name: {
            name: [kind for kind in kinds if kind.tells(type_name, _model_name(field))]
            for name, field in fields_of(schema, type_name).items()
            if name != "customer" and not _never_null(field)
        }
        for type_name in around
    }


def _never_null(field: GraphQLField) -> bool:
    # graphql-core leaves the types inside of a non-null type open.
    return isinstance(field.type, GraphQLNonNull)  # pyright: ignore[reportUnknownMemberType] - see above


def _tell_suppliers(schema: GraphQLSchema, kinds: Sequence[Kind]) -> None:
    """Say at each unified field which systems supply it."""
    for type_name, fields in suppliers(schema, kinds).items():
        for name, supplying in fields.items():
            field = fields_of(schema, type_name)[name]
            titles = ", ".join(kind.title for kind in supplying)
            field.description = f"{field.description} Supplied by: {titles or 'none'}."


def fields_of(schema: GraphQLSchema, type_name: str) -> Mapping[str, GraphQLField]:
    """Return the fields of an object type of the schema."""
    type_ = schema.type_map[type_name]
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(f"{type_name} is no object type")
    return type_.fields


def _python_types(kinds: Sequence[Kind]) -> dict[type, str]:
    """Return which object type a value is of, by its class: for the interfaces Node, Account and CustomerRecord."""
    classes = dict(_UNIFIED_CLASSES)
    for kind in kinds:
        classes[kind.view] = classes[indexed_class(kind)] = kind.record.name
        classes |= dict.fromkeys(kind.contacts, "Contact") | dict.fromkeys(kind.users, "User")
    return classes
