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
        staff={"u1": AcmeUser(name, "u1", "Uwe")},
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


OF_SAP = [encode_id(kind, "sap", "1") for kind in ("Customer", "User", "Contact", "Invoice")]
NOT_CONFIGURED = "names a system that is not configured: sap; configured are: acme, beta."


@pytest.mark.parametrize(
    "field",
    [
        *(f'node(id: "{each}")' for each in OF_SAP),
        f'customer(by: {{id: "{OF_SAP[0]}"}})',
        'customer(by: {record: {system: "sap", key: "1"}})',
        'system(name: "sap")',
    ],
)
async def test_what_is_of_a_system_that_is_not_configured_is_a_mistake_and_not_null(
    executor: ExecutorName, field: str
) -> None:
    (error,) = (await Graph(executor, world(), world("beta")).ask(f"{{ read: {field} {{ __typename }} }}"))["errors"]

    assert (error["path"], error["extensions"]["code"]) == (["read"], "BAD_USER_INPUT")
    assert error["message"].endswith(NOT_CONFIGURED)


async def test_ids_of_a_system_that_is_not_configured_cost_their_own_places(executor: ExecutorName) -> None:
    graph = Graph(executor, world())
    ids = [OF_SAP[0], FIRST, encode_id("Customer", "acme", "404"), OF_SAP[1]]

    answer = await graph.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert answer["data"]["nodes"] == [None, {"id": FIRST}, None, None]
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["nodes", 0], "BAD_USER_INPUT"),
        (["nodes", 3], "BAD_USER_INPUT"),
    ]


WRONG_NAMES = [
    ('["acme", "sap"]', ["acme", "sap"], f"systems(names:) {NOT_CONFIGURED}"),
    (
        '["a", "b", "c", "d", "e"]',
        list("abcde"),
        "systems(names:) names systems that are not configured: a, b, c and 2 more; configured are: acme, beta.",
    ),
    ('"sap"', "sap", f"systems(names:) {NOT_CONFIGURED}"),
]


@pytest.mark.parametrize(("literal", "value", "message"), WRONG_NAMES)
async def test_wrong_names_of_systems_are_refused_before_anything_is_read(
    executor: ExecutorName, literal: str, value: object, message: str
) -> None:
    acme = world()
    graph = Graph(executor, acme, world("beta"))
    page = "{ customers(first: 1) { nodes { name } } }"

    written = await graph.ask(f"{{ a: systems {page} b: systems(names: {literal}) {page} }}")
    fragment = f"fragment F on Query {{ b: systems(names: $names) {page} }}"
    given = await graph.ask(f"query ($names: [String!]) {{ a: systems {page} ...F }} {fragment}", names=value)

    for answer in (written, given):
        (error,) = answer["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")
        assert "path" not in error
        assert "data" not in answer
    assert acme.log == []


@pytest.mark.parametrize(
    ("given", "times"), [({}, 1), ({"names": None}, 1), ({"names": []}, 0), ({"names": ["acme", "acme"]}, 2)]
)
async def test_names_of_systems_that_are_right_or_left_out_are_no_mistake(
    executor: ExecutorName, given: dict[str, Any], times: int
) -> None:
    data = await Graph(executor, world()).data("query ($names: [String!]) { systems(names: $names) { name } }", **given)

    assert data["systems"] == [{"name": "acme"}] * times


async def test_what_is_skipped_may_have_a_wrong_name(executor: ExecutorName) -> None:
    graph = Graph(executor, world())
    document = 'query ($ask: Boolean!) { __typename systems(names: ["sap"]) @include(if: $ask) { name } }'

    assert await graph.data(document, ask=False) == {"__typename": "Query"}
    assert "data" not in await graph.ask(document, ask=True)
