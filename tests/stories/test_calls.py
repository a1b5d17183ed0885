"""How many upstream calls a query costs: part of the contract, told by the vendors' own call logs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from gateway import BATCHING, SYSTEMS, Gateway, gateway_over
from vendors import FACTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

CREATOR_AND_UPDATER = "creator { id name email } updater { id name email }"
CONTACTS = "contacts { id name email phone }"
ACCOUNTS = "accounts { id ... on BankAccount { iban bic } ... on LedgerAccount { balance } }"
AGREEMENTS = "agreements { id description startDate products { code } }"
INVOICES = "invoices(first: 10) { nodes { number date total currency } }"
ADDRESSES = "address { street city } addresses { kind city }"
BASICS = "number name kind status vatNumber email phone address { street city } updatedAt"

SINGLE_CALLS = {(name, each): calls for name, facts in FACTS.items() for each, calls in facts.single_calls.items()}
FURTHER_CALLS = {(name, each): calls for name, facts in FACTS.items() for each, calls in facts.further_calls.items()}


@pytest.fixture
async def gateway(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor) as running:
        yield running


async def page_of_50(gateway: Gateway, system: str, selection: str) -> list[Any]:
    query = (
        f"query ($system: String!) {{ system(name: $system) {{ customers(first: 50) {{ nodes {{ {selection} }} }} }} }}"
    )
    nodes = (await gateway.ask(query, {"system": system})).data["system"]["customers"]["nodes"]
    assert len(nodes) == 50
    return nodes


@pytest.mark.parametrize(("system", "selection"), SINGLE_CALLS)
async def test_what_stands_in_the_documents_of_50_customers_is_one_call(
    gateway: Gateway, system: str, selection: str
) -> None:
    nodes = await page_of_50(gateway, system, selection)

    assert all(node["name"] for node in nodes)
    assert gateway.paths(system) == SINGLE_CALLS[system, selection]


@pytest.mark.parametrize(("system", "selection"), FURTHER_CALLS)
async def test_what_another_route_tells_of_50_customers_is_one_call_more(
    gateway: Gateway, system: str, selection: str
) -> None:
    await page_of_50(gateway, system, f"name {selection}")
    cold = gateway.paths(system)
    gateway.forget_calls()
    nodes = await page_of_50(gateway, system, f"name {selection}")

    assert any(value for node in nodes for name, value in node.items() if name != "name")
    assert gateway.paths(system)[1:] == FURTHER_CALLS[system, selection]
    assert cold[1:] == [*FURTHER_CALLS[system, selection]] * FACTS[system].cold_times


@pytest.mark.parametrize("system", SYSTEMS)
async def test_aliases_fragments_and_other_depths_cost_nothing(
    box: Sandbox, executor: ExecutorName, system: str
) -> None:
    nouns = f"{CONTACTS} {ACCOUNTS} {AGREEMENTS} {CREATOR_AND_UPDATER} owner {{ name }}"
    winding = f"""
        {{ system(name: "{system}") {{ customers(first: 50) {{
             nodes {{ ...Nouns again: contacts {{ name customer {{ id ...Nouns }} }}
                      accounts {{ id customer {{ contacts {{ name }} }} }} }}
             edges {{ node {{ mine: updater {{ name }} agreements {{ description customer {{ name }} }} }} }} }}
           second: customers(first: 50) {{ nodes {{ owner {{ key }} creator {{ key }} }} }} }} }}
        fragment Nouns on Customer {{ name {nouns} }}"""

    async with gateway_over(box, executor=executor) as plain:
        await page_of_50(plain, system, f"name {nouns}")
        straight = sorted(plain.paths(system))
        plain.forget_calls()
    async with gateway_over(box, executor=executor) as fresh:
        answer = await fresh.ask(winding)

    assert len(answer.data["system"]["second"]["nodes"]) == 50
    assert sorted(fresh.paths(system)) == straight


@pytest.mark.parametrize("system", BATCHING)
async def test_forty_single_customers_asked_for_at_once_are_three_calls(
    gateway: Gateway, box: Sandbox, system: str
) -> None:
    keys = [node["records"][0]["key"] for node in (await page_of_50(gateway, system, "records { key }"))[:40]]
    box.vendors[system].faults.set("latency", latency=0.05)
    gateway.forget_calls()
    query = "query ($by: CustomerBy!) { customer(by: $by) { name records { key } } }"

    answers = await asyncio.gather(
        *(gateway.ask(query, {"by": {"record": {"system": system, "key": key}}}) for key in keys)
    )

    assert [answer.data["customer"]["records"][0]["key"] for answer in answers] == keys
    assert len(gateway.log(system)) == 3


async def test_the_page_says_what_follows_at_no_cost_unless_asked(gateway: Gateway) -> None:
    for system in SYSTEMS:
        await page_of_50(gateway, system, "name")

    assert {system: len(gateway.log(system)) for system in SYSTEMS} == dict.fromkeys(SYSTEMS, 1)
