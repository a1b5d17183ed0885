"""The examples that the explorer opens with, asked as they stand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from catalog_index import finding_gateway, index_of
from gateway import gateway_over
from picked import FIRST, SECOND
from vendors import REGISTERED_FACTS

from customer_gateway.http.graphiql.examples import examples
from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

SYSTEMS = [("nord", FIRST), ("shop", SECOND)]


async def test_every_example_has_an_answer_without_errors_from_the_systems_that_are_configured() -> None:
    shown = examples((name for name, _ in SYSTEMS), finds=False)

    async with gateway_over(Sandbox(), systems=SYSTEMS) as gateway:
        everyone, page, provenance = [
            (await gateway.ask(each.query, json.loads(each.variables or "{}"))).data for each in shown
        ]

    assert [each["name"] for each in everyone["systems"]] == ["nord", "shop"]
    assert len(page["system"]["customers"]["nodes"]) == 10
    assert {
        field["state"]
        for each in provenance["systems"]
        for node in each["customers"]["nodes"]
        for field in node["provenance"]
    } == {"VALUE", "NOT_IN_SYSTEM"}


async def test_the_cursor_of_the_page_leads_on_where_the_example_says() -> None:
    _, page, _ = examples(["nord", "shop"], finds=False)

    async def ask(variables: dict[str, Any]) -> Any:
        return (await gateway.ask(page.query, variables)).data["system"]["customers"]

    async with gateway_over(Sandbox(), systems=SYSTEMS) as gateway:
        first = await ask(json.loads(page.variables))
        second = await ask(json.loads(page.variables) | {"after": first["pageInfo"]["endCursor"]})

    names = [[node["name"] for node in each["nodes"]] for each in (first, second)]
    assert [len(each) for each in names] == [10, 10]
    assert set(names[0]).isdisjoint(names[1])


def test_a_gateway_without_systems_has_no_example_of_one() -> None:
    assert ["OnePage" in each.query for each in examples([], finds=False)] == [False, False]


async def test_the_first_finds_customers_of_every_system_and_types_ahead_without_a_call(tmp_path: Path) -> None:
    find, type_ahead, *_ = examples([])
    every = [(name, name) for name in REGISTERED_FACTS]

    box = Sandbox()
    async with index_of(box, tmp_path, every) as world, finding_gateway(box, world, systems=every) as gateway:
        found = (await gateway.ask(find.query)).data["customers"]
        gateway.forget_calls()
        typed = (await gateway.ask(type_ahead.query, json.loads(type_ahead.variables))).data["customers"]
        calls = [gateway.log(name) for name in REGISTERED_FACTS]
    box.close()

    systems = {record["system"]["name"] for node in found["nodes"] for record in node["records"]}
    assert (len(found["nodes"]), systems) == (10, set(REGISTERED_FACTS))
    assert {each["state"] for node in found["nodes"] for each in node["provenance"]} == {"VALUE"}
    assert (len(typed["nodes"]), calls) == (10, [[] for _ in every])


def test_a_gateway_without_an_index_has_no_example_of_finding() -> None:
    assert ["customers(first: 10, search" in each.query for each in examples([])] == [True, True, False, False]
    assert all("search" not in each.query for each in examples([], finds=False))
