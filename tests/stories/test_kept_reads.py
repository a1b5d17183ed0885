"""A request that its deadline cuts off gets further when it is sent again, and ends: no call is made twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Answer, Gateway, gateway_over

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SLOW = {"limits": {"vendor_budget": False, "calls_per_second": 10}}
INVOICES = '{ system(name: "%s") { customers(first: 25) { nodes { invoices(first: 3) { nodes { number } } } } } }'
EVERYTHING = """{ system(name: "%s") { customers(first: 12) { totalCount pageInfo { hasNextPage } nodes {
  address { city } contacts { name } accounts { __typename } agreements { type }
  invoices(first: 2) { nodes { number currency } } owner { name } updater { name } creator { name }
  billing { paymentTerms invoiceDelivery recipients { name } } } } } }"""
CUSTOMERS = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { name } ... on Contact { name } } }"


async def asked_until_whole(
    gateway: Gateway, query: str, variables: dict[str, Any] | None = None, *, seconds: float = 1.0, most: int = 9
) -> list[Answer]:
    """Ask until there is no error; the time of each is `seconds`, of which the budget of `SLOW` allows ten calls."""
    answers: list[Answer] = []
    while not answers or answers[-1].errors:
        assert len(answers) < most, answers[-1].errors[:2]
        await asyncio.sleep(0.02)  # those who leave within 20 ms are of one execution
        answers.append(await gateway.ask(query, variables, {"x-request-timeout": str(round(seconds * 1000))}))
        assert answers[-1].status == 200, answers[-1].errors[:1]
    return answers


def assert_no_call_twice(gateway: Gateway, system: str) -> None:
    calls = gateway.log(system)
    assert len(calls) == len(set(calls)), [call for call in set(calls) if calls.count(call) > 1]


@pytest.mark.vendors("billbee")
async def test_the_invoices_of_a_page_end_when_asked_for_again_and_again(box: Sandbox, executor: ExecutorName) -> None:
    async with gateway_over(box, executor=executor, tables=SLOW) as gateway:
        answers = await asked_until_whole(gateway, INVOICES % "billbee")
        calls = gateway.paths("billbee")
        assert_no_call_twice(gateway, "billbee")

    assert len(answers) >= 3
    assert len(calls) == 1 + 25
    assert {code for answer in answers for code in answer.codes} == {"UPSTREAM_RATE_LIMITED"}
    late = [len(answer.errors) for answer in answers]
    assert late == sorted(set(late), reverse=True)
    for answer in answers[:-1]:
        fit = f"; {25 - len(answer.errors)} of 25 reads of orders fit in the time and are kept for 60 s: "
        advice = "send the same request again, or ask for fewer at once"
        assert all(error["message"].endswith(fit + advice) for error in answer.errors)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_every_system_ends_a_request_that_is_sent_again_and_makes_no_call_twice(
    box: Sandbox, system: str
) -> None:
    tables = {"limits": {"vendor_budget": False, "calls_per_second": 5}}
    async with gateway_over(box, systems=[(system, system)], tables=tables) as gateway:
        answers = await asked_until_whole(gateway, EVERYTHING % system, most=25)
        calls = gateway.log(system)
        assert_no_call_twice(gateway, system)
    async with gateway_over(box, systems=[(system, system)]) as gateway:
        at_once = await gateway.ask(EVERYTHING % system)

    assert len(answers) > 1 or len(calls) <= 5
    assert answers[-1].data == at_once.data


@pytest.mark.parametrize("system", SYSTEMS)
async def test_customers_by_their_ids_end_too(box: Sandbox, system: str) -> None:
    tables = {"limits": {"vendor_budget": False, "calls_per_second": 5}}
    query = '{ system(name: "%s") { customers(first: 12) { nodes { id contacts { id } } } } }'
    async with gateway_over(box, systems=[(system, system)]) as gateway:
        nodes = (await gateway.ask(query % system)).data["system"]["customers"]["nodes"]
        gateway.forget_calls()
    ids = [each["id"] for each in [*nodes, *(contact for node in nodes for contact in node["contacts"])][:24]]
    async with gateway_over(box, systems=[(system, system)], tables=tables) as gateway:
        answers = await asked_until_whole(gateway, CUSTOMERS, {"ids": ids})
        assert_no_call_twice(gateway, system)

    assert all(answers[-1].data["nodes"])


@pytest.mark.vendors("billbee")
async def test_nothing_is_kept_of_a_request_that_was_answered_whole(box: Sandbox) -> None:
    async with gateway_over(box) as gateway:
        for _ in range(2):
            assert (await gateway.ask(INVOICES % "billbee")).data
        assert len(gateway.log("billbee")) == 2 * len(set(gateway.log("billbee")))


@pytest.mark.vendors("lemonsoft")
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
