"""Global ids: each names one object, the same wherever and whenever it is asked for."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Gateway, gateway_over
from picked import FIRST, SECOND, listed
from stories.selections import CUSTOMER, NODE, nouns_in
from stories.test_odd_pages import Bent, with_rows
from vendors import FACTS

from customer_gateway.documents.record import is_list

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

PAGE = f"query ($system: String!) {{ system(name: $system) {{ customers(first: 20) {{ nodes {{ {CUSTOMER} }} }} }} }}"
NODES_QUERY = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ {NODE} }} }}"
NODE_QUERY = f"query ($id: ID!) {{ node(id: $id) {{ {NODE} }} }}"
BY = "query ($by: CustomerBy!) { customer(by: $by) { id name } }"
TYPES = {name: facts.nouns for name, facts in FACTS.items()}


@pytest.fixture
async def gateway(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor) as running:
        yield running


def node_id(plain: str) -> str:
    return urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


async def demo_nouns(gateway: Gateway, system: str) -> dict[str, dict[str, Any]]:
    """Every noun in 20 customers of a system, by id."""
    page = await gateway.ask(PAGE, {"system": system})
    return {noun["id"]: noun for noun in nouns_in(page.data["system"]["customers"]["nodes"])}


@pytest.mark.parametrize("system", SYSTEMS)
async def test_every_id_of_an_answer_resolves_to_the_same_object(gateway: Gateway, system: str) -> None:
    nouns = await demo_nouns(gateway, system)
    ids = list(nouns)
    found: list[Any] = []
    for start in range(0, len(ids), 100):
        found += (await gateway.ask(NODES_QUERY, {"ids": ids[start : start + 100]})).data["nodes"]

    assert {noun["__typename"] for noun in nouns.values()} == TYPES[system]
    assert [each and each["id"] for each in found] == ids
    assert [(each, nouns[each["id"]]) for each in found if each != nouns[each["id"]]] == []


@pytest.mark.parametrize("system", SYSTEMS)
async def test_node_alone_tells_the_same(gateway: Gateway, system: str) -> None:
    nouns = await demo_nouns(gateway, system)
    one_of_each = {noun["__typename"]: noun for noun in nouns.values()}

    found: dict[str, Any] = {}
    for name, noun in one_of_each.items():
        found[name] = (await gateway.ask(NODE_QUERY, {"id": noun["id"]})).data["node"]

    assert found == one_of_each


EMBEDDED = {name: facts.embedded for name, facts in FACTS.items() if facts.embedded}
"""The lists of nouns that are embedded in a customer, and what their ids are called."""


def with_ids(system: str, told: Any, document: Any) -> Any:
    """The rows of a list, every noun in them twice and with the id `told`; None: with none."""

    def doubled(row: dict[str, Any]) -> dict[str, Any]:
        lists = {name: identity for name, identity in EMBEDDED[system].items() if is_list(row.get(name))}
        nouns = {
            name: [
                {**{key: value for key, value in noun.items() if key != identity}, **told_as(identity, told)}
                for noun in row[name] * 2
            ]
            for name, identity in lists.items()
        }
        return {**row, **nouns}

    return with_rows(lambda rows: list(map(doubled, rows)), document)


def told_as(identity: str, told: Any) -> dict[str, Any]:
    return {} if told is None else {identity: told}


@pytest.mark.parametrize("told", [None, 0, 7])
@pytest.mark.parametrize("system", EMBEDDED)
async def test_nouns_that_have_no_id_or_share_one_are_all_there_and_found_again(
    box: Sandbox, executor: ExecutorName, system: str, told: int | None
) -> None:
    lists = "contacts { __typename id } accounts { __typename id } agreements { __typename id }"
    page = f'{{ system(name: "{system}") {{ customers(first: 20) {{ nodes {{ {lists} }} }} }} }}'
    async with gateway_over(box) as gateway:
        plain = (await gateway.ask(page)).data["system"]["customers"]["nodes"]
    async with gateway_over(box, executor=executor, bent=partial(Bent, partial(with_ids, system, told))) as gateway:
        nouns = await demo_nouns(gateway, system)
        doubled = (await gateway.ask(page)).data["system"]["customers"]["nodes"]
        ids = list(nouns)
        found = [
            node
            for start in range(0, len(ids), 100)
            for node in (await gateway.ask(NODES_QUERY, {"ids": ids[start : start + 100]})).data["nodes"]
        ]

    factors = {name: 2 if name in FACTS[system].doubled else 1 for name in ("contacts", "accounts", "agreements")}
    counts = [[len(each[name]) * factor for name, factor in factors.items()] for each in plain]
    assert [[len(each[name]) for name in factors] for each in doubled] == counts
    assert len({noun["id"] for noun in nouns_in(doubled)}) == sum(map(sum, counts)) > 20
    assert found == [nouns[each] for each in ids]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_nested_noun_leads_back_to_its_customer(gateway: Gateway, system: str) -> None:
    page = await gateway.ask(PAGE, {"system": system})

    for customer in page.data["system"]["customers"]["nodes"]:
        nested = [*customer["contacts"], *customer["accounts"], *customer["agreements"], *customer["invoices"]["nodes"]]
        assert [noun["customer"] for noun in nested] == [{"id": customer["id"]}] * len(nested)


async def test_nodes_come_in_the_order_asked_with_null_for_what_nobody_has(gateway: Gateway) -> None:
    page = "{ systems { customers(first: 2) { nodes { id name } } } }"
    known = [node for each in (await gateway.ask(page)).data["systems"] for node in each["customers"]["nodes"]]
    unknown = [node_id(plain) for facts in FACTS.values() for plain in facts.nodes_nowhere]
    asked = [known[-1]["id"], *unknown, known[0]["id"], known[-1]["id"], known[4]["id"]]

    answer = await gateway.ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { id name } } }", {"ids": asked}
    )

    assert answer.data["nodes"] == [known[-1], *[None] * len(unknown), known[0], known[-1], known[4]]


async def test_a_dead_system_costs_its_own_nodes(gateway: Gateway) -> None:
    page = "{ systems { name customers(first: 1) { nodes { id } } } }"
    ids = [each["customers"]["nodes"][0]["id"] for each in (await gateway.ask(page)).data["systems"]]
    gateway.box.vendors[SECOND].faults.set("status", status=503)

    answer = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})

    place = SYSTEMS.index(SECOND)
    assert answer.partial["nodes"] == [None if each == place else {"id": ids[each]} for each in range(len(ids))]
    assert [(error["path"], error["extensions"]["system"]) for error in answer.errors] == [(["nodes", place], SECOND)]


async def test_a_hundred_ids_are_read_and_one_more_is_refused(gateway: Gateway) -> None:
    page = f'{{ system(name: "{FIRST}") {{ customers(first: 100) {{ nodes {{ id }} }} }} }}'
    ids = [node["id"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]
    gateway.forget_calls()

    hundred = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    more = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [*ids, ids[0]]})

    assert [node["id"] for node in hundred.data["nodes"]] == ids
    assert more.codes == ["BAD_USER_INPUT"]
    assert gateway.paths(FIRST) == [listed(FIRST)]


@pytest.mark.parametrize(
    "malformed",
    ["", "x", "%%%", "äöü", node_id("Customer:next"), node_id("Customer::1"), node_id("Customer:Next:1"),
     node_id("Customer:next:1") + "=", node_id("Customer:next:1")[:-1], node_id("C" * 600 + ":next:1")],
)  # fmt: skip
async def test_a_malformed_id_is_refused_and_nobody_is_called(gateway: Gateway, malformed: str) -> None:
    node = await gateway.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": malformed})
    nodes = await gateway.ask("query ($id: ID!) { nodes(ids: [$id]) { id } }", {"id": malformed})
    customer = await gateway.ask(BY, {"by": {"id": malformed}})

    assert node.codes == nodes.codes == customer.codes == ["BAD_USER_INPUT"]
    assert [gateway.log(system) for system in SYSTEMS] == [[]] * len(SYSTEMS)


async def test_a_malformed_id_among_others_costs_its_own_place(gateway: Gateway) -> None:
    page = f'{{ system(name: "{FIRST}") {{ customers(first: 2) {{ nodes {{ id }} }} }} }}'
    one, other = [node["id"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]

    answer = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [one, "x", other]})

    assert answer.partial["nodes"] == [{"id": one}, None, {"id": other}]
    assert [(error["path"], error["extensions"]["code"]) for error in answer.errors] == [
        (["nodes", 1], "BAD_USER_INPUT")
    ]


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_customer_is_named_by_id_or_by_record(gateway: Gateway, system: str) -> None:
    page = await gateway.ask(PAGE, {"system": system})
    third = page.data["system"]["customers"]["nodes"][2]
    record = {"system": system, "key": third["records"][0]["key"]}

    by_id = await gateway.ask(BY, {"by": {"id": third["id"]}})
    by_record = await gateway.ask(BY, {"by": {"record": record}})

    assert by_id.data["customer"] == by_record.data["customer"] == {"id": third["id"], "name": third["name"]}


@pytest.mark.parametrize("selection", ["id", "customers(first: 1) { nodes { records { id } } }"])
async def test_an_id_that_is_only_to_cache_by_is_refused_with_what_to_ask_instead(
    gateway: Gateway, selection: str
) -> None:
    systems = (await gateway.ask(f"{{ systems {{ {selection} }} }}")).data["systems"]
    ids = [each.get("id") or each["customers"]["nodes"][0]["records"][0]["id"] for each in systems]
    gateway.forget_calls()

    nodes = await gateway.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    node = await gateway.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": ids[0]})

    assert nodes.partial["nodes"] == [None] * len(SYSTEMS)
    assert set(nodes.codes) == set(node.codes) == {"BAD_USER_INPUT"}
    instead = "use system(name:)" if selection == "id" else "use customer(by:)"
    assert all(instead in error["message"] for error in [*nodes.errors, *node.errors])
    assert [gateway.log(system) for system in SYSTEMS] == [[]] * len(SYSTEMS)


@pytest.mark.parametrize(("system", "key"), [(name, key) for name, facts in FACTS.items() for key in facts.nowhere])
async def test_a_record_that_the_system_does_not_have_is_null(gateway: Gateway, system: str, key: str) -> None:
    answer = await gateway.ask(BY, {"by": {"record": {"system": system, "key": key}}})

    assert answer.data == {"customer": None}


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (BY, {"by": {"record": {"system": "sap", "key": "1"}}}),
        (BY, {"by": {"id": node_id("Customer:sap:1")}}),
        ("query ($id: ID!) { node(id: $id) { id } }", {"id": node_id("User:sap:1")}),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [node_id("Invoice:sap:1")]}),
        (f'{{ systems(names: ["{FIRST}", "sap"]) {{ name }} }}', {}),
        ('{ system(name: "sap") { name } }', {}),
    ],
)
async def test_a_system_that_is_not_configured_is_named_in_the_refusal(
    gateway: Gateway, document: str, variables: dict[str, Any]
) -> None:
    answer = await gateway.ask(document, variables)

    assert answer.codes == ["BAD_USER_INPUT"]
    assert f"names a system that is not configured: sap; configured are: {SYSTEMS[0]}, " in answer.errors[0]["message"]


async def test_the_id_of_something_else_names_no_customer(gateway: Gateway) -> None:
    answer = await gateway.ask(BY, {"by": {"id": node_id(f"User:{FIRST}:1")}})

    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.partial == {"customer": None}


@pytest.mark.parametrize(
    "by",
    [
        {},
        {"id": None},
        {"id": "a", "record": {"system": "next", "key": "1"}},
        {"id": "a", "record": None},
        None,
        {"x": 1},
    ],
)
async def test_exactly_one_name_of_a_customer_is_wanted(gateway: Gateway, by: dict[str, Any] | None) -> None:
    answer = await gateway.ask(BY, {"by": by})

    assert answer.status == 422
    assert set(answer.codes) == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("by", ["{}", "{ id: null }", '{ id: "a", record: { system: "next", key: "1" } }'])
async def test_two_names_in_the_document_are_invalid(gateway: Gateway, by: str) -> None:
    answer = await gateway.ask(f"{{ customer(by: {by}) {{ id }} }}")

    assert answer.status == 422
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_ids_outlive_a_restart_and_a_reordered_configuration(box: Sandbox) -> None:
    nouns = "contacts { id } accounts { id } agreements { id } updater { id }"
    query = f"{{ systems {{ customers(first: 3) {{ nodes {{ id {nouns} }} }} }} }}"
    reordered = [(name, name) for name in reversed(SYSTEMS)]

    async with gateway_over(box) as gateway:
        before = (await gateway.ask(query)).data["systems"]
    async with gateway_over(box, systems=reordered) as gateway:
        after = (await gateway.ask(query)).data["systems"]
        found = await gateway.ask(NODE_QUERY, {"id": before[0]["customers"]["nodes"][0]["id"]})

    assert after == before[::-1]
    assert found.data["node"]["id"] == before[0]["customers"]["nodes"][0]["id"]
