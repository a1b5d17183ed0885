"""Record types: a GraphQL type a documented struct, a field a documented field."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest
from api.acme_graph import SCHEMA
from federation.fake_system import ACME, AcmeCustomer

from customer_gateway.api.schema import build_schema
from customer_gateway.documents import structs as documents
from customer_gateway.documents.structs import Struct, VendorLeaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphql import GraphQLObjectType

    from customer_gateway.documents.structs import VendorField
    from customer_gateway.system import Kind

ADDRESS = Struct("BetaAddress", "An address of Beta.", [documents.text("city", "City.")])


class BetaCustomer(AcmeCustomer):
    """Another vendor's view."""


def beta(fields: Sequence[VendorField], name: str = "BetaCustomer") -> Kind:
    """Another vendor, with these documented fields."""
    return replace(
        ACME, slug="beta", record=Struct(name, "A customer of Beta.", fields), view=BetaCustomer, contacts=(), users=()
    )


def fields_of(name: str, *kinds: Kind) -> dict[str, str]:
    """Each field of a type and its type, as the schema tells them."""
    made = cast("GraphQLObjectType", build_schema(kinds).type_map[name])
    return {field: str(told.type) for field, told in made.fields.items()}


def test_a_record_type_has_what_all_records_have_and_its_documented_fields_all_nullable() -> None:
    assert fields_of("AcmeCustomer", ACME) == {
        "id": "ID!",
        "system": "System!",
        "key": "String!",
        "version": "String",
        "link": "String",
        "raw": "JSON",
        "vendorId": "ID",
        "name": "String",
        "supplier": "Boolean",
        "emails": "[String!]",
        "creditLimit": "Decimal",
        "serial": "Long",
        "shade": "String",
    }


def test_every_leaf_has_its_scalar() -> None:
    scalars = fields_of("BetaCustomer", beta([documents.VendorField(leaf.name, leaf, "…") for leaf in VendorLeaf]))

    assert {leaf: scalars[documents.graphql_name(leaf.name)] for leaf in VendorLeaf} == {
        leaf: leaf.value for leaf in VendorLeaf
    }


def test_a_nested_struct_is_a_type_of_its_own_made_once() -> None:
    kind = beta([documents.one("home", ADDRESS, "…"), documents.many("others", ADDRESS, "…")])

    assert fields_of("BetaCustomer", kind)["home"] == "BetaAddress"
    assert fields_of("BetaCustomer", kind)["others"] == "[BetaAddress!]"
    assert fields_of("BetaAddress", kind) == {"city": "String"}


def test_the_documents_say_what_each_type_and_field_means() -> None:
    made = cast("GraphQLObjectType", SCHEMA.type_map["AcmeCustomer"])

    assert made.description == "A customer of Acme."
    assert made.fields["creditLimit"].description == "Credit limit."


@pytest.mark.parametrize(
    "fields",
    [
        [documents.text("vat_id", "…"), documents.text("VatId", "…")],
        [documents.text("key", "…")],
        [documents.identifier("_id", "…")],
        [documents.json("Raw", "…")],
    ],
)
def test_two_fields_under_one_name_are_a_mistake(fields: list[VendorField]) -> None:
    with pytest.raises(TypeError, match=r"BetaCustomer\.\w+ stands twice"):
        build_schema([beta(fields)])


def test_two_structs_under_one_name_are_a_mistake() -> None:
    other = Struct("BetaAddress", "Something else.", [documents.text("planet", "…")])

    with pytest.raises(TypeError, match="BetaAddress is documented twice"):
        build_schema([beta([documents.one("home", ADDRESS, "…"), documents.one("away", other, "…")])])


def test_the_schema_grows_with_the_registered_kinds() -> None:
    schema = build_schema([ACME, beta([documents.text("name", "…")])])

    assert {"AcmeCustomer", "BetaCustomer"} <= schema.type_map.keys()
    assert "BetaCustomer" not in SCHEMA.type_map
