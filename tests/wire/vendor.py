"""A vendor made of a bare socket: it reads requests whole and does with the connection what the test says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    Script = Callable[[asyncio.StreamWriter], Awaitable[None]]

JSON = "content-type: application/json"


class Vendor:
    """`script` is run for each request; `requests` are head and body as received, `arrivals` in the loop's seconds."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.requests: list[bytes] = []
        self.arrivals: list[float] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.base_url = ""

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            while not writer.is_closing():
                self.requests.append(await _request(reader))
                self.arrivals.append(asyncio.get_running_loop().time())
                script = self.scripts[min(len(self.requests), len(self.scripts)) - 1]
                await script(writer)
                await writer.drain()
        writer.close()

    def paths(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode() for request in self.requests]


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.partition(b":")[2]))
    return head


@asynccontextmanager
async def serving(*scripts: Script, host: str = "127.0.0.1") -> AsyncGenerator[Vendor]:
    """A vendor on a free port; the last script answers every further request."""
    vendor, tasks = Vendor(*scripts), set[asyncio.Task[None]]()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(vendor.connected(reader, writer)))

    server = await asyncio.start_server(accept, host, 0)
    vendor.base_url = f"http://{host}:{server.sockets[0].getsockname()[1]}"
    try:
        yield vendor
    finally:
        server.close()
        await _turns_of_the_loop()  # connections accepted in this moment get their task
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in vendor.writers:
            writer.transport.abort()
        await _turns_of_the_loop()  # and their sockets are closed


async def _turns_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def answering(status: int = 200, body: bytes = b"[]", *headers: str) -> Script:
    """A whole answer; JSON unless a header says otherwise."""
    lines = [f"HTTP/1.1 {status} x", f"content-length: {len(body)}", *(headers or [JSON])]
    whole = "\r\n".join([*lines, "", ""]).encode() + body

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(whole)

    return script


def telling(document: object) -> Script:
    return answering(200, orjson.dumps(document))


def saying(*parts: bytes, pause: float = 0.0, close: bool = False) -> Script:
    """These bytes, with a pause after each part."""

    async def script(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if close:
            writer.close()

    return script


def dripping(head: bytes, drop: bytes, seconds: float) -> Script:
    """A head, then a drop every so many seconds without end."""

    async def script(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(seconds)

    return script


async def hanging(writer: asyncio.StreamWriter) -> None:
    """Never an answer."""
    del writer
    await asyncio.Event().wait()


async def resetting(writer: asyncio.StreamWriter) -> None:
    """The connection is reset instead of an answer."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def later(seconds: float, script: Script) -> Script:
    async def delayed(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await script(writer)

    return delayed


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fullest(arrivals: list[float], seconds: float) -> int:
    """The most arrivals in any window of so many seconds, as a strict vendor counts."""
    return max(sum(first <= other < first + seconds for other in arrivals) for first in arrivals)
