"""Bytes on a socket, as clients send them that no library of ours imitates."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from http_world import World

from customer_gateway.http import HttpSettings, build_http
from customer_gateway.serving import Ending, listen, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
"""What Java's HttpClient adds to each of its first requests, and curl with --http2."""
LAST = b"Connection: close\r\n"


def post(name: str, *more: bytes) -> bytes:
    body = json.dumps({"query": f'{{ hello(name: "{name}") }}'}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    return head % len(body) + b"".join(more) + b"\r\n" + body


@asynccontextmanager
async def served() -> AsyncGenerator[int]:
    """The port of a small gateway."""
    ending, started = Ending(), asyncio.Event()
    app = build_http(World().engine(), HttpSettings())
    with listen("127.0.0.1", 0) as connection:
        serving = asyncio.create_task(serve(app, connection, ending, grace_seconds=1, started=started.set))
        await started.wait()
        yield connection.getsockname()[1]
        assert ending.server is not None
        ending.server.should_exit = True
        await serving


async def answered(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the gateway hangs up; the pieces arrive one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.01)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def greetings(answer: bytes) -> list[Any]:
    """Who was greeted, in this order."""
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    return [json.loads(body)["data"]["hello"].removeprefix("hello ") for body in bodies]


async def test_an_offer_of_another_protocol_is_left_alone_and_the_body_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as port:
        answer = await answered(port, post("Ada", OFFER) + post("Bob", LAST))

    assert greetings(answer) == ["Ada", "Bob"]
    assert caplog.messages == []


async def test_such_a_request_may_come_in_any_pieces() -> None:
    request = post("Ada", OFFER)
    async with served() as port:
        for cut in range(0, len(request), 20):
            pieces = (request[:cut], request[cut : cut + 1], request[cut + 1 :] + post("Bob", LAST))
            assert greetings(await answered(port, *pieces)) == ["Ada", "Bob"]


async def test_very_many_such_requests_at_once_are_all_answered() -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: gateway\r\n"
    async with served() as port:
        answer = await answered(port, (request + OFFER + b"\r\n") * 1_100 + request + LAST + b"\r\n")

    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 1_101


@pytest.mark.parametrize("start", [b"CONNECT example.com:443 HTTP/1.1", b"GET /nonsense HTTP/9.9", b"PRI * HTTP/2.0"])
async def test_what_is_no_request_of_http_1_is_a_400_and_the_end(start: bytes) -> None:
    async with served() as port:
        answer = await answered(port, start + b"\r\nHost: gateway\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
