"""Identical requests over real sockets: one execution answers all, and each has its own id, deadline and line."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from http_world import Client, World
from named_callers import ANYONE
from sockets import answered, served
from structlog.testing import capture_logs

from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from httpx import Response

pytestmark = pytest.mark.anyio

LAST = b"Connection: close\r\n"


@asynccontextmanager
async def clients(world: World, settings: HttpSettings | None = None) -> AsyncGenerator[Client]:
    app = build_http(world.engine(), settings or HttpSettings(), ANYONE)
    async with served(app) as port, Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        yield client


def post(body: bytes | str, *more: bytes) -> bytes:
    if isinstance(body, str):
        body = json.dumps({"query": body}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    return head % len(body) + b"".join(more) + b"\r\n" + body


def inside() -> list[str]:
    """The tasks of requests that have come in."""
    return [str(task) for task in asyncio.all_tasks() if "run_asgi" in str(task.get_coro())]


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not so():  # noqa: ASYNC110 - nobody tells when it is
            await asyncio.sleep(0.01)


async def asked_at_once(client: Client, count: int, query: str = "{ read }") -> list[asyncio.Task[Response]]:
    """Requests that have come in, and are under way for 0.2 s."""
    asked = [asyncio.create_task(client.ask(query, {"x-request-id": f"r{n}"})) for n in range(count)]
    await until(lambda: len(inside()) == count)
    await asyncio.sleep(0.2)
    return asked


async def test_each_is_told_its_own_id_and_has_its_own_line() -> None:
    world = World()
    with capture_logs() as lines:
        async with clients(world) as client:
            asked = await asked_at_once(client, 3)
            world.gate.set()
            answers = [await each for each in asked]

    assert [answer.headers["x-request-id"] for answer in answers] == ["r0", "r1", "r2"]
    told = sorted((line for line in lines if line["event"] == "request"), key=lambda line: line["request_id"])
    assert [(line["request_id"], line["status"], line["operation"]) for line in told] == [
        ("r0", 200, "query"),
        ("r1", 200, "query"),
        ("r2", 200, "query"),
    ]
    assert all(line["ms"] >= 100 for line in told)


async def test_errors_are_stamped_for_each() -> None:
    world = World()
    async with clients(world) as client:
        asked = await asked_at_once(client, 5, "{ read down }")  # `down` fails at once, `read` holds the execution
        world.gate.set()
        answers = [await each for each in asked]

    assert [answer.json()["errors"][0]["extensions"]["requestId"] for answer in answers] == [f"r{n}" for n in range(5)]
    assert len(world.reads) == 1


async def test_each_leaves_at_its_own_deadline() -> None:
    world = World()
    async with clients(world, HttpSettings(grace_seconds=0.05)) as client:
        long = asyncio.create_task(client.ask("{ read }"))
        await until(lambda: world.reads)
        began = asyncio.get_running_loop().time()
        late = await client.ask("{ read }", {"x-request-timeout": "100"})
        took = asyncio.get_running_loop().time() - began
        world.gate.set()
        told = await long

    assert late.json()["errors"][0]["extensions"]["code"] == "UPSTREAM_TIMEOUT"
    assert 0.1 <= took < 1
    assert told.json() == {"data": {"read": "read 1"}}
    assert len(world.reads) == 1


async def test_one_who_breaks_his_connection_leaves_the_work_to_others() -> None:
    world = World()
    with capture_logs() as lines:
        async with clients(world) as client:
            victim = asyncio.create_task(client.ask("{ read }", {"accept": "application/json", "x-request-id": "v"}))
            await until(lambda: world.reads)
            request = client.build_request("POST", "/graphql", json={"query": "{ read }"})
            same = post(request.content, b"X-Request-Id: a\r\n")
            broken = await answered(client.base_url.port or 0, same + post("{ hello }") + b"nonsense\r\n\r\n")
            await until(lambda: [line for line in lines if line.get("request_id") == "a"])
            world.gate.set()
            answer = await victim

    assert broken.startswith(b"HTTP/1.1 400 ")
    assert answer.json() == {"data": {"read": "read 1"}}
    told = {line["request_id"]: line["status"] for line in lines if line["event"] == "request"}
    assert (told["v"], told["a"]) == (200, 499)
    assert len([line for line in lines if line["event"] == "request" and line["request_id"] == "a"]) == 1


async def test_work_is_broken_off_when_the_last_who_waits_hangs_up() -> None:
    world = World()
    with capture_logs() as lines:
        async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
            both = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            for _, writer in both:
                writer.write(post("{ read }"))
            await until(lambda: world.reads)
            both[0][1].close()
            await until(lambda: [line for line in lines if line["event"] == "request"])
            assert any("SharedCall._run" in str(task.get_coro()) for task in asyncio.all_tasks())
            both[1][1].close()
            await until(lambda: not any("SharedCall._run" in str(task.get_coro()) for task in asyncio.all_tasks()))

    assert [line["status"] for line in lines if line["event"] == "request"] == [499, 499]


async def test_who_waits_when_the_grace_at_the_end_is_over_is_told() -> None:
    world = World()
    with capture_logs() as lines:
        async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(post("{ read }"))
            await until(lambda: world.reads)
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert [line["status"] for line in lines if line["event"] == "request"] == [500]


async def test_who_is_told_during_the_grace_at_the_end_is_told_that_the_connection_ends_too() -> None:
    world = World()
    async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post("{ read }"))
        await until(lambda: world.reads)
        asyncio.get_running_loop().call_later(0.3, world.gate.set)
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"connection: close\r\n" in answer


async def test_requests_behind_one_that_waits_are_answered_after_it() -> None:
    world = World()
    async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
        sent = post("{ read }") + post('{ hello(name: "Ada") }') + post("{ read }") + post("{ __typename }", LAST)
        asyncio.get_running_loop().call_later(0.2, world.gate.set)
        answer = await answered(port, sent)

    bodies = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    assert [list(body["data"].values()) for body in bodies] == [["read 1"], ["hello Ada"], ["read 2"], ["Query"]]


@pytest.mark.parametrize("cut", [1, 60, -30, -1])
async def test_a_query_may_come_in_pieces(cut: int) -> None:
    request = post("{ hello }", LAST)
    async with served(build_http(World().engine(), HttpSettings(), ANYONE)) as port:
        answer = await answered(port, request[:cut], request[cut:])

    assert answer.endswith(b'{"data":{"hello":"hello world"}}')


async def test_a_client_of_http_1_0_is_answered_and_left() -> None:
    request = post("{ hello }").replace(b"HTTP/1.1", b"HTTP/1.0")
    async with served(build_http(World().engine(), HttpSettings(), ANYONE)) as port:
        answer = await answered(port, request)

    assert answer.endswith(b'{"data":{"hello":"hello world"}}')


async def test_a_client_that_expects_to_be_asked_for_its_body_is_asked() -> None:
    request = post("{ hello }", b"Expect: 100-continue\r\n", LAST)
    head, body = request[:-20], request[-20:]
    async with served(build_http(World().engine(), HttpSettings(), ANYONE)) as port:
        answer = await answered(port, head, body)

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(b"{}"), 400),
        (post(b"no JSON"), 400),
        (post("{ nonsense }", b"Accept: application/graphql-response+json\r\n"), 422),
        (post("subscription { tick }", b"Accept: application/graphql-response+json\r\n"), 422),
        (post("{ hello }").replace(b"application/json", b"text/plain"), 415),
        (post("{ hello }", b"Content-Encoding: gzip\r\n"), 415),
        (post("{ hello }", b"Accept: image/png\r\n"), 406),
        (post("{ hello }", b"X-Request-Timeout: soon\r\n"), 400),
        (post(json.dumps({"query": "{ hello }", "variables": {"x": "a" * 5_000}}).encode()), 413),
        (post("{ brittle }"), 200),
        (post("{ hello }").replace(b"/graphql", b"/nowhere"), 404),
    ],
)
async def test_a_refusal_is_told_once_and_has_one_line(request_: bytes, status: int) -> None:
    with capture_logs() as lines:
        async with served(build_http(World().engine(), HttpSettings(body_bytes=4_000), ANYONE)) as port:
            answer = await answered(port, request_.replace(b"Host: gateway\r\n", b"Host: gateway\r\n" + LAST))

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert [line["status"] for line in lines if line["event"] == "request"] == [status]


async def test_equal_mutations_are_each_done_also_where_their_client_hangs_up() -> None:
    world = World()
    async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
        writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(3)]
        for writer in writers:
            writer.write(post('mutation { rename(to: "Ada") }'))
        await asyncio.sleep(0.1)
        writers[0].close()
        await asyncio.sleep(0.1)
        assert world.renamed == []
        world.gate.set()
        await until(lambda: len(world.renamed) >= 3)
        await asyncio.sleep(0.1)
        for writer in writers:
            writer.close()

    assert world.renamed == ["Ada"] * 3


async def test_joined_work_knows_the_request_that_began_it() -> None:
    world = World()
    world.gate.set()
    async with clients(world) as client:
        await client.ask("{ read }", {"x-request-id": "r-1"})

    assert world.reads == ["r-1"]


@pytest.mark.skipif(
    sys.version_info[:3] in {(3, 12, 1), (3, 13, 0)},
    reason="asyncio's selector transport of 3.12.1 and 3.13.0 does not pause in writelines; mended in later releases",
)
async def test_a_client_that_reads_slowly_gets_all_it_asked_for() -> None:
    query = "{ people(first: 20000) { id name } }"
    async with served(build_http(World().engine(), HttpSettings(), ANYONE)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        for _ in range(12):
            writer.write(post(query))
            await asyncio.sleep(0.05)
        await until(inside)  # the first who would write more than is taken
        writer.write(post(query, LAST))
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()

    assert answer.count(b'{"id":"19999","name":"person 19999"}') == 13


@pytest.mark.parametrize("query", ["{ read }", "{ read down }"])
async def test_who_hangs_up_or_is_late_leaves_nothing_to_the_collector(query: str) -> None:
    world = World()
    async with served(build_http(world.engine(), HttpSettings(grace_seconds=0.01), ANYONE)) as port:
        _, stays = await asyncio.open_connection("127.0.0.1", port)
        stays.write(post(query))
        await until(lambda: world.reads)
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(post(query))
                await asyncio.sleep(0.02)
                writer.close()
                assert b"UPSTREAM_TIMEOUT" in await answered(port, post(query, b"X-Request-Timeout: 20\r\n", LAST))
            await asyncio.sleep(0.1)
            left = [type(each).__name__ for each in kept("RequestLog", "HttpConnection", "TimeoutError")]
        finally:
            gc.enable()
        world.gate.set()
        await asyncio.sleep(0.1)
        stays.close()

    assert sorted(left) == ["HttpConnection", "RequestLog"]  # those of him who stays


async def test_a_connection_that_rests_does_not_keep_what_it_was_sent() -> None:
    world = World()
    world.gate.set()
    body = json.dumps({"query": "{ read }", "extensions": {"x": "a" * 60_000}}).encode()
    async with served(build_http(world.engine(), HttpSettings(), ANYONE)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(post(body))
        await reader.readuntil(b'"}}')
        (connection,) = kept("HttpConnection")
        held = len(connection.cycle.body)
        writer.close()

    assert held == 0


async def test_requests_and_connections_leave_nothing_to_the_collector() -> None:
    world = World()
    world.gate.set()
    async with clients(world) as client:
        await client.ask("{ read }")
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                await client.ask("{ read }")
            left = kept("RequestLog", "SharedExecution", "RequestResponseCycle")
            await client.aclose()
            await asyncio.sleep(0.1)
            connections = kept("HttpConnection")
        finally:
            gc.enable()

    assert len(left) <= 4  # those of the last request, which its connection still knows
    assert connections == []


def kept(*kinds: str) -> list[Any]:
    return [each for each in gc.get_objects() if type(each).__name__ in kinds]
