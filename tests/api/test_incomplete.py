"""Customers of several records as a client sees them: the customer, its error, or nothing; and what it lacks."""

from __future__ import annotations

import asyncio
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from api.acme_graph import Graph, answer_of
from federation.fake_system import Acme, AcmeContact, AcmeUser, Asked, Joined

from customer_gateway.errors import UpstreamBadResponse, UpstreamUnavailable
from customer_gateway.model.ids import encode_id
from customer_gateway.model.nouns import Invoice
from customer_gateway.system import Route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.api.engine import ExecutorName

pytestmark = pytest.mark.anyio

SYSTEMS: Final = ("pland", "autodns", "next")
MIXES: Final = [mix for size in (2, 3) for mix in product(("read", "missing", "failed"), repeat=size)]
EVERY_MIX: Final = pytest.mark.parametrize("mix", MIXES, ids="+".join)
FIRST: Final = encode_id("Customer", "pland", "1")


@pytest.fixture(params=["breadth", "reference"])
def executor(request: pytest.FixtureRequest) -> ExecutorName:
    return request.param


def world(mix: Sequence[str]) -> list[Acme]:
    """A system for each record: it has it, or not, or does not answer; pages, contacts and so on it always has."""
    systems = [
        Acme(
            name,
            [{"id": "1", "name": f"Of {name}", "owner": "u"}] if state == "read" else [],
            staff={"u": AcmeUser(name, "u", f"User of {name}")},
            contact_lists={"1": [AcmeContact(name, "c", "1", f"Contact of {name}")]},
            bills={"1": [Invoice(name, "i", "1", date=date(2026, 1, 1))]},
        )
        for name, state in zip(SYSTEMS, mix, strict=False)
    ]
    for state, system in zip(mix, systems, strict=True):
        if state == "failed":
            system.failing["customers"] = UpstreamUnavailable(system.name, "down")
    return systems


def graph(executor: ExecutorName, systems: Sequence[Acme]) -> Graph:
    return Graph(executor, *systems, links=Joined([(system.name, "1") for system in systems]))


def named(mix: Sequence[str], state: str) -> list[str]:
    return [name for name, each in zip(SYSTEMS, mix, strict=False) if each == state]


def lacking(path: Sequence[str | int], *systems: str) -> list[dict[str, Any]]:
    """The entries of `extensions.incomplete` for systems that are down."""
    told = {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}
    return [{"path": list(path), "system": system, **told} for system in systems]


def incomplete(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    return answer.get("extensions", {}).get("incomplete", [])


def as_expected(answer: Mapping[str, Any], found: Any, path: Sequence[str | int], mix: Sequence[str]) -> None:
    """What stands at `path` is the customer, lacking what failed; or null with the error, or without one."""
    failed = named(mix, "failed")
    if "read" in mix:
        assert found is not None
        assert found["id"] == FIRST
        assert found["records"] == [{"system": {"name": name}} for name in named(mix, "read")]
        assert (found["version"] is None) == bool(failed)
        assert incomplete(answer) == lacking(path, *failed)
        assert "errors" not in answer
        return
    assert found is None
    assert incomplete(answer) == []
    errors = [(each["path"], each["extensions"]["system"]) for each in answer.get("errors", [])]
    assert errors == ([(list(path), failed[0])] if failed else [])


SELECTION: Final = "id version records { system { name } }"


@EVERY_MIX
async def test_a_customer_by_its_id_or_one_of_its_records(mix: tuple[str, ...], executor: ExecutorName) -> None:
    for system in SYSTEMS[: len(mix)]:
        by = f'{{record: {{system: "{system}", key: "1"}}}}'
        for argument in (by, f'{{id: "{encode_id("Customer", system, "1")}"}}'):
            answer = await graph(executor, world(mix)).ask(f"{{ one: customer(by: {argument}) {{ {SELECTION} }} }}")

            as_expected(answer, answer["data"]["one"], ["one"], mix)


@EVERY_MIX
async def test_a_node_and_a_batch_of_nodes(mix: tuple[str, ...], executor: ExecutorName) -> None:
    systems = world(mix)
    systems.append(Acme("billbee", [{"id": "9", "name": "Alone"}]))
    ids = [encode_id("Customer", *ref) for ref in (("billbee", "9"), (SYSTEMS[1], "1"))]
    links = Joined([(name, "1") for name in SYSTEMS[: len(mix)]])
    document = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Customer {{ {SELECTION} }} }} }}"

    batch = await Graph(executor, *systems, links=links).ask(document, ids=ids)
    single = await Graph(executor, *systems, links=links).ask(
        f"query ($id: ID!) {{ node(id: $id) {{ id ... on Customer {{ {SELECTION} }} }} }}", id=ids[1]
    )

    alone, found = batch["data"]["nodes"]
    assert alone["id"] == ids[0]
    as_expected(batch, found, ["nodes", 1], mix)
    as_expected(single, single["data"]["node"], ["node"], mix)


@EVERY_MIX
async def test_the_customer_of_a_contact(mix: tuple[str, ...], executor: ExecutorName) -> None:
    """Also where the record that the contact belongs to is the one that cannot be read."""
    systems = world(mix)
    contact = encode_id("Contact", "autodns", "c")

    answer = await graph(executor, systems).ask(
        f'{{ node(id: "{contact}") {{ ... on Contact {{ customer {{ {SELECTION} }} }} }} }}'
    )

    as_expected(answer, answer["data"]["node"]["customer"], ["node", "customer"], mix)


@pytest.mark.parametrize("mix", [mix for mix in MIXES if mix[0] == "read"], ids="+".join)
async def test_a_page_tells_once_which_systems_its_customers_lack(mix: tuple[str, ...], executor: ExecutorName) -> None:
    systems = world(mix)
    systems[0].documents = [{"id": key} for key in "123"]
    for system in systems[1:]:
        system.documents = [{"id": key} for key in "123" if system.documents]
    links = Joined(*([(system.name, key) for system in systems] for key in "12"))
    document = f'{{ pages: systems(names: ["pland"]) {{ customers(first: 3) {{ nodes {{ {SELECTION} }} }} }} }}'

    answer = await Graph(executor, *systems, links=links).ask(document)

    first, second, third = answer["data"]["pages"][0]["customers"]["nodes"]
    as_expected(answer, first, ["pages", 0, "customers"], mix)
    assert (first["records"], first["version"] is None) == (second["records"], second["version"] is None)
    assert third["records"] == [{"system": {"name": "pland"}}]
    assert third["version"] is not None
    assert [system.log for system in systems] == [["page 0+3"]] + [["customers 1,2"]] * (len(mix) - 1)


@EVERY_MIX
async def test_nested_fields_are_those_of_the_records_that_were_read(
    mix: tuple[str, ...], executor: ExecutorName
) -> None:
    if "read" not in mix:
        return
    systems = world(mix)
    answer = await graph(executor, systems).ask(
        """{ customer(by: {record: {system: "pland", key: "1"}}) {
            name owner { name } contacts { name customer { id } }
            invoices(first: 9) { nodes { id customer { id } } totalCount } } }"""
    )

    read, failed = named(mix, "read"), named(mix, "failed")
    one = answer["data"]["customer"]
    assert (one["name"], one["owner"]["name"]) == (f"Of {read[0]}", f"User of {read[0]}")
    assert one["contacts"] == [{"name": f"Contact of {name}", "customer": {"id": FIRST}} for name in read]
    assert [each["customer"] for each in one["invoices"]["nodes"]] == [{"id": FIRST}] * len(read)
    assert one["invoices"]["totalCount"] == (None if failed else len(read))
    assert "errors" not in answer
    assert incomplete(answer)[: len(failed)] == lacking(["customer"], *failed)
    assert all(system.log.count("customers 1") == 1 for system in systems)
    assert all(len(system.log) == (4 if system.name in read else 1) for system in systems)


async def test_a_list_of_which_one_records_part_failed_is_told_with_its_own_path(executor: ExecutorName) -> None:
    systems = world(("read", "read", "read"))
    systems[1].failing |= dict.fromkeys(("contacts", "invoices"), UpstreamBadResponse("autodns", "odd"))

    answer = await graph(executor, systems).ask(
        """{ customer(by: {record: {system: "pland", key: "1"}}) {
            people: contacts { name } invoices(first: 9) { nodes { id } totalCount }
            provenance(fields: ["contacts"]) { state record { system } } } }"""
    )

    one = answer["data"]["customer"]
    told = {"system": "autodns", "code": "UPSTREAM_BAD_RESPONSE", "retryable": False}
    assert [each["name"] for each in one["people"]] == ["Contact of pland", "Contact of next"]
    assert (len(one["invoices"]["nodes"]), one["invoices"]["totalCount"]) == (2, None)
    assert sorted(incomplete(answer), key=str) == [
        {"path": ["customer", name], **told} for name in ("invoices", "people")
    ]
    assert one["provenance"] == [
        {"state": "VALUE", "record": {"system": "pland"}},
        {"state": "FAILED", "record": {"system": "autodns"}},
    ]
    assert "errors" not in answer


async def test_billing_holds_what_any_record_tells(executor: ExecutorName) -> None:
    systems = world(("read", "read"))
    systems[0].documents[0] |= {"billing_name": "First", "method": " "}
    systems[1].documents[0] |= {"billing_name": "Second", "method": "Card"}

    data = await graph(executor, systems).data(
        '{ customer(by: {record: {system: "pland", key: "1"}}) { billing { name paymentMethod } } }'
    )

    assert data["customer"]["billing"] == {"name": "First", "paymentMethod": "Card"}


async def test_an_answer_that_lacks_nothing_has_no_such_extension(executor: ExecutorName) -> None:
    answer = await graph(executor, world(("read", "missing"))).ask(
        '{ customer(by: {record: {system: "pland", key: "1"}}) { id contacts { id } } }'
    )

    assert answer.keys() == {"data"}


async def test_what_one_who_leaves_early_lacks_is_not_said_of_the_whole_answer(executor: ExecutorName) -> None:
    one, two = world(("read", "read"))
    asked = Asked({"1": two.view({"id": "1"})}, held=True)
    two.route_of_customers = Route("autodns.customers", asked.fetch, 100)
    running = graph(executor, [one, two]).begin('{ customer(by: {record: {system: "pland", key: "1"}}) { name } }')
    whole = asyncio.ensure_future(running.run())
    for _ in range(50):
        await asyncio.sleep(0)
    assert asked.calls == [["1"]]

    early = answer_of(await running.so_far())
    asked.gate.set()

    late = {"path": ["customer"], "system": "autodns", "code": "UPSTREAM_TIMEOUT", "retryable": True}
    assert early == {"data": {"customer": {"name": "Of pland"}}, "extensions": {"incomplete": [late]}}
    assert answer_of(await whole) == {"data": {"customer": {"name": "Of pland"}}}
