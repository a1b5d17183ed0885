"""Which system supplies which field is declared; here it is compared with what they really tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway
from graphql import GraphQLInterfaceType, GraphQLObjectType, get_named_type
from vendors import VENDORS

from customer_gateway.api.schema import suppliers
from customer_gateway.app import gateway_schema
from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

SCHEMA = gateway_schema(VENDORS)
SUPPLIERS = suppliers(SCHEMA, [vendor.kind for vendor in VENDORS])


def selection(type_: Any) -> str:
    """Every field of a type and of the types below it, once each, with the type's own name."""
    if isinstance(type_, GraphQLInterfaceType):
        told = (f"... on {each.name} {{ {fields(each)} }}" for each in SCHEMA.get_possible_types(type_))
        return f"{{ __typename {' '.join(told)} }}"
    return f"{{ __typename {fields(type_)} }}" if isinstance(type_, GraphQLObjectType) else ""


def fields(type_: GraphQLObjectType) -> str:
    return " ".join(field(name, type_.fields[name].type) for name in SUPPLIERS.get(type_.name, ()))


def field(name: str, type_: Any) -> str:
    if name == "invoices":
        return f"invoices(first: 100) {{ nodes {selection(SCHEMA.type_map['Invoice'])} }}"
    return f"{name} {selection(get_named_type(type_))}"


def told_in(value: Any) -> Iterator[tuple[str, str]]:
    """Type and name of each field below that holds something."""
    if is_list(value):
        for each in value:
            yield from told_in(each)
    elif is_object(value):
        for name, held in value.items():
            if held not in (None, [], {"nodes": []}) and name != "__typename" and "__typename" in value:
                yield value["__typename"], name
            yield from told_in(held)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_system_tells_the_fields_that_it_is_said_to_supply_and_no_other(gateway: Gateway, system: str) -> None:
    query = f"""query ($name: String!) {{ system(name: $name) {{
        customers(first: 100) {{ nodes {selection(SCHEMA.type_map["Customer"])} }}
    }} }}"""
    declared = {
        (type_name, name)
        for type_name, told in SUPPLIERS.items()
        for name, kinds in told.items()
        if system in {kind.slug for kind in kinds}
    }

    nodes = (await gateway.ask(query, {"name": system})).data["system"]["customers"]["nodes"]

    assert {each for each in told_in(nodes) if each[0] in SUPPLIERS} == declared


@pytest.mark.vendors("pland", "autodns", "next", "lemonsoft", "billbee")  # some fields have one supplier alone
def test_every_unified_field_is_supplied_by_somebody() -> None:
    orphans = [f"{type_name}.{name}" for type_name, told in SUPPLIERS.items() for name, by in told.items() if not by]

    assert orphans == []


def test_the_descriptions_say_who_supplies_a_field() -> None:
    einvoice = SCHEMA.type_map["EInvoice"]
    titles = [kind.title for kind in SUPPLIERS["EInvoice"]["ediAddress"]]

    assert {vendor.kind.title for vendor in VENDORS} & {"NEXT", "Lemonsoft"} <= set(titles)
    assert isinstance(einvoice, GraphQLObjectType)
    assert str(einvoice.fields["ediAddress"].description).endswith(f"Supplied by: {', '.join(titles)}.")
