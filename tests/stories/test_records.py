"""Records: every field that a vendor documents, typed, beside the whole document; where unified values came from."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import CONTACTS, FIRST, SECOND
from sandbox.clients import guest, renamed, signed_in
from vendors import FACTS, VENDORS

from customer_gateway.documents.record import is_list
from customer_gateway.documents.structs import Struct, VendorField, VendorLeaf, graphql_name
from customer_gateway.model.nouns import UNIFIED_FIELDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    import httpx

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

KINDS = {vendor.kind.slug: vendor.kind for vendor in VENDORS}


def selection_of(struct: Struct, depth: int = 4) -> str:
    """Every documented field, nested ones too."""
    return " ".join(
        each.name if isinstance(each.type, VendorLeaf) else f"{each.name} {{ {selection_of(each.type, depth - 1)} }}"
        for each in struct.fields
        if depth or isinstance(each.type, VendorLeaf)
    )


def page_of(system: str, first: int, selection: str) -> str:
    return f'{{ system(name: "{system}") {{ customers(first: {first}) {{ nodes {{ {selection} }} }} }} }}'


async def nodes_of(gateway: Gateway, system: str, selection: str, first: int = 100) -> list[dict[str, Any]]:
    return (await gateway.ask(page_of(system, first, selection))).data["system"]["customers"]["nodes"]


def differences(told: dict[str, Any], sent: dict[str, Any], struct: Struct, path: str = "") -> Iterator[Any]:
    """Documented fields that are told otherwise than the document has them."""
    for each in struct.fields:
        value, field = sent.get(each.vendor), told.get(each.name)
        if each.name not in told:
            continue
        if each.many and is_list(value):
            if not is_list(field) or len(field) != len(value):
                yield path + each.vendor, value, field
            else:
                for one_told, one_sent in zip(field, value, strict=True):
                    yield from _difference(one_told, one_sent, each, f"{path}{each.vendor}[].")
        else:
            yield from _difference(field, value, each, f"{path}{each.vendor}.")


def _difference(told: Any, sent: Any, field: VendorField, path: str) -> Iterator[Any]:
    if sent is None:
        if told is not None:
            yield path, sent, told
    elif isinstance(field.type, Struct):
        yield from differences(told, sent, field.type, path)
    elif not _SAME[field.type](told, sent):
        yield path, sent, told


def _is_moment(told: Any, _sent: Any) -> bool:
    return told.endswith("Z") and datetime.fromisoformat(told).tzinfo is not None


_SAME: dict[VendorLeaf, Callable[[Any, Any], bool]] = {
    VendorLeaf.ID: lambda told, sent: told == str(sent),
    VendorLeaf.TEXT: lambda told, sent: told == str(sent),
    VendorLeaf.INT: lambda told, sent: told == int(sent),
    VendorLeaf.LONG: lambda told, sent: told == int(sent),
    VendorLeaf.DECIMAL: lambda told, sent: Decimal(told) == Decimal(str(sent)),
    VendorLeaf.BOOLEAN: lambda told, sent: told is bool(sent),
    VendorLeaf.MOMENT: _is_moment,
    VendorLeaf.DAY: lambda told, sent: str(sent).startswith(told),
    VendorLeaf.JSON: lambda told, sent: told == sent,
}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_every_documented_field_is_told_as_the_document_has_it(gateway: Gateway, system: str) -> None:
    struct = KINDS[system].record
    typed = f"... on {struct.name} {{ {selection_of(struct)} }}"
    nodes = await nodes_of(gateway, system, f"records {{ __typename key raw {typed} }}")
    records = [node["records"][0] for node in nodes]
    silent = [f.name for f in struct.fields if not any(r[f.name] not in (None, []) for r in records)]

    assert {record["__typename"] for record in records} == {struct.name}
    wrong = [each for record in records for each in differences(record, record["raw"], struct) if each[0] != "Address."]
    assert wrong == []
    assert silent == []


@asynccontextmanager
async def client_of(box: Sandbox, system: str) -> AsyncGenerator[httpx.AsyncClient]:
    """The vendor's own API, as one who is let in sees it."""
    async with guest(box.vendors[system]) as client:
        yield await signed_in(box.vendors[system], client)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_raw_is_the_whole_document_that_the_link_leads_to(gateway: Gateway, system: str) -> None:
    nodes = await nodes_of(gateway, system, "records { link raw }", first=10)
    pages = FACTS[system].pages

    async with client_of(gateway.box, system) as client:
        for record in (node["records"][0] for node in nodes):
            answer = await client.get(record["link"])
            assert answer.status_code == 200
            assert record["raw"] == pages.record_in(pages.found_in(answer.json()))


NOT_IN_SYSTEM = {name: facts.not_in_system for name, facts in FACTS.items()}
"""The dashes of the table of unified fields."""

LISTS = {"emails", "phones", "addresses", "notes", "externalIds", "contacts", "accounts", "agreements", "invoices"}
SELECTED = {
    **{graphql_name(name): graphql_name(name) for name in UNIFIED_FIELDS},
    "emails": "emails { address }",
    "phones": "phones { raw }",
    "address": "address { kind }",
    "addresses": "addresses { kind }",
    "billing": "billing { email }",
    "contacts": "contacts { id }",
    "accounts": "accounts { id }",
    "agreements": "agreements { id }",
    "invoices": "invoices(first: 1) { totalCount nodes { id } }",
    **{name: f"{name} {{ id }}" for name in ("owner", "updater", "creator")},
}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_provenance_says_where_every_value_came_from_or_why_there_is_none(gateway: Gateway, system: str) -> None:
    everything = " ".join(SELECTED.values())
    told = "provenance { field state record { system key } } records { key }"
    nodes = await nodes_of(gateway, system, f"{everything} {told}", first=50)

    for node in nodes:
        record = {"system": system, "key": node["records"][0]["key"]}
        states = {each["field"]: each for each in node["provenance"]}
        assert states.keys() == SELECTED.keys()
        for name, told_of in states.items():
            value = node[name]["nodes"] if name == "invoices" and node[name] else node[name]
            state = "VALUE" if value not in (None, []) else "EMPTY"
            if name in NOT_IN_SYSTEM[system]:
                assert told_of == {"field": name, "state": "NOT_IN_SYSTEM", "record": None}
                assert value == ([] if name in LISTS else None), name
                assert name != "invoices" or node[name]["totalCount"] is None
            else:
                assert told_of == {"field": name, "state": state, "record": record}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_system_can_read_what_it_has_a_source_for(gateway: Gateway, system: str) -> None:
    query = "query ($name: String!) { system(name: $name) { capabilities { field readable writable filterable } } }"

    capabilities = (await gateway.ask(query, {"name": system})).data["system"]["capabilities"]

    written_alone = {each["field"] for each in capabilities} - SELECTED.keys()
    assert SELECTED.keys() <= {each["field"] for each in capabilities}
    assert all(each["writable"] for each in capabilities if each["field"] in written_alone)
    assert {each["field"] for each in capabilities if not each["readable"]} == NOT_IN_SYSTEM[system]
    assert gateway.log(system) == []


async def test_the_provenance_of_what_could_not_be_read_is_failed_and_no_error(gateway: Gateway) -> None:
    system, path = next((name, path) for name, path in CONTACTS.items() if "owner" in NOT_IN_SYSTEM[name])
    gateway.box.vendors[system].faults.set("status", status=503, path=path)
    selection = 'name provenance(fields: ["contacts", "name", "owner"]) { field state }'

    (node,) = await nodes_of(gateway, system, selection, first=1)

    assert node["provenance"] == [
        {"field": "contacts", "state": "FAILED"},
        {"field": "name", "state": "VALUE"},
        {"field": "owner", "state": "NOT_IN_SYSTEM"},
    ]


@pytest.mark.parametrize("written", ['["name", "nam"]', "$fields"])
async def test_provenance_of_an_unknown_field_is_one_mistake_before_anything_is_read(
    box: Sandbox, executor: ExecutorName, written: str
) -> None:
    operation = "query ($fields: [String!]) " if written == "$fields" else ""
    document = operation + page_of(FIRST, 2, f"name provenance(fields: {written}) {{ state }}")
    async with gateway_over(box, executor=executor) as gateway:
        answer = await gateway.ask(document, {"fields": ["name", "nam"]})

        assert (answer.status, answer.codes, "data" in answer.body) == (422, ["BAD_USER_INPUT"], False)
        assert gateway.log(FIRST) == []
    (error,) = answer.errors
    assert error["message"].startswith("provenance knows no field nam; it knows: number, name, kind, ")
    assert error["message"].endswith(", updatedAt.")


STATES = {name: facts.states for name, facts in FACTS.items()}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_inactive_customers_are_listed_too(gateway: Gateway, system: str) -> None:
    nodes = await nodes_of(gateway, system, "status")

    assert {node["status"] for node in nodes} == STATES[system]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_version_changes_with_its_record_and_with_nothing_else(gateway: Gateway, system: str) -> None:
    selection = "name status version records { link raw }"
    before = await nodes_of(gateway, system, selection, first=10)
    active = next(place for place, node in enumerate(before) if place and node["status"] == "ACTIVE")
    again = await nodes_of(gateway, system, selection, first=10)
    await renamed(gateway.box, system, before[active]["records"][0])
    after = await nodes_of(gateway, system, selection, first=10)

    versions = [[node["version"] for node in nodes] for nodes in (before, again, after)]
    assert versions[0] == versions[1]
    assert len(set(versions[0])) == 10
    assert after[active]["name"] == "Neu"
    assert [place for place in range(10) if versions[0][place] != versions[2][place]] == [active]


async def test_two_systems_of_one_kind_stand_side_by_side(box: Sandbox) -> None:
    query = """{ systems { name kind customers(first: 2) { nodes {
        id name contacts { id } records { __typename key system { name kind } }
    } } } }"""

    async with gateway_over(box, systems=[("shop", SECOND), (FIRST, FIRST), ("north", FIRST)]) as gateway:
        shop, south, north = (await gateway.ask(query)).data["systems"]
        ids = [system["customers"]["nodes"][1]["id"] for system in (south, north)]
        found = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
        key = north["customers"]["nodes"][0]["records"][0]["key"]
        by_key = await gateway.ask(f'{{ customer(by: {{ record: {{ system: "north", key: "{key}" }} }}) {{ id }} }}')

    assert [(each["name"], each["kind"]) for each in (shop, south, north)] == [
        ("shop", SECOND.upper()),
        (FIRST, FIRST.upper()),
        ("north", FIRST.upper()),
    ]
    names = [[node["name"] for node in system["customers"]["nodes"]] for system in (south, north)]
    assert names[0] == names[1]
    assert [node["records"][0]["system"] for node in north["customers"]["nodes"]] == [
        {"name": "north", "kind": FIRST.upper()}
    ] * 2
    assert ids[0] != ids[1]
    assert [node["id"] for node in found.data["nodes"]] == ids
    assert by_key.data["customer"]["id"] == north["customers"]["nodes"][0]["id"]


CACHED = "{ systems { __typename id name customers(first: 100) { nodes { records { __typename id key vendor } } } } }"
WITH_VENDOR_IDS = CACHED.replace(
    "vendor",
    " ".join(f"... on {kind.record.name} {{ vendorId }}" for kind in KINDS.values() if FACTS[kind.slug].vendor_id),
)


def cached_by(systems: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """What a client's cache would hold, under type and id: the system's name and a record's key, none for a system."""
    found = [(each, (each["name"], "")) for each in systems]
    found += [
        (record, (system["name"], record["key"]))
        for system in systems
        for node in system["customers"]["nodes"]
        for record in node["records"]
    ]
    return {f"{each['__typename']}:{each['id']}": what for each, what in found}


async def test_systems_and_records_have_ids_that_no_other_has_under_which_clients_can_keep_them(box: Sandbox) -> None:
    twins = [(name, name) for name in SYSTEMS] + [(f"{name}_north", name) for name in SYSTEMS]

    async with gateway_over(box, systems=twins) as gateway:
        systems = (await gateway.ask(WITH_VENDOR_IDS)).data["systems"]
    async with gateway_over(box, systems=twins[::-1]) as gateway:
        again = (await gateway.ask(WITH_VENDOR_IDS)).data["systems"]

    kept = cached_by(systems)
    assert len(kept) == len(twins) + sum(len(each["customers"]["nodes"]) for each in systems)
    assert len({what for what in kept.values() if what[1]}) == len(kept) - len(twins)
    assert cached_by(again) == kept
    for system in systems:
        if FACTS[system["name"].removesuffix("_north")].vendor_id:
            records = [record for node in system["customers"]["nodes"] for record in node["records"]]
            assert [record["vendorId"] for record in records] == [record["key"] for record in records]
