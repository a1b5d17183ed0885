"""What queries cost at Lemonsoft, its login and what is kept of its reads, told in GraphQL documents."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from gateway import gateway_over
from stories.test_calls import page_of_50
from stories.test_kept_reads import INVOICES

if TYPE_CHECKING:
    from gateway import Gateway

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_the_owners_of_a_page_of_lemonsoft_are_the_pages_of_persons_and_then_nothing(gateway: Gateway) -> None:
    nodes = await page_of_50(gateway, "lemonsoft", "name contacts { name } owner { key name email }")
    calls = gateway.log("lemonsoft")
    gateway.forget_calls()
    again = await page_of_50(gateway, "lemonsoft", "name contacts { name } owner { key name email }")

    assert len({node["owner"]["key"] for node in nodes if node["owner"]}) > 1
    assert calls[1:] == ["GET /api/persons?filter.page=1&filter.page_size=100"]
    assert again == nodes
    assert gateway.paths("lemonsoft") == ["GET /api/customers"]


async def test_the_owner_of_one_lemonsoft_customer_is_one_call(box: Sandbox, gateway: Gateway) -> None:
    nodes = await page_of_50(gateway, "lemonsoft", "id owner { key }")
    owned = next(node for node in nodes if node["owner"])
    gateway.forget_calls()

    async with gateway_over(box) as fresh:
        answer = await fresh.ask(
            "query ($id: ID!) { customer(by: { id: $id }) { owner { key } } }", {"id": owned["id"]}
        )

    assert answer.data["customer"]["owner"] == owned["owner"]
    assert gateway.log("lemonsoft")[1:] == [f"GET /api/persons/{owned['owner']['key']}"]


async def test_a_login_begun_by_one_in_a_hurry_is_waited_for_by_who_has_more_time(gateway: Gateway) -> None:
    query = '{ system(name: "lemonsoft") { customers(first: 1) { nodes { name } } } }'
    gateway.box.lemonsoft.faults.set("latency", latency=0.5, path="/api/auth/login")

    hurried = asyncio.ensure_future(gateway.ask(query, headers={"x-request-timeout": "300"}))
    await asyncio.sleep(0.1)
    long = await gateway.ask(query)
    short = await hurried

    assert short.codes == ["UPSTREAM_TIMEOUT"]
    assert long.data["system"]["customers"]["nodes"][0]["name"]
    assert len(gateway.box.lemonsoft.log.logins()) == 1


async def test_what_follows_among_the_invoices_does_not_ask_what_follows_among_the_customers(gateway: Gateway) -> None:
    query = """{ system(name: "lemonsoft") { customers(first: 3) { nodes {
        number invoices(first: 1) { pageInfo { hasNextPage } }
    } } } }"""

    await gateway.ask(query)  # it is known now that these lists of invoices are not cut
    gateway.forget_calls()
    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    assert len(nodes) == 3
    assert sorted(gateway.paths("lemonsoft")) == ["GET /api/customers/base", *["GET /api/invoices"] * 3]


async def test_what_hangs_keeps_what_was_answered_beside_it(box: Sandbox) -> None:
    async with gateway_over(box) as gateway:
        box.vendors["lemonsoft"].faults.set("hang", path="/api/invoices", calls=3)
        first = await gateway.ask(INVOICES % "lemonsoft", headers={"x-request-timeout": "700"})
        await asyncio.sleep(0.1)
        gateway.forget_calls()
        again = await gateway.ask(INVOICES % "lemonsoft")

    assert set(first.codes) == {"UPSTREAM_TIMEOUT"}
    assert len(again.data["system"]["customers"]["nodes"]) == 25
    assert len({call.partition("&")[0] for call in gateway.log("lemonsoft")}) == len(first.errors) == 3
