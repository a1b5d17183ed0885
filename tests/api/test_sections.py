"""Sections: made from what a vendor documents, without what its server makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from api.recorded_operations import KIND, RECORD, SCHEMA, WRITES
from federation.fake_system import ACME
from graphql import specified_scalar_types
from vendors import VENDORS

from customer_gateway.api.schema import build_schema
from customer_gateway.api.sections import SectionTypes, list_patch
from customer_gateway.app import gateway_schema
from customer_gateway.documents import structs
from customer_gateway.documents.structs import Struct, VendorLeaf
from customer_gateway.documents.writing import Writes
from customer_gateway.model.changes import PATCH_FIELDS, ListPatch

if TYPE_CHECKING:
    from graphql import GraphQLInputObjectType, GraphQLSchema


def fields_of(name: str, schema: GraphQLSchema = SCHEMA) -> dict[str, str]:
    made = cast("GraphQLInputObjectType", schema.type_map[name])
    return {field: str(each.type) for field, each in made.fields.items()}


def test_a_section_has_every_documented_field_but_those_that_the_server_makes() -> None:
    assert fields_of("AcmeCustomerPatch") == {
        "name": "String",
        "supplier": "Boolean",
        "emails": "StringSetPatch",
        "creditLimit": "Decimal",
        "serial": "Long",
        "shade": "String",
        "points": "Long",
        "since": "DateTime",
        "place": "AcmePlacePatch",
        "lines": "AcmeLineListPatch",
        "bare": "AcmePlaceListPatch",
        "iban": "String",
        "pin": "String",
    }


def test_a_list_of_entries_with_ids_takes_them_one_by_one_others_are_set_whole() -> None:
    assert fields_of("AcmeLineListPatch") == {
        "set": "[AcmeLinePatch!]",
        "add": "[AcmeLinePatch!]",
        "update": "[AcmeLinePatch!]",
        "remove": "[ID!]",
    }
    assert fields_of("AcmePlaceListPatch") == {"set": "[AcmePlacePatch!]"}
    assert fields_of("StringSetPatch") == {"set": "[String!]"}
    assert fields_of("AcmePlacePatch") == {"town": "String"}


def test_an_entry_has_its_id_though_the_server_makes_it() -> None:
    writes = replace(WRITES, server_made={"id": "Acme gives it.", "lines.id": "Acme gives it."})

    schema = build_schema([replace(KIND, writes=writes)])

    assert "id" in fields_of("AcmeLinePatch", schema)
    assert "vendorId" not in fields_of("AcmeCustomerPatch", schema)


def test_a_required_field_and_a_longest_text_are_described() -> None:
    section = cast("GraphQLInputObjectType", SCHEMA.type_map["AcmeCustomerPatch"])

    assert section.fields["name"].description == "Its name. Always has a value. At most 50 characters."


def test_ids_have_the_type_that_the_vendor_gives_them() -> None:
    record = Struct(RECORD.name, RECORD.about, [*RECORD.fields, structs.identifier("group_id", "Its group.")])
    writes = replace(WRITES, record=record, ids=VendorLeaf.LONG)

    schema = build_schema([replace(KIND, record=record, writes=writes)])

    assert fields_of("AcmeCustomerPatch", schema)["groupId"] == "Long"
    assert fields_of("AcmeLineListPatch", schema)["remove"] == "[Long!]"


def test_an_object_within_itself_is_one_type() -> None:
    fields: list[Any] = [structs.text("name", "Its name.")]
    node = Struct("AcmeNode", "A node.", fields)
    fields.append(structs.one("below", node, "The node below."))
    record = Struct("AcmeCustomer", "A customer.", [structs.one("node", node, "A node.")])

    section = SectionTypes(specified_scalar_types.__getitem__).section(Writes(record, {}, None, None, {}, {}))
    made = cast("GraphQLInputObjectType", section.fields["node"].type)

    assert {name: str(each.type) for name, each in made.fields.items()} == {"name": "String", "below": "AcmeNodePatch"}


def test_a_vendor_that_cannot_be_written_has_no_section() -> None:
    assert "acme" not in fields_of("CustomerPatch", build_schema([ACME]))


def test_the_unified_fields_are_those_of_the_model() -> None:
    schema = gateway_schema()
    paths: list[str] = []

    def collect(name: str, before: str) -> None:
        for each in cast("GraphQLInputObjectType", schema.type_map[name]).fields.values():
            if each.out_name is None:
                continue
            inner = str(each.type)
            if inner in {"AddressPatch", "BillingPatch", "EInvoicePatch"}:
                collect(inner, f"{before}{each.out_name}.")
            else:
                paths.append(f"{before}{each.out_name}")

    collect("CustomerPatch", "")

    assert sorted(paths) == sorted(PATCH_FIELDS)


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.kind.slug)
def test_every_kind_that_can_be_written_has_a_section_of_its_own(vendor: Any) -> None:
    schema, kind = gateway_schema(), vendor.kind

    if kind.writes is not None:
        assert fields_of("CustomerPatch", schema)[kind.slug] == f"{kind.record.name}Patch"
        assert fields_of(f"{kind.record.name}Patch", schema)


@pytest.mark.parametrize(
    ("given", "patch"),
    [
        ({"add": []}, ListPatch()),
        ({"set": None}, ListPatch(set=())),
        ({"set": ["a"], "add": None}, ListPatch(set=["a"])),
        ({"add": ["a"], "update": [{"id": 1}], "remove": ["b"]}, ListPatch(None, ["a"], [{"id": 1}], ["b"])),
    ],
)
def test_a_change_of_a_list_is_what_was_given(given: dict[str, Any], patch: ListPatch) -> None:
    assert list_patch(given) == patch
