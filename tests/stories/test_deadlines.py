"""Deadlines: each request's own, whoever else asks the same, and whatever hangs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from gateway import SYSTEMS, Answer, Gateway, gateway_over
from picked import CONTACTS, listed
from vendors import FACTS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

LATE = list(CONTACTS)[-1]
HANGING = next(name for name in FACTS if name not in CONTACTS)
OTHER = next(name for name in FACTS if name != LATE and "contacts" not in FACTS[name].not_in_system)
EVERYBODY = "{ systems { name customers(first: 3) { nodes { name contacts { name } } } } }"


@pytest.fixture
async def gateway(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor) as running:
        yield running


async def timed(asking: Coroutine[Any, Any, Answer]) -> tuple[Answer, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return await asking, loop.time() - began


def assert_only_one_is_late(answer: Answer) -> None:
    place = SYSTEMS.index(LATE)
    assert [error["path"] for error in answer.errors] == [["systems", place, "customers"]]
    assert [error["extensions"]["system"] for error in answer.errors] == [LATE]
    assert answer.codes == ["UPSTREAM_TIMEOUT"]
    assert answer.errors[0]["message"] in {
        f"{LATE}: {what}: no whole answer before the deadline; try again later" for what in ("customers", listed(LATE))
    }
    assert [each["name"] for each in answer.partial["systems"] if each["customers"] is None] == [LATE]
    others = [each["customers"]["nodes"] for each in answer.partial["systems"] if each["customers"]]
    assert [len(nodes) for nodes in others] == [3] * (len(SYSTEMS) - 1)
    assert all(node["name"] for nodes in others for node in nodes)


def calls_of_everybody(system: str) -> list[str]:
    """The paths of a page with its contacts, the first time."""
    return [listed(system), *[f"GET {CONTACTS[system]}"] * FACTS[system].cold_times]


async def test_a_request_may_have_less_time_than_the_server_gives(gateway: Gateway) -> None:
    gateway.box.vendors[LATE].faults.set("hang")

    answer, seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1000"}))

    assert_only_one_is_late(answer)
    assert 1 <= seconds < 2.5


async def test_a_request_never_has_more_time_than_the_server_gives(box: Sandbox) -> None:
    box.vendors[LATE].faults.set("hang")

    async with gateway_over(box, deadline_seconds=1) as gateway:
        answer, seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "60000"}))

    assert_only_one_is_late(answer)
    assert 1 <= seconds < 2.5


@pytest.mark.parametrize("nonsense", ["soon", "", "-1", "0", "1.5", "NaN", "1e3", "10s", "99999999999"])
async def test_a_time_that_is_none_is_refused(gateway: Gateway, nonsense: str) -> None:
    answer = await gateway.ask(EVERYBODY, headers={"x-request-timeout": nonsense})

    assert answer.status == 400
    assert answer.errors[0]["message"].endswith("give a whole one from 1 to 999999999.")
    assert "data" not in answer.body
    assert [gateway.log(system) for system in SYSTEMS] == [[]] * len(SYSTEMS)


async def test_a_slow_system_does_not_hold_up_what_is_nested_in_another(gateway: Gateway) -> None:
    gateway.box.vendors[HANGING].faults.set("hang")

    asking = asyncio.ensure_future(gateway.ask(EVERYBODY, headers={"x-request-timeout": "4000"}))
    wanted = {system: calls_of_everybody(system) for system in CONTACTS}
    while (made := {system: gateway.paths(system) for system in CONTACTS}) != wanted and not asking.done():  # noqa: ASYNC110  the log of calls has no event
        await asyncio.sleep(0.02)
    is_answered = asking.done()
    answer = await asking

    assert (made, is_answered) == (wanted, False)
    assert answer.codes == ["UPSTREAM_TIMEOUT"]
    assert answer.errors[0]["extensions"]["system"] == HANGING


async def test_a_system_that_hangs_does_not_hold_up_what_is_nested_in_the_nodes_of_another(gateway: Gateway) -> None:
    first = '{ system(name: "%s") { customers(first: 1) { nodes { id } } } }'
    answers = [await gateway.ask(first % system) for system in (OTHER, LATE)]
    ids = [answer.data["system"]["customers"]["nodes"][0]["id"] for answer in answers]
    gateway.box.vendors[LATE].faults.set("hang")

    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer { contacts { name } } } }"
    answer = await gateway.ask(query, {"ids": ids}, {"x-request-timeout": "1500"})

    assert [(error["path"], error["extensions"]["system"]) for error in answer.errors] == [(["nodes", 1], LATE)]
    of_other, of_late = answer.partial["nodes"]
    assert of_other["contacts"]
    assert of_late is None


async def test_two_who_ask_the_same_leave_each_at_its_own_deadline_with_what_was_read(gateway: Gateway) -> None:
    gateway.box.vendors[LATE].faults.set("hang")

    (long, long_seconds), (short, short_seconds) = await asyncio.gather(
        timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "2500"})),
        timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1000"})),
    )

    assert_only_one_is_late(short)
    assert_only_one_is_late(long)
    assert short_seconds < 2.4
    assert long_seconds >= 2.5


async def test_who_asks_the_same_a_little_later_takes_nothing_from_the_first(gateway: Gateway) -> None:
    gateway.box.vendors[LATE].faults.set("hang")

    first = asyncio.ensure_future(timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1500"})))
    await asyncio.sleep(0.7)
    second, second_seconds = await timed(gateway.ask(EVERYBODY, headers={"x-request-timeout": "2800"}))

    answer, seconds = await first
    assert_only_one_is_late(answer)
    assert_only_one_is_late(second)
    assert 1.5 <= seconds < 2.8
    assert 2.8 <= second_seconds < 5


async def test_who_asks_the_same_with_more_time_gets_what_comes_after_the_others_deadline(gateway: Gateway) -> None:
    gateway.box.vendors[LATE].faults.set("latency", latency=2)

    hurried = asyncio.ensure_future(gateway.ask(EVERYBODY, headers={"x-request-timeout": "1200"}))
    await asyncio.sleep(0.2)
    long = await gateway.ask(EVERYBODY)
    short = await hurried

    assert_only_one_is_late(short)
    assert [each["name"] for each in long.data["systems"] if each["customers"]["nodes"]] == list(SYSTEMS)
    assert gateway.paths(LATE) == calls_of_everybody(LATE)


async def test_other_documents_over_the_same_keys_keep_their_own_deadlines(gateway: Gateway) -> None:
    page = f'{{ system(name: "{LATE}") {{ customers(first: 1) {{ nodes {{ records {{ key }} }} }} }} }}'
    (node,) = (await gateway.ask(page)).data["system"]["customers"]["nodes"]
    record = {"system": LATE, "key": node["records"][0]["key"]}
    gateway.forget_calls()
    named, stated = (f"query ($by: CustomerBy!) {{ customer(by: $by) {{ {field} }} }}" for field in ("name", "status"))
    gateway.box.vendors[LATE].faults.set("latency", latency=1)

    hurried = asyncio.ensure_future(gateway.ask(named, {"by": {"record": record}}, {"x-request-timeout": "400"}))
    await asyncio.sleep(0.1)
    long = await gateway.ask(stated, {"by": {"record": record}})
    short = await hurried

    assert short.codes == ["UPSTREAM_TIMEOUT"]
    assert long.data["customer"]["status"]
    assert len(gateway.log(LATE)) == 1


async def test_one_clients_leaving_does_not_end_anothers_call(gateway: Gateway) -> None:
    query = f'query ($key: String!) {{ customer(by: {{ record: {{ system: "{LATE}", key: $key }} }}) {{ name }} }}'
    page = f'{{ system(name: "{LATE}") {{ customers(first: 2) {{ nodes {{ records {{ key }} }} }} }} }}'
    keys = [node["records"][0]["key"] for node in (await gateway.ask(page)).data["system"]["customers"]["nodes"]]
    gateway.box.vendors[LATE].faults.set("latency", latency=0.3)
    gateway.forget_calls()

    leaving = [asyncio.ensure_future(gateway.ask(query, {"key": keys[0]})) for _ in range(2)]
    other = asyncio.ensure_future(gateway.ask(f"query Other {query.removeprefix('query ')}", {"key": keys[0]}))
    await asyncio.sleep(0.1)
    for each in leaving:
        each.cancel()
    answer = await other

    assert answer.data["customer"]["name"]
    assert len(gateway.log(LATE)) == 1
