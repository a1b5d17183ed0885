"""`customers` of all systems as GraphQL: a slow system holds up its own rows only, in both executors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest
from api.acme_graph import Graph, answer_of
from federation.fake_system import Acme, AcmeContact, Asked, numbered
from federation.index_rows import Rows, row

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.system import Route

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName

pytestmark = pytest.mark.anyio

NODES: Final = "nodes { name contacts { name } }"
EDGES: Final = "edges { node { name contacts { name } } }"


@pytest.fixture(params=["breadth", "reference"])
def executor(request: pytest.FixtureRequest) -> ExecutorName:
    return request.param


def slow(answer: Asked) -> Acme:
    system = Acme("slow")
    system.route_of_customers = Route("slow.customers", answer.fetch, 100)
    return system


def quick() -> Acme:
    contacts = {"1": [AcmeContact("quick", "c", "1", "Contact of quick")]}
    return Acme("quick", numbered([1]), contact_lists=contacts)


def both() -> Rows:
    return Rows([row("quick", "1"), row("slow", "1"), row("slow", "2"), row("slow", "3")])


def shown(answer: Any) -> list[Any]:
    customers = answer["data"]["customers"]
    found = customers.get("nodes") or [edge["node"] for edge in customers["edges"]]
    return [each["name"] for each in found]


@pytest.mark.parametrize("selection", [NODES, EDGES, f"{EDGES} {NODES}"])
async def test_what_is_below_the_rows_of_a_quick_system_is_read_before_a_slow_one_answers(
    executor: ExecutorName, selection: str
) -> None:
    answer = Asked({"1": slow(Asked({})).view({"id": "1", "name": "One"}), "2": None}, held=True)
    first, second = quick(), slow(answer)
    graph = Graph(executor, first, second, index=both(), seconds=2)

    asking = asyncio.create_task(graph.ask(f"{{ customers(first: 4) {{ {selection} }} }}"))
    await asyncio.sleep(0.8)  # half a second is waited for those that are slow
    contacts = [call for call in first.log if call.startswith("contacts")]
    answer.gate.set()
    told = await asking

    assert contacts == ["contacts 1"] or executor == "reference"  # which may wait for all items of a list
    assert shown(told) == ["Customer 1", "One", "Index 2", "Index 3"]  # those that are gone have places by then
    assert "errors" not in told
    entry = {"path": ["customers"], "system": "slow", "code": "UPSTREAM_BAD_RESPONSE", "retryable": True}
    assert told["extensions"]["incomplete"] == [entry]


@pytest.mark.parametrize("selection", [NODES, EDGES])
@pytest.mark.parametrize("systems", ['"quick", "slow"', '"slow"'])
async def test_a_slow_system_that_fails_at_last_leaves_its_rows_as_the_index_knows_them(
    executor: ExecutorName, selection: str, systems: str
) -> None:
    answer = Asked({}, held=True)
    answer.refuses = lambda _keys: UpstreamUnavailable("slow", "down", retry_after_ms=500)
    graph = Graph(executor, quick(), slow(answer), index=both(), seconds=2)
    document = f"{{ mine: customers(first: 4, filter: {{ systems: [{systems}] }}) {{ totalCount {selection} }} }}"

    asking = asyncio.create_task(graph.ask(document))
    await asyncio.sleep(0.7)
    answer.gate.set()
    told = await asking

    expected = ["Index 1", "Index 2", "Index 3"]
    assert shown({"data": {"customers": told["data"]["mine"]}})[-3:] == expected
    entry = {"path": ["mine"], "system": "slow", "code": "UPSTREAM_UNAVAILABLE", "retryable": True}
    assert told["extensions"]["incomplete"] == [{**entry, "retryAfterMs": 500}]
    assert "errors" not in told


async def test_a_request_that_is_given_up_meanwhile_leaves_nothing_behind_but_the_call_itself() -> None:
    answer = Asked({}, held=True)
    graph = Graph("breadth", quick(), slow(answer), index=both(), seconds=2)
    before = asyncio.all_tasks()

    for seconds in (0.1, 0.8):
        asking = asyncio.create_task(graph.ask(f"{{ customers(first: 4) {{ {NODES} }} }}"))
        await asyncio.sleep(seconds)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.sleep(0.05)

    left = [str(task.get_coro()) for task in asyncio.all_tasks() - before]
    assert [each for each in left if "SharedCall" not in each] == []


async def test_an_answer_before_the_end_has_all_rows(executor: ExecutorName) -> None:
    graph = Graph(executor, quick(), slow(Asked({}, held=True)), index=both(), seconds=2)
    execution = graph.begin(f"{{ customers(first: 4) {{ {NODES} }} }}")

    running = asyncio.create_task(execution.run())
    await asyncio.sleep(0.8)
    early = answer_of(await execution.so_far())
    running.cancel()

    assert shown(early) == ["Customer 1", "Index 1", "Index 2", "Index 3"]
    assert [each["code"] for each in early["extensions"]["incomplete"]] == ["UPSTREAM_TIMEOUT"]
