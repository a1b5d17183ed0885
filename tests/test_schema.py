from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    introspection_types,
    specified_scalar_types,
)

from customer_gateway.app import gateway_schema, schema_text
from customer_gateway.config import ServerSettings
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SLUGS = [vendor.kind.slug for vendor in VENDORS]
RECORD = "implements CustomerRecord { system: System!  key: String!  link: String  raw: JSON }"
CONTRACTS = ("contract.graphql", "contract_write.graphql")
CONTRACT = build_schema(
    "\n".join(
        [
            *((Path(__file__).parent / name).read_text(encoding="utf-8") for name in CONTRACTS),
            f"enum SystemKind {{ {' '.join(slug.upper() for slug in SLUGS)} }}",
            *(f"type {slug.title()}Customer {RECORD}" for slug in SLUGS),
        ]
    )
)
BUILT = build_schema(schema_text())
PROMISED = sorted(CONTRACT.type_map.keys() - specified_scalar_types.keys() - introspection_types.keys())


def fields_of(type_: GraphQLNamedType) -> dict[str, Any]:
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        return dict(type_.fields)
    return {}


def test_the_committed_schema_is_what_the_code_says() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text(), "run `make schema`"


def test_the_printed_schema_can_be_read_back() -> None:
    assert BUILT.type_map.keys() == gateway_schema().type_map.keys()


@pytest.mark.parametrize("name", PROMISED)
def test_a_promised_type_is_there_and_of_its_kind(name: str) -> None:
    promised, built = CONTRACT.type_map[name], BUILT.type_map.get(name)

    assert type(built) is type(promised)
    if isinstance(promised, GraphQLObjectType | GraphQLInterfaceType):
        assert isinstance(built, GraphQLObjectType | GraphQLInterfaceType)
        assert {each.name for each in promised.interfaces} <= {each.name for each in built.interfaces}
    if isinstance(promised, GraphQLEnumType):
        assert isinstance(built, GraphQLEnumType)
        assert built.values.keys() == promised.values.keys()
    if isinstance(promised, GraphQLInputObjectType):
        assert isinstance(built, GraphQLInputObjectType)
        assert built.is_one_of == promised.is_one_of


@pytest.mark.parametrize("name", PROMISED)
def test_the_promised_fields_of_a_type_have_their_types_and_arguments(name: str) -> None:
    promised, built = (told(each.type_map[name]) for each in (CONTRACT, BUILT))

    assert {field: built.get(field) for field in promised} == promised


def told_of(type_: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """A type, its fields and their arguments, each with its description."""
    yield type_.name, type_.description
    for name, field in fields_of(type_).items():
        yield f"{type_.name}.{name}", field.description
        for argument, taken in getattr(field, "args", {}).items():
            yield f"{type_.name}.{name}({argument}:)", taken.description


def test_the_schema_says_what_it_is_and_how_much_may_be_asked() -> None:
    told, server = gateway_schema().description or "", ServerSettings()

    assert all(vendor.kind.title in told for vendor in VENDORS)
    assert f"a request has {server.deadline_seconds:g} s" in " ".join(told.split())
    assert f"{server.document_tokens:,} tokens and {server.document_depth} levels" in told


def test_every_value_of_an_enum_is_described() -> None:
    enums = [each for name, each in BUILT.type_map.items() if name not in introspection_types]

    told = {
        f"{enum.name}.{name}": value.description
        for enum in enums
        if isinstance(enum, GraphQLEnumType)
        for name, value in enum.values.items()
    }

    assert {"FieldState.EMPTY", "PhoneKind.FAX"} <= told.keys()
    assert all(vendor.kind.about in (told[f"SystemKind.{vendor.kind.slug.upper()}"] or "") for vendor in VENDORS)
    assert all(vendor.kind.about for vendor in VENDORS)
    assert [name for name, description in told.items() if not description] == []


def test_every_scalar_of_our_own_says_where_it_is_specified() -> None:
    ours = [
        each
        for name, each in BUILT.type_map.items()
        if isinstance(each, GraphQLScalarType) and name not in specified_scalar_types
    ]

    assert {each.name for each in ours} == {"DateTime", "Date", "Decimal", "Long", "JSON"}
    assert [each.name for each in ours if not (each.specified_by_url or "").startswith("https://")] == []


def test_every_type_field_and_argument_is_described() -> None:
    ours = [type_ for name, type_ in BUILT.type_map.items() if name not in introspection_types]

    bare = [name for type_ in ours for name, description in told_of(type_) if not description]

    assert bare == []


def told(type_: GraphQLNamedType) -> dict[str, str]:
    """A type's fields as text: `(first: Int!, after: String): CustomerConnection`."""
    return {name: f"({_arguments(field)}): {field.type}" for name, field in fields_of(type_).items()}


def _arguments(field: Any) -> str:
    arguments = getattr(field, "args", {})
    return ", ".join(f"{name}: {arguments[name].type}" for name in sorted(arguments))
