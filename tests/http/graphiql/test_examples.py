"""The examples that the explorer opens with, asked as they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway import gateway_over
from picked import FIRST, SECOND

from customer_gateway.http.graphiql.examples import examples
from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SYSTEMS = [("nord", FIRST), ("shop", SECOND)]


async def test_every_example_has_an_answer_without_errors_from_the_systems_that_are_configured() -> None:
    shown = examples(name for name, _ in SYSTEMS)

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
    _, page, _ = examples(["nord", "shop"])

    async def ask(variables: dict[str, Any]) -> Any:
        return (await gateway.ask(page.query, variables)).data["system"]["customers"]

    async with gateway_over(Sandbox(), systems=SYSTEMS) as gateway:
        first = await ask(json.loads(page.variables))
        second = await ask(json.loads(page.variables) | {"after": first["pageInfo"]["endCursor"]})

    names = [[node["name"] for node in each["nodes"]] for each in (first, second)]
    assert [len(each) for each in names] == [10, 10]
    assert set(names[0]).isdisjoint(names[1])


def test_a_gateway_without_systems_has_no_example_of_one() -> None:
    assert ["OnePage" in each.query for each in examples([])] == [False, False]
