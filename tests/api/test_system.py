"""A configured system as a client sees it: its page, its health, what it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from api.acme_graph import Graph
from federation.fake_system import Acme, numbered

from customer_gateway.errors import UpstreamTimeout, UpstreamUnavailable

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]

PAGE = """query ($first: Int!, $after: String) { systems { customers(first: $first, after: $after) {
    nodes { name } edges { cursor node { name } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


def world(name: str = "acme", **facts: Any) -> Acme:
    return Acme(name, numbered(range(1, 6)), **facts)


async def test_a_page_tells_its_customers_their_places_and_the_whole(executor: ExecutorName) -> None:
    graph = Graph(executor, world())

    first = (await graph.data(PAGE, first=2))["systems"][0]["customers"]
    second = (await graph.data(PAGE, first=3, after=first["pageInfo"]["endCursor"]))["systems"][0]["customers"]

    assert first["nodes"] == [{"name": "Customer 1"}, {"name": "Customer 2"}]
    assert [edge["node"] for edge in first["edges"]] == first["nodes"]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    assert (first["totalCount"], second["totalCount"]) == (5, 5)
    assert [node["name"] for node in second["nodes"]] == ["Customer 3", "Customer 4", "Customer 5"]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (False, True)


async def test_what_is_not_selected_costs_no_call(executor: ExecutorName) -> None:
    acme = world(tells_next=False)

    await Graph(executor, acme).data("{ systems { customers(first: 2) { nodes { name } } } }")

    assert acme.log == ["page 0+2"]


async def test_a_dead_system_costs_its_own_page(executor: ExecutorName) -> None:
    dead = world("dead", failing={"page": UpstreamUnavailable("dead", "down")})

    answer = await Graph(executor, world(), dead).ask("{ systems { name customers(first: 1) { nodes { name } } } }")

    assert answer["data"]["systems"] == [
        {"name": "acme", "customers": {"nodes": [{"name": "Customer 1"}]}},
        {"name": "dead", "customers": None},
    ]
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["system"]) == (["systems", 1, "customers"], "dead")


async def test_a_failed_count_costs_the_total_alone(executor: ExecutorName) -> None:
    graph = Graph(executor, world(failing={"count": UpstreamTimeout("acme", "late")}))

    answer = await graph.ask("{ systems { customers(first: 1) { nodes { name } totalCount } } }")

    assert answer["data"]["systems"][0]["customers"] == {"nodes": [{"name": "Customer 1"}], "totalCount": None}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["systems", 0, "customers", "totalCount"], "UPSTREAM_TIMEOUT")
    ]


@pytest.mark.parametrize(
    ("arguments", "code"), [("first: 0", "BAD_USER_INPUT"), ('first: 1, after: "x"', "INVALID_CURSOR")]
)
async def test_a_page_that_cannot_be_is_refused_at_its_field(executor: ExecutorName, arguments: str, code: str) -> None:
    document = f"{{ systems {{ customers({arguments}) {{ totalCount }} }} }}"

    assert await Graph(executor, world()).errors(document) == [(["systems", 0, "customers"], code)]


async def test_the_same_field_with_other_arguments_is_another_page(executor: ExecutorName) -> None:
    acme = world()
    document = "{ systems { a: customers(first: 1) { nodes { name } } b: customers(first: 2) { nodes { name } } } }"

    (told,) = (await Graph(executor, acme).data(document))["systems"]

    assert [len(told[alias]["nodes"]) for alias in "ab"] == [1, 2]
    assert sorted(acme.log) == ["page 0+1", "page 0+2"]


async def test_a_system_that_is_down_is_not_reachable_and_that_is_no_error(executor: ExecutorName) -> None:
    dead = world("dead", failing={"page": UpstreamUnavailable("dead", "down")})

    data = await Graph(executor, world(), dead).data("{ systems { reachable } }")

    assert data["systems"] == [{"reachable": True}, {"reachable": False}]


async def test_capabilities_are_told_per_unified_field(executor: ExecutorName) -> None:
    document = "{ systems { capabilities { field readable writable filterable } } }"

    (told,) = (await Graph(executor, world()).data(document))["systems"]

    by_field = {each["field"]: each for each in told["capabilities"]}
    assert by_field["name"] == {"field": "name", "readable": True, "writable": False, "filterable": True}
    assert by_field["vatNumber"]["readable"] is False
