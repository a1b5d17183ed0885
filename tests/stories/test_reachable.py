"""Whether a system is reachable is right on the first ask: after it broke, and after it was mended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS, Answer, gateway_over
from picked import FIRST

from customer_gateway.cli.demo import SHORT_QUERY
from customer_gateway.http.graphiql.examples import DEMO_QUERY

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def reached(answer: Answer) -> list[str]:
    return [each["name"] for each in answer.partial["systems"] if each["reachable"]]


@pytest.mark.parametrize("query", [DEMO_QUERY, SHORT_QUERY], ids=["explorer", "shell"])
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_system_that_breaks_and_is_mended_is_told_so_at_once(
    box: Sandbox, executor: ExecutorName, system: str, query: str
) -> None:
    others = [name for name in SYSTEMS if name != system]
    async with gateway_over(box, executor=executor) as gateway:
        before = await gateway.ask(query)
        box.vendors[system].faults.set("status", status=503)
        broken = await gateway.ask(query)
        box.vendors[system].faults.clear()
        mended = await gateway.ask(query)

    assert [reached(before), reached(broken), reached(mended)] == [list(SYSTEMS), others, list(SYSTEMS)]
    assert broken.codes == ["UPSTREAM_UNAVAILABLE"]
    assert mended.errors == []


async def test_right_after_the_start_the_requests_own_calls_tell(box: Sandbox, executor: ExecutorName) -> None:
    async with gateway_over(box, executor=executor) as gateway:
        answer = await gateway.ask("{ systems { reachable name customers(first: 1) { nodes { name } } } }")
        paths = {system: gateway.paths(system) for system in SYSTEMS}

    assert reached(answer) == list(SYSTEMS)
    assert {system: len(set(each)) for system, each in paths.items()} == dict.fromkeys(SYSTEMS, 1)


@pytest.mark.parametrize("system", SYSTEMS)
async def test_reads_elsewhere_in_the_request_are_waited_for_too(
    box: Sandbox, executor: ExecutorName, system: str
) -> None:
    async with gateway_over(box, executor=executor) as gateway:
        page = f'{{ system(name: "{system}") {{ reachable customers(first: 1) {{ nodes {{ id }} }} }} }}'
        ((customer,),) = [each["customers"]["nodes"] for each in (await gateway.ask(page)).data.values()]
        box.vendors[system].faults.set("status", status=503)
        answer = await gateway.ask(
            f'query ($id: ID!) {{ system(name: "{system}") {{ reachable }} node(id: $id) {{ id }} }}', customer
        )

    assert answer.partial == {"system": {"reachable": False}, "node": None}


async def test_a_mended_system_that_is_still_left_alone_is_not_reachable_until_it_is_tried(box: Sandbox) -> None:
    async with gateway_over(box, tables={"breaker": {"failures": 1, "open_seconds": 0.5}}) as gateway:
        box.vendors[FIRST].faults.set("status", status=503)
        await gateway.ask(SHORT_QUERY)
        box.vendors[FIRST].faults.clear()
        left_alone = await gateway.ask(SHORT_QUERY)
        await asyncio.sleep(0.5)
        tried = await gateway.ask(SHORT_QUERY)

    assert (reached(left_alone), left_alone.codes) == ([n for n in SYSTEMS if n != FIRST], ["UPSTREAM_UNAVAILABLE"])
    assert (reached(tried), tried.errors) == (list(SYSTEMS), [])
