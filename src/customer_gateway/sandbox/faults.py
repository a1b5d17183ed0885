"""What can go wrong between a vendor and its callers, made for real.

Faults that break HTTP itself (reset, truncated, slow headers) write to the socket and need one; the others work
in process too.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox.fault import VIEW_KINDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Message, Receive, Scope, Send

    from customer_gateway.sandbox.fault import Fault, FaultKind

# Where the server leaves the connection for those faults that need it.
TRANSPORT: Final = "customer_gateway.sandbox.transport"

_HTML: Final = b"<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>We are down</h1></body></html>"
_WITHOUT_BODY: Final = {204, 205}
_DRIP_BYTES: Final = 2
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, kept back so that it can be spoiled."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass(frozen=True, slots=True)
class Scene:
    """One call that meets a fault: its channels, the true answer and the vendor's own way to say an error."""

    scope: Scope
    receive: Receive
    send: Send
    true_answer: Callable[[], Awaitable[Answer]]
    vendor_error: Callable[[int], bytes]
    error_under_200: bytes
    pause: float = 0.5


async def play(fault: Fault, scene: Scene) -> None:
    """Make the fault happen to this call; return when the answer is out or the caller is gone."""
    if fault.applied == "before":
        scene = await _carried_out(scene)
    if fault.applied == "after":
        # As a server behind a queue does it: whether the caller is still there makes no difference.
        await asyncio.sleep(fault.latency)
        scene = await _carried_out(scene)
    elif fault.latency and await _gone_within(fault.latency, scene.receive):
        return
    if fault.kind in _SPOILERS:
        await _SPOILERS[fault.kind](replace(scene, pause=fault.pause))
        return
    await _send(scene, _plain(fault, scene))


async def _carried_out(scene: Scene) -> Scene:
    """Carry the call out; return the scene with the answer kept back."""
    answer = await scene.true_answer()

    async def answer_kept_back() -> Answer:
        return answer

    return replace(scene, true_answer=answer_kept_back)


def _plain(fault: Fault, scene: Scene) -> Answer:  # noqa: PLR0911 - one line a fault
    """Return the faults that are whole HTTP answers with something wrong inside."""
    match fault.kind:
        case "status":
            return _status(fault, scene)
        case "deep_json":
            return _json(b"[" * 100_000 + b"]" * 100_000)
        case "nan":
            return _json(b'{"id": 1, "amount": NaN}')
        case "bad_utf8":
            return _json(b'{"id": 1, "name": "M\xfcller \xff\xfe"}')
        case "wrong_content_type":
            return Answer(200, [(b"content-type", b"text/html; charset=utf-8")], _HTML)
        case "redirect":
            return Answer(302, [(b"location", b"/elsewhere")], b"")
        case "gzip_bomb":
            headers = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
            return Answer(200, headers, bomb())
        case "empty_body":
            return _json(b"")
        case _:
            return _json(scene.error_under_200)


def _json(body: bytes) -> Answer:
    return Answer(200, [(b"content-type", b"application/json")], body)


def _status(fault: Fault, scene: Scene) -> Answer:
    if fault.status in _WITHOUT_BODY:
        return Answer(fault.status, [], b"")
    kind = b"text/html; charset=utf-8" if fault.html else b"application/json"
    headers = [(b"content-type", kind)]
    if fault.retry_after is not None:
        headers.append((b"retry-after", fault.retry_after.encode()))
    return Answer(fault.status, headers, _HTML if fault.html else scene.vendor_error(fault.status))


@cache
def bomb() -> bytes:
    """About 130 kB that inflate to 128 MB of JSON."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blank = b" " * 1_048_576
    return b"".join(
        [packer.compress(b"["), *(packer.compress(blank) for _ in range(128)), packer.compress(b"]"), packer.flush()]
    )


async def _send(scene: Scene, answer: Answer) -> None:
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    await scene.send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await scene.send({"type": "http.response.body", "body": answer.body})


async def _latency(scene: Scene) -> None:
    await _send(scene, await scene.true_answer())


async def _hang(scene: Scene) -> None:
    await _disconnected(scene.receive)


async def _reset(scene: Scene) -> None:
    """Send a TCP reset instead of an answer: closing with a linger of zero seconds makes the kernel send RST."""
    transport = _transport(scene)
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(scene.receive)


async def _truncated(scene: Scene) -> None:
    """Send the true answer's head and half of its body, then end the connection."""
    answer = await scene.true_answer()
    transport = _transport(scene)
    transport.write(_head(answer) + answer.body[: len(answer.body) // 2])
    transport.close()
    await _disconnected(scene.receive)


async def _slow_headers(scene: Scene) -> None:
    """Send the true answer, the head a few bytes at a time."""
    answer = await scene.true_answer()
    transport = _transport(scene)
    head = _head(answer)
    for start in range(0, len(head), _DRIP_BYTES):
        transport.write(head[start : start + _DRIP_BYTES])
        if await _gone_within(scene.pause, scene.receive):
            return
    transport.write(answer.body)
    transport.close()
    await _disconnected(scene.receive)


async def _slow_drip(scene: Scene) -> None:
    """Send the true answer, the body a few bytes at a time."""
    answer = await scene.true_answer()
    await scene.send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    for start in range(0, len(answer.body), _DRIP_BYTES):
        await scene.send(_part(answer.body[start : start + _DRIP_BYTES]))
        if await _gone_within(scene.pause, scene.receive):
            return
    await scene.send(_part(b"", more=False))


async def _huge_body(scene: Scene) -> None:
    """Thirty megabytes of valid JSON."""
    headers = [(b"content-type", b"application/json")]
    await scene.send({"type": "http.response.start", "status": 200, "headers": headers})
    await scene.send(_part(b'["'))
    for _ in range(30):
        await scene.send(_part(b"x" * _MEGABYTE))
    await scene.send(_part(b'"]', more=False))


_SPOILERS: Final[dict[FaultKind, Callable[[Scene], Awaitable[None]]]] = {
    "latency": _latency,
    "hang": _hang,
    "reset": _reset,
    "truncated": _truncated,
    "slow_headers": _slow_headers,
    "slow_drip": _slow_drip,
    "huge_body": _huge_body,
    # The true answer, of a vendor that sees its customers through the fault's view.
    **dict.fromkeys(VIEW_KINDS, _latency),
}


def _part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()]
    lines += [name + b": " + value for name, value in answer.headers if name.lower() != b"content-length"]
    lines += [b"content-length: %d" % len(answer.body), b"connection: close", b"", b""]
    return b"\r\n".join(lines)


def _transport(scene: Scene) -> asyncio.Transport:
    transport = scene.scope.get("extensions", {}).get(TRANSPORT)
    if transport is None:
        raise RuntimeError("This fault breaks the connection itself: serve the sandbox on sockets to meet it.")
    return transport


async def _disconnected(receive: Receive) -> None:
    # The request has been read to its end, so what comes next on the channel is its end.
    await receive()


async def _gone_within(seconds: float, receive: Receive) -> bool:
    """Wait that long; return true, and at once, when the caller hangs up meanwhile."""
    try:
        await asyncio.wait_for(_disconnected(receive), seconds)
    except TimeoutError:
        return False
    return True
