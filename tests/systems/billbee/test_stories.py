"""What queries cost at Billbee, and how a long one ends, told in GraphQL documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway import gateway_over
from stories.test_calls import ADDRESSES, page_of_50
from stories.test_kept_reads import INVOICES, SLOW, asked_until_whole, assert_no_call_twice

if TYPE_CHECKING:
    from gateway import Gateway

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_the_addresses_of_a_page_of_billbee_are_whole_pages_and_then_nothing(gateway: Gateway) -> None:
    nodes = await page_of_50(gateway, "billbee", f"name {ADDRESSES} organization")
    calls = gateway.paths("billbee")
    gateway.forget_calls()
    again = await page_of_50(gateway, "billbee", f"name {ADDRESSES} organization")

    assert sum(node["address"] is not None for node in nodes) > 25
    assert calls == ["GET /customers", "GET /customer-addresses", "GET /customer-addresses"]
    assert again == nodes
    assert gateway.paths("billbee") == ["GET /customers"]


async def test_the_addresses_of_one_customer_of_billbee_are_one_call(gateway: Gateway) -> None:
    query = '{ system(name: "billbee") { customers(first: 1) { nodes { address { city } addresses { city } } } } }'

    answer = await gateway.ask(query)

    assert answer.data["system"]["customers"]["nodes"][0]["address"]["city"]
    assert len(gateway.log("billbee")) == 2


async def test_the_due_date_that_billbee_does_not_have_costs_no_call(gateway: Gateway) -> None:
    query = '{ system(name: "billbee") { customers(first: 5) { nodes { invoices(first: 9) { nodes { dueDate } } } } } }'

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    invoices = [invoice for node in nodes for invoice in node["invoices"]["nodes"]]
    assert invoices
    assert invoices == [{"dueDate": None}] * len(invoices)
    assert not any(path.startswith("GET /orders/") for path in gateway.paths("billbee"))


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


async def test_nothing_is_kept_of_a_request_that_was_answered_whole(box: Sandbox) -> None:
    async with gateway_over(box) as gateway:
        for _ in range(2):
            assert (await gateway.ask(INVOICES % "billbee")).data
        assert len(gateway.log("billbee")) == 2 * len(set(gateway.log("billbee")))
