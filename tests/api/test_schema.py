"""The schema: grown from the registered kinds, each unified field saying who supplies it."""

from __future__ import annotations

from typing import cast

import pytest
from api.acme_graph import NAMES, SCHEMA
from graphql import GraphQLEnumType, GraphQLObjectType, validate_schema

from customer_gateway.api.schema import fields_of, sdl


def customer_field(name: str) -> str:
    return cast("GraphQLObjectType", SCHEMA.type_map["Customer"]).fields[name].description or ""


def test_the_schema_is_valid() -> None:
    assert validate_schema(SCHEMA) == []


def test_the_kinds_of_systems_are_those_registered() -> None:
    kinds = cast("GraphQLEnumType", SCHEMA.type_map["SystemKind"])

    assert list(kinds.values) == ["ACME"]
    assert kinds.values["ACME"].description == "Acme: a vendor made up for tests."


def test_every_unified_field_says_which_systems_supply_it() -> None:
    assert customer_field("name").endswith("Supplied by: Acme.")
    assert customer_field("contacts").endswith("Supplied by: Acme.")
    assert customer_field("website").endswith("Supplied by: none.")


def test_model_names_are_known_by_the_names_that_clients_use() -> None:
    assert NAMES["Customer"]["vatNumber"] == "vat_number"
    assert NAMES["PageInfo"]["hasNextPage"] == "has_next_page"
    assert "__Type" not in NAMES


def test_record_types_keep_their_names() -> None:
    assert NAMES["AcmeCustomer"]["creditLimit"] in {"", "creditLimit"}


def test_the_schemas_own_language_ends_with_a_line_end() -> None:
    text = sdl(SCHEMA)

    assert "type Customer implements Node {" in text
    assert text.endswith("}\n")


def test_only_object_types_are_asked_for_their_fields() -> None:
    assert "raw" in fields_of(SCHEMA, "AcmeCustomer")
    with pytest.raises(TypeError, match="Node is no object type"):
        fields_of(SCHEMA, "Node")
