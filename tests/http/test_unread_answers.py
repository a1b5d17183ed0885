"""Clients that do not read their answers: each connection ends in time, and leaves no memory behind."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import tracemalloc
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from http_world import World
from named_callers import ANYONE
from uvicorn.server import ServerState

from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.connection import HttpConnection
from customer_gateway.server.serving import Timeouts, config_of, listen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

pytestmark = pytest.mark.anyio

WRITE_SECONDS = 0.5
LARGE, MEDIUM = 200_000, 50_000
"""Bytes of an answer: more and less than a transport keeps before it asks to pause."""
LAST = b"Connection: close\r\n"
SMALL = 4_096
"""What the sockets of both sides take, or twice as much; the kernel decides."""


class Hasty(HttpConnection):
    head_seconds = 0.2

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.timeout_keep_alive = 0.1


@asynccontextmanager
async def served(world: World, connections: type[HttpConnection] = HttpConnection) -> AsyncGenerator[int]:
    """The port of a gateway whose sockets take little before their client reads."""
    config = config_of(build_http(world.engine(), HttpSettings(), ANYONE), Timeouts(1, WRITE_SECONDS))
    kind: Any = partial(connections, write_seconds=WRITE_SECONDS) if connections is Hasty else config.http
    made = partial(kind, config, ServerState(), {})
    with listen("127.0.0.1", 0) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        async with await asyncio.get_running_loop().create_server(made, sock=listener):
            yield listener.getsockname()[1]


def greeting(size: int, *more: bytes) -> bytes:
    """A request whose answer has a bit more than `size` bytes."""
    query = "query ($name: String) { hello(name: $name) }"
    body = json.dumps({"query": query, "variables": {"name": "a" * size}}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    return head % len(body) + b"".join(more) + b"\r\n" + body


async def asking(port: int, *requests: bytes) -> socket.socket:
    """A client that asks, and does not read."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    client.settimeout(0)
    await loop.sock_connect(client, ("127.0.0.1", port))
    for request in requests:
        await loop.sock_sendall(client, request)
        await asyncio.sleep(0.05)
    return client


def received(client: socket.socket) -> int:
    """How many bytes came before the end of the connection; fails where it is still open."""
    size = 0
    with client:
        try:
            while piece := client.recv(65_536):
                size += len(piece)
        except ConnectionResetError:
            pass
    return size


def open_connections() -> int:
    return sum(isinstance(each, HttpConnection) for each in gc.get_objects())


async def until(so: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not so():  # noqa: ASYNC110 - nobody tells when it is
            await asyncio.sleep(0.02)


async def test_a_hundred_clients_that_never_read_leave_no_memory_behind() -> None:
    world = World()
    async with served(world) as port:
        first = await asking(port, greeting(LARGE))
        await until(lambda: open_connections() == 0)
        world.scopes.clear()
        gc.collect()
        gc.disable()  # what is left behind would be found by a collection only
        tracemalloc.start()
        try:
            clients = await asyncio.gather(*(asking(port, greeting(LARGE + number) * 3) for number in range(100)))
            await until(lambda: open_connections() == 0)
            answered = len(world.scopes)
            world.scopes.clear()
            left, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
            gc.enable()
        sizes = [received(client) for client in (first, *clients)]

    assert answered >= 100
    assert max(sizes) < LARGE
    assert most > 10_000_000
    assert left < 1_000_000  # sockets of the clients, lines of the log


@pytest.mark.parametrize(
    ("requests", "connections"),
    [
        ([greeting(LARGE)], HttpConnection),
        ([greeting(LARGE, LAST)], HttpConnection),
        ([greeting(MEDIUM, LAST)], HttpConnection),
        ([greeting(MEDIUM)], Hasty),
        ([greeting(MEDIUM), b"GET"], Hasty),
        ([greeting(MEDIUM), b"nonsense\r\n\r\n"], HttpConnection),
        ([greeting(MEDIUM), greeting(MEDIUM), greeting(MEDIUM)], HttpConnection),
    ],
    ids=["large", "large and last", "last", "resting", "half a head", "no HTTP", "several"],
)
async def test_a_connection_whose_answer_is_not_read_is_closed(
    requests: list[bytes], connections: type[HttpConnection], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(World(), connections) as port:
        client = await asking(port, *requests)
        assert open_connections() == 1
        await until(lambda: open_connections() == 0)

    assert received(client) < len(requests[0])
    assert "A client did not read its answer in time; its connection was closed." in caplog.messages


async def test_a_client_that_reads_within_the_time_gets_all_of_every_answer() -> None:
    async with served(World()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2 * LARGE)
        for request in (greeting(LARGE), greeting(LARGE, LAST)):
            writer.write(request)
            await asyncio.sleep(0.6 * WRITE_SECONDS)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
            assert len(await reader.readuntil(b'"}}')) > LARGE
            await asyncio.sleep(2 * WRITE_SECONDS)
        writer.close()
