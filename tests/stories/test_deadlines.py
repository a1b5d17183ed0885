"""Deadlines: each request's own, whoever else asks the same, and whatever hangs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Answer, Gateway, gateway_over

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

EVERYBODY = "{ systems { name customers(first: 3) { nodes { name contacts { name } } } } }"


@pytest.fixture
async def gateway(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor) as running:
        yield running


async def timed(asking: Coroutine[Any, Any, Answer]) -> tuple[Answer, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return await asking, loop.time() - began


def assert_only_next_is_late(answer: Answer) -> None:
    place = SYSTEMS.index("next")
    assert [error["path"] for error in answer.errors] == [["systems", place, "customers"]]
    assert [error["extensions"]["system"] for error in answer.errors] == ["next"]
    assert answer.codes == ["UPSTREAM_TIMEOUT"]
    assert answer.errors[0]["message"] in {
        f"next: {what}: no whole answer before the deadline; try again later"
        for what in ("customers", "GET /customer/")
    }
    assert [each["name"] for each in answer.partial["systems"] if each["customers"] is None] == ["next"]
    others = [each["customers"]["nodes"] for each in answer.partial["systems"] if each["customers"]]
    assert [len(nodes) for nodes in others] == [3] * (len(SYSTEMS) - 1)
    assert all(node["name"] for nodes in others for node in nodes)


async def test_a_request_may_have_less_time_than_the_server_gives(gateway: Gateway) -> None:
    gateway.box.next.faults.set("hang")

    answer, seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "400"}))

    assert_only_next_is_late(answer)
    assert 0.4 <= seconds < 1


async def test_a_request_never_has_more_time_than_the_server_gives(box: Sandbox) -> None:
    box.next.faults.set("hang")

    async with gateway_over(box, deadline_seconds=0.4) as gateway:
        answer, seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "60000"}))

    assert_only_next_is_late(answer)
    assert 0.4 <= seconds < 1


@pytest.mark.parametrize("nonsense", ["soon", "", "-1", "0", "1.5", "NaN", "1e3", "10s", "99999999999"])
async def test_a_time_that_is_none_is_refused(gateway: Gateway, nonsense: str) -> None:
    answer = await gateway.ask(EVERYBODY, headers={"x-request-timeout": nonsense})

    assert answer.status == 400
    assert answer.errors[0]["message"].endswith("give a whole one from 1 to 999999999.")
    assert "data" not in answer.body
    assert [gateway.log(system) for system in SYSTEMS] == [[]] * len(SYSTEMS)


@pytest.mark.vendors("autodns")
async def test_a_slow_system_does_not_hold_up_what_is_nested_in_another(gateway: Gateway) -> None:
    gateway.box.autodns.faults.set("hang")

    asking = asyncio.ensure_future(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1500"}))
    await asyncio.sleep(1)
    meanwhile = {system: gateway.paths(system) for system in ("pland", "next")}
    answer = await asking

    assert meanwhile == {
        "pland": ["GET /customers/", "GET /contacts/", "GET /contacts/"],
        "next": ["GET /customer/", "GET /customercontact/"],
    }
    assert answer.codes == ["UPSTREAM_TIMEOUT"]
    assert answer.errors[0]["extensions"]["system"] == "autodns"


async def test_a_system_that_hangs_does_not_hold_up_what_is_nested_in_the_nodes_of_another(gateway: Gateway) -> None:
    first = '{ system(name: "%s") { customers(first: 1) { nodes { id } } } }'
    answers = [await gateway.ask(first % system) for system in ("pland", "next")]
    ids = [answer.data["system"]["customers"]["nodes"][0]["id"] for answer in answers]
    gateway.box.next.faults.set("hang")

    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { contacts { name } } } }"
    answer = await gateway.ask(query, {"ids": ids}, {"x-request-timeout": "1000"})

    assert [(error["path"], error["extensions"]["system"]) for error in answer.errors] == [(["nodes", 1], "next")]
    of_pland, of_next = answer.partial["nodes"]
    assert of_pland["contacts"]
    assert of_next is None


async def test_two_who_ask_the_same_leave_each_at_its_own_deadline_with_what_was_read(gateway: Gateway) -> None:
    gateway.box.next.faults.set("hang")

    (long, long_seconds), (short, short_seconds) = await asyncio.gather(
        timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1000"})),
        timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "400"})),
    )

    assert_only_next_is_late(short)
    assert_only_next_is_late(long)
    assert short_seconds < 0.9
    assert long_seconds >= 1


async def test_who_asks_the_same_a_little_later_takes_nothing_from_the_first(gateway: Gateway) -> None:
    gateway.box.next.faults.set("hang")

    first = asyncio.ensure_future(timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "600"})))
    await asyncio.sleep(0.3)
    second, second_seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1100"}))

    answer, seconds = await first
    assert_only_next_is_late(answer)
    assert_only_next_is_late(second)
    assert 0.6 <= seconds < 1.1
    assert 1.1 <= second_seconds < 2


async def test_who_asks_the_same_with_more_time_gets_what_comes_after_the_others_deadline(gateway: Gateway) -> None:
    gateway.box.next.faults.set("latency", latency=0.5)

    hurried = asyncio.ensure_future(gateway.ask(EVERYBODY, headers={"x-request-timeout": "300"}))
    await asyncio.sleep(0.1)
    long = await gateway.ask(EVERYBODY)
    short = await hurried

    assert_only_next_is_late(short)
    assert [each["name"] for each in long.data["systems"] if each["customers"]["nodes"]] == list(SYSTEMS)
    assert gateway.paths("next") == ["GET /customer/", "GET /customercontact/"]


async def test_other_documents_over_the_same_keys_keep_their_own_deadlines(gateway: Gateway) -> None:
    record = {"system": "next", "key": "1201"}
    named, stated = (f"query ($by: CustomerBy!) {{ customer(by: $by) {{ {field} }} }}" for field in ("name", "status"))
    gateway.box.next.faults.set("latency", latency=0.5)

    hurried = asyncio.ensure_future(gateway.ask(named, {"by": {"record": record}}, {"x-request-timeout": "200"}))
    await asyncio.sleep(0.1)
    long = await gateway.ask(stated, {"by": {"record": record}})
    short = await hurried

    assert short.codes == ["UPSTREAM_TIMEOUT"]
    assert long.data["customer"]["status"]
    assert len(gateway.log("next")) == 1


async def test_one_clients_leaving_does_not_end_anothers_call(gateway: Gateway) -> None:
    query = 'query ($key: String!) { customer(by: { record: { system: "pland", key: $key } }) { name } }'
    page = '{ system(name: "pland") { customers(first: 2) { nodes { records { key } } } } }'
    keys = [node["records"][0]["key"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]
    gateway.box.pland.faults.set("latency", latency=0.3)
    gateway.forget_calls()

    leaving = [asyncio.ensure_future(gateway.ask(query, {"key": keys[0]})) for _ in range(2)]
    other = asyncio.ensure_future(gateway.ask(f"query Other {query.removeprefix('query ')}", {"key": keys[0]}))
    await asyncio.sleep(0.1)
    for each in leaving:
        each.cancel()
    answer = await other

    assert answer.data["customer"]["name"]
    assert len(gateway.log("pland")) == 1


async def test_a_bad_key_of_one_request_fails_no_other_that_it_is_joined_with(gateway: Gateway) -> None:
    page = '{ system(name: "next") { customers(first: 8) { nodes { id } } } }'
    ids = [node["id"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]
    too_great = "Q3VzdG9tZXI6bmV4dDo5OTk5OTk5OTk5OTk5OTk5OTk"  # Customer:next:999999999999999999
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    gateway.box.next.faults.set("latency", latency=0.05)

    asked = [[each] for each in ids[:6]] + [[ids[6], too_great]] + [[ids[7]]]
    answers = await asyncio.gather(*(gateway.ask(query, {"ids": each}) for each in asked))

    fine = answers[:6] + answers[7:]
    assert [answer.data["nodes"] for answer in fine] == [[{"id": each}] for each in ids[:6] + ids[7:]]


@pytest.mark.vendors("lemonsoft")
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
