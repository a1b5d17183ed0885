"""Bytes on a socket, as clients send them that no library of ours imitates."""

from __future__ import annotations

import ast
import asyncio
import json
from contextlib import asynccontextmanager, suppress
from inspect import getsource, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from http_world import World
from named_callers import ANYONE
from sockets import answered, served
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

import customer_gateway
from customer_gateway.http import HttpSettings, build_http, connection
from customer_gateway.http.connection import HEAD_BYTES, HttpConnection
from customer_gateway.server.serving import Timeouts, config_of, listen

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from customer_gateway.http.request_log import GatewayApp

pytestmark = pytest.mark.anyio

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
"""What Java's HttpClient adds to each of its first requests, and curl with --http2."""
LAST = b"Connection: close\r\n"


def post(name: str, *more: bytes) -> bytes:
    body = json.dumps({"query": f'{{ hello(name: "{name}") }}'}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    return head % len(body) + b"".join(more) + b"\r\n" + body


def gateway() -> GatewayApp:
    return build_http(World().engine(), HttpSettings(), ANYONE)


class Hasty(HttpConnection):
    head_seconds = 0.3


@asynccontextmanager
async def served_by(connections: type[HttpConnection]) -> AsyncGenerator[int]:
    """The port of a gateway whose connections are of this kind."""
    config = config_of(gateway(), Timeouts(1))
    with listen("127.0.0.1", 0) as connection:
        loop = asyncio.get_running_loop()
        async with await loop.create_server(lambda: connections(config, ServerState(), {}), sock=connection):
            yield connection.getsockname()[1]


def greetings(answer: bytes) -> list[Any]:
    """Who was greeted, in this order."""
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK\r\n")[1:]]
    return [json.loads(body)["data"]["hello"].removeprefix("hello ") for body in bodies]


async def test_an_offer_of_another_protocol_is_left_alone_and_the_body_is_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served(gateway()) as port:
        answer = await answered(port, post("Ada", OFFER) + post("Bob", LAST))

    assert greetings(answer) == ["Ada", "Bob"]
    assert caplog.messages == []


async def test_such_a_request_may_come_in_any_pieces() -> None:
    request = post("Ada", OFFER)
    async with served(gateway()) as port:
        for cut in range(0, len(request), 20):
            pieces = (request[:cut], request[cut : cut + 1], request[cut + 1 :] + post("Bob", LAST))
            assert greetings(await answered(port, *pieces)) == ["Ada", "Bob"]


async def test_very_many_such_requests_at_once_are_all_answered() -> None:
    request = b"GET /livez HTTP/1.1\r\nHost: gateway\r\n"
    async with served(gateway()) as port:
        answer = await answered(port, (request + OFFER + b"\r\n") * 1_100 + request + LAST + b"\r\n")

    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 1_101


async def test_an_offer_of_a_websocket_is_told_that_there_is_none() -> None:
    offer = (
        b"GET /graphql HTTP/1.1\r\nHost: gateway\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    async with served(gateway()) as port:
        answer = await answered(port, offer + post("Ada", LAST))

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b'"message":"There is no WebSocket here; ask by POST, a request at a time."' in answer
    assert greetings(answer) == ["Ada"]


@pytest.mark.parametrize("start", [b"CONNECT example.com:443 HTTP/1.1", b"GET /nonsense HTTP/9.9", b"PRI * HTTP/2.0"])
async def test_what_is_no_request_of_http_1_is_a_400_and_the_end(start: bytes) -> None:
    async with served(gateway()) as port:
        answer = await answered(port, start + b"\r\nHost: gateway\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"\r\n\r\nThis is no HTTP/1.1 request; send one, and without TLS.")


@pytest.mark.parametrize(
    ("start", "filler", "status"),
    [
        (b"GET /", b"a", b"414 URI Too Long"),
        (b"GET / HTTP/1.1\r\nX: ", b"a", b"431 Request Header Fields Too Large"),
        (b"GET / HTTP/1.1\r\n", b"a: b\r\n", b"431 Request Header Fields Too Large"),
    ],
)
@pytest.mark.parametrize("before", [b"", b"GET /livez HTTP/1.1\r\n\r\n"])
async def test_a_head_without_end_is_refused(start: bytes, filler: bytes, status: bytes, before: bytes) -> None:
    answer = b""
    async with served(gateway()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(before + start)
        for _ in range(3 * HEAD_BYTES // 16_384):
            writer.write(filler * (16_384 // len(filler)))
            with suppress(TimeoutError):
                answer += await asyncio.wait_for(reader.read(1_000), 0.05)
            if status in answer:  # what is written after that may make the answer unreadable
                break
        writer.close()

    assert answer[answer.rindex(b"HTTP/1.1") :].startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert answer.endswith(b"\r\n\r\nThe head of the request is too large; send less in its headers or its URL.")


@pytest.mark.parametrize("endless", [b"X: " + b"a" * 3 * HEAD_BYTES, b"a: b\r\n" * (HEAD_BYTES // 2)])
@pytest.mark.parametrize("method", [b"POST", b"GET"])
async def test_trailers_without_end_cut_the_connection(method: bytes, endless: bytes) -> None:
    head = b" /graphql HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with served(gateway()) as port:
        began = asyncio.get_running_loop().time()
        with suppress(ConnectionResetError):
            answer = await answered(port, method + head, b"2\r\n{}\r\n0\r\n", endless)
            assert answer.count(b"HTTP/1.1 ") <= 1

    assert asyncio.get_running_loop().time() - began < 3


async def test_a_large_head_that_comes_in_pieces_is_taken() -> None:
    large = b"X: " + b"a" * (HEAD_BYTES - 500) + b"\r\n"
    request = post("Ada", large)
    async with served(gateway()) as port:
        cuts = range(0, len(request), 10_000)
        answer = await answered(port, *(request[cut : cut + 10_000] for cut in cuts), post("Bob", large, LAST))

    assert greetings(answer) == ["Ada", "Bob"]


async def test_a_body_is_no_head() -> None:
    body = json.dumps({"query": '{ hello(name: "Ada") }', "variables": {"x": "a" * 500_000}}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    async with served(gateway()) as port:
        taken = await answered(port, head % (b"application/json", len(body)) + body + post("Bob", LAST))
        refused = await answered(port, head % (b"text/plain", len(body)) + body[:9], body[9:], post("Bob", LAST))

    assert greetings(taken) == ["Ada", "Bob"]
    assert (refused.count(b"HTTP/1.1 "), refused.count(b"HTTP/1.1 415 "), greetings(refused)) == (2, 1, ["Bob"])


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-",),
        (b"GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n", b"POST /graphql"),
        (b"GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n", b"\r\n"),
        (b"GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\nPOST /graphql",),
    ],
)
async def test_a_head_that_is_not_whole_in_time_ends_the_connection(pieces: tuple[bytes, ...]) -> None:
    loop = asyncio.get_running_loop()
    async with served_by(Hasty) as port:
        began = loop.time()
        answer = await answered(port, *pieces)

    assert 0.3 <= loop.time() - began < 3
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == (len(pieces) > 0 and b"livez" in pieces[0])


async def test_heads_in_time_go_on_for_as_long_as_they_come() -> None:
    request = post("Ada")
    async with served_by(Hasty) as port:
        answer = await answered(port, request[:9], *[request[9:] + request[:9]] * 60, post("Bob", LAST)[9:])

    assert greetings(answer) == ["Ada"] * 60 + ["Bob"]


async def test_a_connection_that_waits_for_its_answer_or_its_next_request_stays_open() -> None:
    async with served_by(Hasty) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for name in ("Ada", "Bob"):
            request = post(name)
            writer.write(request[:-9])
            await asyncio.sleep(0.5)
            writer.write(request[-9:])
            await asyncio.sleep(0.5)
        answer = await reader.read(10_000)
        writer.close()

    assert greetings(answer) == ["Ada", "Bob"]


class Restless(HttpConnection):
    def __init__(self, *of: Any) -> None:
        super().__init__(*of)
        self.timeout_keep_alive = 0.3


@pytest.mark.parametrize("requests", [1, 3])
async def test_a_connection_that_rests_too_long_after_an_answer_is_ended(requests: int) -> None:
    async with served_by(Restless) as port:
        loop = asyncio.get_running_loop()
        answered_at = loop.time()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests):
            writer.write(post("Ada"))
            await reader.readuntil(b'"}}')
            answered_at = loop.time()
            await asyncio.sleep(0.2)
        assert await asyncio.wait_for(reader.read(), 3) == b""
        writer.close()

    assert 0.25 <= loop.time() - answered_at < 1


async def test_what_has_begun_to_ask_again_rests_no_more() -> None:
    async with served_by(Restless) as port:
        first, second = post("Ada"), post("Bob", LAST)
        answer = await answered(port, first, second[:30], *[b""] * 60, second[30:])

    assert greetings(answer) == ["Ada", "Bob"]


OVERRIDDEN = {
    "__init__",
    "_should_upgrade",
    "_start_asgi_task",
    "_unset_keepalive_if_required",
    "connection_lost",
    "connection_made",
    "data_received",
    "on_body",
    "on_response_complete",
    "pause_writing",
    "resume_writing",
    "shutdown",
}


def members_used() -> dict[str, set[str]]:
    """What the module of the connection reads or sets, by the name of what it belongs to (`self.flow.x`: flow)."""
    used: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(getsource(connection))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            used.setdefault(owner, set()).add(node.attr)
    return used


async def test_the_members_of_uvicorn_that_the_connection_uses_exist() -> None:
    protocol = HttpToolsProtocol(config_of(gateway(), Timeouts(1)), ServerState(), {})
    protocol.on_message_begin()
    nothing_given: Any = dict.fromkeys(signature(RequestResponseCycle).parameters)
    cycle = RequestResponseCycle(**nothing_given)
    own = {*vars(HttpConnection), *HttpConnection.__annotations__, "_write_seconds"} - OVERRIDDEN
    used = members_used()

    assert {name for name in vars(HttpConnection) if callable(getattr(HttpToolsProtocol, name, None))} == OVERRIDDEN
    assert used["self"] - own - set(dir(protocol)) == set()
    assert (used["cycle"] | used["answered"]) - set(dir(cycle)) == set()
    assert used["flow"] - set(dir(FlowControl)) == set()
    assert used["server_state"] - set(vars(ServerState())) == set()
    assert {"cycle", "flow", "parser", "pipeline", "scope"} <= used["self"]


def test_no_other_module_uses_the_protocol_of_uvicorn() -> None:
    source = Path(customer_gateway.__file__).parent
    using = {path.relative_to(source).as_posix() for path in source.rglob("*.py") if "uvicorn.p" in path.read_text()}

    assert using == {"http/connection.py", "sandbox/server.py"}
