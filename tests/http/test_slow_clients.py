from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from http_world import World
from named_callers import ANYONE

from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Message

pytestmark = pytest.mark.anyio

JSON = [(b"content-type", b"application/json")]


async def exchange(
    messages: Sequence[tuple[float, Message]],
    settings: HttpSettings | None = None,
    headers: Sequence[tuple[bytes, bytes]] = JSON,
) -> list[Message]:
    """What the application sends to a client whose messages come after these pauses, in seconds; then none comes."""
    sent: list[Message] = []
    coming = iter(messages)

    async def receive() -> Message:
        pause, message = next(coming, (3600.0, {"type": "http.disconnect"}))
        if pause:
            await asyncio.sleep(pause)
        return message

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": list(headers),
    }
    await build_http(World().engine(), settings or HttpSettings(), ANYONE)(scope, receive, send)
    return sent


def piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


LAST = piece(b'{ hello }"}', more=False)


async def test_a_body_that_arrives_slowly_is_waited_for() -> None:
    start, body = await exchange([(0.01, piece(b'{"query": "', more=True)), (0.01, LAST)])

    assert (start["status"], orjson.loads(body["body"])) == (200, {"data": {"hello": "hello world"}})


@pytest.mark.parametrize("first", [[], [(0.0, piece(b'{"query": "', more=True))]])
async def test_a_body_that_does_not_arrive_within_the_deadline_is_a_408(first: list[tuple[float, Message]]) -> None:
    start, _ = await exchange(first, HttpSettings(deadline_seconds=0.03))

    assert (start["status"], (b"connection", b"close") in start["headers"]) == (408, True)


@pytest.mark.parametrize("first", [[], [(0.0, piece(b'{"query": "', more=True))]])
async def test_a_client_that_leaves_before_it_has_asked_is_not_answered(first: list[tuple[float, Message]]) -> None:
    assert await exchange([*first, (0.0, {"type": "http.disconnect"})]) == []


async def test_a_first_piece_over_the_cap_is_enough_to_refuse() -> None:
    start, _ = await exchange([(0.0, piece(b"x" * 50, more=True))], HttpSettings(body_bytes=20))

    assert start["status"] == 413


async def test_lines_of_the_same_header_are_read_as_one() -> None:
    accepts = [(b"accept", b"text/plain"), (b"accept", b"application/graphql-response+json")]

    start, _ = await exchange([(0.0, piece(b'{"query": "', more=True)), (0.0, LAST)], headers=[*JSON, *accepts])

    assert dict(start["headers"])[b"content-type"].startswith(b"application/graphql-response+json")


async def test_a_lifespan_passes_the_door_untouched() -> None:
    app = build_http(World().engine(), HttpSettings(), ANYONE)
    coming = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "state": {}}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_client_that_hangs_up_before_its_answer_is_sent_nothing() -> None:
    began = asyncio.get_running_loop().time()
    sent = await exchange([(0.0, piece(b'{"query": "{ read }"}', more=False)), (0.01, {"type": "http.disconnect"})])

    assert sent == []
    assert asyncio.get_running_loop().time() - began < HttpSettings().deadline_seconds
