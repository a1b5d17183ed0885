"""A request that its deadline cuts off gets further when it is sent again, and ends: no call is made twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Answer, Gateway, gateway_over
from stories.capped import Capped

if TYPE_CHECKING:
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

SLOW = {"limits": {"vendor_budget": False, "calls_per_second": 10}}
INVOICES = '{ system(name: "%s") { customers(first: 25) { nodes { invoices(first: 3) { nodes { number } } } } } }'
EVERYTHING = """{ system(name: "%s") { customers(first: 12) { totalCount pageInfo { hasNextPage } nodes {
  address { city } contacts { name } accounts { __typename } agreements { type }
  invoices(first: 2) { nodes { number currency } } owner { name } updater { name } creator { name }
  billing { paymentTerms invoiceDelivery recipients { name } } } }
  users(first: 12) { nodes { name } pageInfo { hasNextPage } } } }"""
CURSOR = """query ($system: String!) {
  system(name: $system) { customers(first: 7) { pageInfo { endCursor } } } }"""
PAGES = """query ($system: String!, $after: String) { system(name: $system) {
  customers(first: 50, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
  users(first: 50) { nodes { name } pageInfo { hasNextPage } }
  choices(field: "billing.paymentTermsId") { value } } }"""
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


def answered_calls(gateway: Gateway, system: str) -> Counter[tuple[str, bytes]]:
    """How often the vendor has answered each call, log-ins left out."""
    calls = gateway.box.vendors[system].log.entries
    return Counter((str(call), call.body) for call in calls if call.status is not None and not call.login)


@pytest.mark.alone  # it goes by the clock: 5 calls a second, cut off at the deadline
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


@pytest.mark.alone  # it goes by the clock: the deadline cuts off the second call
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_page_of_several_calls_of_a_slow_vendor_ends_and_no_call_is_answered_twice(
    box: Sandbox, system: str
) -> None:
    where: dict[str, Any] = {"systems": [(system, system)], "bent": partial(Capped, 20, "counts")}
    async with gateway_over(box, **where) as gateway:
        first = await gateway.ask(CURSOR, {"system": system})
    variables = {"system": system, "after": first.data["system"]["customers"]["pageInfo"]["endCursor"]}
    async with gateway_over(box, **where) as gateway:
        gateway.forget_calls()
        at_once = await gateway.ask(PAGES, variables)
        calls_at_once = answered_calls(gateway, system)
    async with gateway_over(box, **where) as gateway:
        gateway.forget_calls()
        box.vendors[system].faults.set("latency", latency=0.2)
        answers = await asked_until_whole(gateway, PAGES, variables, seconds=0.3, most=15)
        calls = answered_calls(gateway, system)

    assert answers[-1].data == at_once.data
    assert calls == calls_at_once
    late = [error["message"] for answer in answers for error in answer.errors if "customers" in error["path"]]
    assert any(re.search(r"; \d+ calls? fit in the time and (is|are) kept for 60 s: ", each) for each in late), late
