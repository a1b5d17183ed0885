from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from http_world import GRAPHQL, Client, World, never
from httpx import ASGITransport
from named_callers import NamedKeys

from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.http.shared_execution import SAME_MOMENT_SECONDS, WOKEN_PER_ITERATION, SharedExecution
from customer_gateway.model.callers import Rights
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.shared_call import CallCancelled, Completion, JoinableCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from httpx import Response

pytestmark = pytest.mark.anyio


async def turns(count: int = 20) -> None:
    """Let everything go on that can, until all wait."""
    for _ in range(count):
        await asyncio.sleep(0)


def started(
    in_flight: JoinableCalls[SharedExecution[str]], at: float, run: Callable[[Deadline], Awaitable[str]]
) -> SharedExecution[str]:
    """An execution that others may join under "key"."""
    execution = SharedExecution(at, run)
    in_flight.let_join("key", execution)
    return execution


def code_of(response: Response) -> str:
    return response.json()["errors"][0]["extensions"]["code"]


async def test_identical_queries_in_flight_are_executed_once() -> None:
    world = World()
    async with world.client() as client:
        asked = [asyncio.create_task(client.ask("{ read }")) for _ in range(50)]
        await turns()
        world.gate.set()
        answers = [await each for each in asked]

    assert [answer.json() for answer in answers] == [{"data": {"read": "read 1"}}] * 50
    assert len(world.reads) == 1


async def test_the_same_operation_in_other_bytes_is_joined_too() -> None:
    world = World()
    variants = [
        b'{"query":"query R($n: String) { read hello(name: $n) }","variables":{"n":"a"}}',
        b'{ "variables": {"n": "a"}, "query": "query R($n: String) { read hello(name: $n) }", "operationName": "" }',
    ]
    async with world.client() as client:
        headers = {"content-type": "application/json"}
        asked = [asyncio.create_task(client.post("/graphql", content=body, headers=headers)) for body in variants]
        parameters = {"query": "query R($n: String) { read hello(name: $n) }", "variables": '{"n": "a"}'}
        got = asyncio.create_task(client.get("/graphql", params=parameters, headers=headers))
        await turns()
        world.gate.set()
        await asyncio.gather(*asked, got)

    assert len(world.reads) == 1


async def test_other_variables_are_other_work() -> None:
    world = World()
    async with world.client() as client:
        asked = [
            asyncio.create_task(client.ask("query ($n: String) { hello(name: $n) read }", variables={"n": n}))
            for n in ("a", "b")
        ]
        await turns()
        world.gate.set()
        answers = [await each for each in asked]

    assert [answer.json()["data"]["hello"] for answer in answers] == ["hello a", "hello b"]


@pytest.mark.parametrize(
    ("other", "executions"),
    [
        (Rights(frozenset({"customers:read"}), frozenset({"pland"})), 1),
        (Rights(frozenset({"customers:read", "billing:read"}), frozenset({"pland"})), 2),
        (Rights(frozenset({"customers:read"}), frozenset({"pland", "next"})), 2),
        (Rights(frozenset({"customers:read"})), 2),
    ],
)
async def test_callers_are_joined_by_their_rights_whatever_their_names(other: Rights, executions: int) -> None:
    world = World()
    world.gate.set()
    keys = NamedKeys({"a": Rights(frozenset({"customers:read"}), frozenset({"pland"})), "b": other})
    app = build_http(world.engine(), HttpSettings(), Authenticator(keys=keys))
    async with Client(transport=ASGITransport(app), base_url="http://gateway.test") as client:
        asked = [client.ask("{ read }", {"authorization": f"Bearer cg_{name}"}) for name in ("a", "b")]
        answers = await asyncio.gather(*asked)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(world.reads) == executions


async def test_mutations_are_never_joined() -> None:
    world = World()
    world.gate.set()
    async with world.client() as client:
        await asyncio.gather(*(client.ask('mutation { rename(to: "x") }') for _ in range(3)))

    assert world.renamed == ["x", "x", "x"]


async def test_a_finished_execution_is_not_an_answer_for_those_who_come_later() -> None:
    world = World()
    world.gate.set()
    async with world.client() as client:
        answers = [(await client.ask("{ read }")).json()["data"]["read"] for _ in range(2)]

    assert answers == ["read 1", "read 2"]


async def test_an_error_told_to_many_bears_the_request_id_of_each() -> None:
    world = World()
    async with world.client() as client:
        asked = [asyncio.create_task(client.ask("{ read down }", {"x-request-id": f"r{n}"})) for n in range(3)]
        await turns()
        world.gate.set()
        answers = [await each for each in asked]

    ids = [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers]
    assert (ids, len(world.reads)) == (["r0", "r1", "r2"], 1)


async def test_joiners_may_ask_for_different_media_types() -> None:
    world = World()
    async with world.client() as client:
        asked = [asyncio.create_task(client.ask("{ read }", {"accept": a})) for a in (GRAPHQL, "application/json")]
        await turns()
        world.gate.set()
        answers = [await each for each in asked]

    assert [answer.headers["content-type"].split(";")[0] for answer in answers] == [GRAPHQL, "application/json"]
    assert len(world.reads) == 1


async def test_each_joiner_leaves_at_its_own_deadline_and_the_work_goes_on_to_the_latest() -> None:
    world = World()
    async with world.client() as client:
        hurried = asyncio.create_task(client.ask("{ read }", {"x-request-timeout": "600"}))
        await turns()
        patient = asyncio.create_task(client.ask("{ read }", {"x-request-timeout": "1100"}))
        left = await hurried
        world.gate.set()
        stayed = await patient

    assert (left.status_code, left.json()["data"], code_of(left)) == (200, None, "UPSTREAM_TIMEOUT")
    assert left.json()["errors"][0]["extensions"]["requestId"] == left.headers["x-request-id"]
    assert stayed.json() == {"data": {"read": "read 1"}}
    assert len(world.reads) == 1


async def test_who_has_far_more_time_than_the_first_does_not_join_what_was_begun_in_a_hurry() -> None:
    world = World()
    async with world.client() as client:
        hurried = asyncio.create_task(client.ask("{ read }", {"x-request-timeout": "200"}))
        await turns()
        patient = [asyncio.create_task(client.ask("{ read }")) for _ in range(3)]
        await turns()
        world.gate.set()
        answers = await asyncio.gather(hurried, *patient)

    assert all("errors" not in answer.json() for answer in answers)
    assert len(world.reads) == 2


async def test_who_comes_after_the_first_ones_time_is_over_starts_anew() -> None:
    async def endless(_: Deadline) -> str:
        await asyncio.Event().wait()
        return "never"

    loop = asyncio.get_running_loop()
    begun = loop.time()
    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    execution = started(in_flight, begun + 0.2, endless)
    in_time = in_flight.find("key")
    joiner = asyncio.create_task(execution.reply(begun + 0.3, 0.0, never))
    await asyncio.sleep(0.21)
    too_late = in_flight.find("key")
    await asyncio.gather(joiner, return_exceptions=True)

    assert (in_time, too_late) == (execution, None)


async def test_who_joins_with_less_time_than_the_first_leaves_first() -> None:
    world = World()
    async with world.client() as client:
        patient = asyncio.create_task(client.ask("{ read }"))
        await turns()
        hurried = await client.ask("{ read }", {"x-request-timeout": "40"})
        still_waiting = not patient.done()
        world.gate.set()
        stayed = await patient

    assert (code_of(hurried), still_waiting) == ("UPSTREAM_TIMEOUT", True)
    assert stayed.json() == {"data": {"read": "read 1"}}


async def test_the_cancellation_of_the_first_does_not_end_the_others() -> None:
    world = World()
    async with world.client() as client:
        first, second = (asyncio.create_task(client.ask("{ read }")) for _ in range(2))
        await turns()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        world.gate.set()
        answer = await second

    assert (answer.json(), len(world.reads)) == ({"data": {"read": "read 1"}}, 1)


async def test_who_comes_just_after_the_last_one_left_starts_anew() -> None:
    world = World()
    async with world.client() as client:
        first = asyncio.create_task(client.ask("{ read }"))
        await turns()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        world.gate.set()
        answer = await client.ask("{ read }")

    assert (answer.json(), len(world.reads)) == ({"data": {"read": "read 2"}}, 2)


async def test_a_mutation_is_finished_though_nobody_waits_for_it_any_more() -> None:
    world = World()
    async with world.client() as client:
        answer = await client.ask('mutation { rename(to: "x") }', {"x-request-timeout": "30"})
        world.gate.set()
        await turns()

    assert (code_of(answer), world.renamed) == ("UPSTREAM_TIMEOUT", ["x"])


async def test_work_that_nobody_waits_for_is_broken_off() -> None:
    ended: list[str] = []

    async def work(_: Deadline) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")
        return "never"

    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    execution = started(in_flight, asyncio.get_running_loop().time() + 0.01, work)
    with pytest.raises(TimeoutError):
        await execution.reply(execution.deadline.at, 0.0, never)
    await turns()

    assert (ended, len(in_flight)) == (["ended"], 0)


async def test_many_waiters_are_told_a_few_per_iteration_and_all_of_them() -> None:
    told: list[int] = []

    async def work(_: Deadline) -> str:
        await asyncio.sleep(0.01)
        return "done"

    async def wait(number: int) -> None:
        await execution.reply(at, 1.0, never)
        told.append(number)

    at = asyncio.get_running_loop().time() + 1
    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    execution = started(in_flight, at, work)
    await asyncio.gather(*(wait(number) for number in range(100)))

    assert told == list(range(100))


async def test_a_failure_of_the_work_reaches_everybody() -> None:
    async def work(_: Deadline) -> str:
        await asyncio.sleep(0)
        raise LookupError("nothing here")

    at = asyncio.get_running_loop().time() + 1
    execution = SharedExecution(at, work)
    outcomes = await asyncio.gather(*(execution.reply(at, 1.0, never) for _ in range(3)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3


async def test_work_that_was_given_up_does_not_stand_in_the_way_of_new_work() -> None:
    async def endless(_: Deadline) -> str:
        await asyncio.Event().wait()
        return "never"

    at = asyncio.get_running_loop().time() + 1
    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    left = asyncio.create_task(started(in_flight, at, endless).reply(at, 0.0, never))
    await turns()
    left.cancel()
    await turns(2)
    none_to_join = in_flight.find("key")
    begun = started(in_flight, at, endless)
    await turns()

    assert (none_to_join, in_flight.find("key")) == (None, begun)


async def test_work_that_is_ended_from_outside_ends_the_waiting() -> None:
    async def work(_: Deadline) -> str:
        await asyncio.Event().wait()
        return "never"

    at = asyncio.get_running_loop().time() + 1
    execution = SharedExecution(at, work)
    waiting = [asyncio.create_task(execution.reply(at, 0.0, never)) for _ in range(2)]
    await turns()
    execution.task.cancel()
    await asyncio.wait(waiting)

    assert [type(each.exception()) for each in waiting] == [CallCancelled, CallCancelled]


async def test_an_answer_that_comes_in_the_very_moment_of_the_deadline_counts() -> None:
    completion, deadline = Completion(), Deadline(asyncio.get_running_loop().time() + 0.02)
    waiting = asyncio.create_task(completion.wait_until(deadline))
    await turns(1)
    asyncio.get_running_loop().call_at(deadline.at, completion.set)

    assert await waiting


async def test_who_is_cancelled_while_others_are_told_is_passed_over() -> None:
    async def work(_: Deadline) -> str:
        await asyncio.sleep(0)
        return "done"

    async def wait(number: int) -> str:
        told = await execution.reply(at, 0.0, never)
        if number == 0:
            waiting[-1].cancel()
        return told

    at = asyncio.get_running_loop().time() + 1
    execution = SharedExecution(at, work)
    waiting = [asyncio.create_task(wait(number)) for number in range(WOKEN_PER_ITERATION + 2)]
    await asyncio.wait(waiting)

    assert [each.cancelled() for each in waiting] == [False] * (WOKEN_PER_ITERATION + 1) + [True]


async def test_who_leaves_early_is_told_what_there_is_and_those_of_one_moment_the_same() -> None:
    looks: list[int] = []

    async def work(_: Deadline) -> str:
        await asyncio.sleep(5)
        return "all"

    async def so_far() -> str:
        looks.append(len(looks))
        return f"look {len(looks)}"

    execution = SharedExecution(asyncio.get_running_loop().time() + 1, work, so_far)
    together = await asyncio.gather(execution.so_far(), execution.so_far())
    await asyncio.sleep(2 * SAME_MOMENT_SECONDS)
    later = await execution.so_far()
    execution.task.cancel()

    assert together == ["look 1", "look 1"]
    assert later == "look 2"


async def test_work_that_nobody_shares_tells_nothing_before_its_end() -> None:
    async def work(_: Deadline) -> str:
        return "all"

    execution = SharedExecution(asyncio.get_running_loop().time() + 1, work, alone=True)

    assert await execution.so_far() is None
    assert await execution.task == "all"


async def test_who_finds_the_work_just_done_does_not_join_it() -> None:
    async def work(_: Deadline) -> str:
        return "done"

    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    at = asyncio.get_running_loop().time() + 1
    execution = started(in_flight, at, work)
    found: list[object] = []
    execution.task.add_done_callback(lambda _: found.append(in_flight.find("key")))
    in_flight.let_join("other bytes", execution)
    await execution.task
    joined_before_it_ended = await execution.reply(0.0, 0.0, never)

    assert (in_flight.find("key"), in_flight.find("other bytes")) == (None, None)
    assert joined_before_it_ended == "done"


async def test_who_comes_while_others_are_told_of_the_end_is_told_too() -> None:
    gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def work(_: Deadline) -> str:
        return await gate

    async def late() -> str:
        return await execution.reply(asyncio.get_running_loop().time() + 1, 0.0, never)

    at = asyncio.get_running_loop().time() + 1
    in_flight: JoinableCalls[SharedExecution[str]] = JoinableCalls()
    execution = started(in_flight, at, work)
    first = asyncio.create_task(execution.reply(at, 0.0, never))
    await turns()
    gate.set_result("done")
    asyncio.get_running_loop().call_soon(lambda: late_ones.append(asyncio.create_task(late())))
    late_ones: list[asyncio.Task[str]] = [asyncio.create_task(late())]

    assert await first == "done"
    await turns()
    assert [await asyncio.wait_for(each, 0.5) for each in late_ones] == ["done", "done"]
