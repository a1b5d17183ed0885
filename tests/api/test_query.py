"""The entry points: what is named is read live, what nobody has is null, what cannot be is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from api.acme_graph import Graph
from federation.fake_system import Acme, AcmeContact, AcmeUser, numbered

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]

DOWN = UpstreamUnavailable("acme", "down")
FIRST = encode_id("Customer", "acme", "1")


def world(name: str = "acme", **facts: Any) -> Acme:
    return Acme(
        name,
        numbered([1, 2]),
        people={"u1": AcmeUser(name, "u1", "Uwe")},
        contact_lists={"1": [AcmeContact(name, "c1", "1", "Ina")]},
        **facts,
    )


async def test_node_reads_a_noun_of_any_kind_again(executor: ExecutorName) -> None:
    graph = Graph(executor, world())
    document = """query ($id: ID!) { node(id: $id) {
        __typename id ... on Customer { name } ... on User { name key system } ... on Contact { name } } }"""

    told = [(await graph.data(document, id=encode_id(*each)))["node"] for each in NODES]

    assert told == [
        {"__typename": "Customer", "id": FIRST, "name": "Customer 1"},
        {"__typename": "User", "id": encode_id(*NODES[1]), "name": "Uwe", "key": "u1", "system": "acme"},
        {"__typename": "Contact", "id": encode_id(*NODES[2]), "name": "Ina"},
    ]


NODES = [("Customer", "acme", "1"), ("User", "acme", "u1"), ("Contact", "acme", "c1")]


async def test_a_node_nobody_has_is_null(executor: ExecutorName) -> None:
    graph = Graph(executor, world())

    assert await graph.data(f'{{ node(id: "{encode_id("Customer", "acme", "404")}") {{ id }} }}') == {"node": None}


async def test_a_malformed_id_is_bad_user_input(executor: ExecutorName) -> None:
    assert await Graph(executor, world()).errors('{ node(id: "nonsense") { id } }') == [(["node"], "BAD_USER_INPUT")]


async def test_a_node_of_a_dead_system_is_an_error_at_its_field(executor: ExecutorName) -> None:
    graph = Graph(executor, world(failing={"customers": DOWN}))

    assert await graph.errors(f'{{ node(id: "{FIRST}") {{ id }} }}') == [(["node"], "UPSTREAM_UNAVAILABLE")]


async def test_nodes_come_in_the_order_asked_and_a_dead_system_costs_its_own(executor: ExecutorName) -> None:
    acme, other = world(failing={"customers": DOWN}), world("other")
    ids = [encode_id("Customer", "other", "2"), FIRST, encode_id("Customer", "other", "404"), encode_id(*NODES[1])]

    answer = await Graph(executor, acme, other).ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert [node and node["id"] for node in answer["data"]["nodes"]] == [ids[0], None, None, ids[3]]
    assert [error["path"] for error in answer["errors"]] == [["nodes", 1]]


async def test_more_than_a_hundred_nodes_are_refused(executor: ExecutorName) -> None:
    acme = world()
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    assert len((await Graph(executor, acme).data(document, ids=[FIRST] * 100))["nodes"]) == 100
    (error,) = (await Graph(executor, acme).ask(document, ids=[FIRST] * 101))["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert acme.log == ["customers 1"]


async def test_a_customer_is_named_by_its_id_or_by_a_record(executor: ExecutorName) -> None:
    graph = Graph(executor, world())

    by_id = await graph.data(f'{{ customer(by: {{id: "{FIRST}"}}) {{ id name }} }}')
    by_record = await graph.data('{ customer(by: {record: {system: "acme", key: "1"}}) { id name } }')

    assert by_id == by_record == {"customer": {"id": FIRST, "name": "Customer 1"}}


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ('{id: "nonsense"}', "BAD_USER_INPUT"),
        (f'{{id: "{encode_id("User", "acme", "u1")}"}}', "BAD_USER_INPUT"),
        ('{record: {system: "elsewhere", key: "1"}}', "BAD_USER_INPUT"),
        (f'{{id: "{encode_id("Customer", "dead", "1")}"}}', "UPSTREAM_UNAVAILABLE"),
        ('{record: {system: "dead", key: "1"}}', "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_a_customer_that_cannot_be_read_says_why(executor: ExecutorName, by: str, code: str) -> None:
    graph = Graph(executor, world(), world("dead", failing={"customers": DOWN}))

    assert await graph.errors(f"{{ customer(by: {by}) {{ id }} }}") == [(["customer"], code)]


@pytest.mark.parametrize(
    "by", [f'{{id: "{encode_id("Customer", "acme", "9")}"}}', '{record: {system: "acme", key: "9"}}']
)
async def test_a_customer_nobody_has_is_null(executor: ExecutorName, by: str) -> None:
    assert await Graph(executor, world()).data(f"{{ customer(by: {by}) {{ id }} }}") == {"customer": None}


async def test_systems_are_those_configured_in_their_order_or_those_named(executor: ExecutorName) -> None:
    graph = Graph(executor, world("beta"), world())

    assert (await graph.data("{ systems { name kind } }"))["systems"] == [
        {"name": "beta", "kind": "ACME"},
        {"name": "acme", "kind": "ACME"},
    ]
    assert (await graph.data('{ systems(names: ["acme"]) { name } }'))["systems"] == [{"name": "acme"}]
    assert await graph.data('{ system(name: "acme") { name } }') == {"system": {"name": "acme"}}


@pytest.mark.parametrize("field", ['system(name: "elsewhere")', 'systems(names: ["acme", "elsewhere"])'])
async def test_a_system_nobody_configured_is_a_mistake_told_with_those_there_are(
    executor: ExecutorName, field: str
) -> None:
    (error,) = (await Graph(executor, world()).ask(f"{{ {field} {{ name }} }}"))["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "configured are acme" in error["message"]
