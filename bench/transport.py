"""CPU per upstream call of the transports that could carry httpx's place: `python -m bench.transport`.

A stub in a process of its own answers with JSON of the size that the path asks for; this process calls it with 50
calls under way and divides the CPU time of all its threads by the calls. Contestants that are not installed are named.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import importlib.util
import logging
import multiprocessing
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import structlog
import uvloop
from pyreqwest.client import ClientBuilder
from pyreqwest.compatibility.httpx import HttpxTransport

from customer_gateway.wire import Call, Client, HeaderAuth, Limits, Policies, Target
from customer_gateway.wire.transport import ReqwestTransport
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from multiprocessing.connection import Connection

SIZES = (1_000, 20_000, 140_000)
CONCURRENCY = 50
CALLS = 4_000
RUNS = 3
HEADERS = (("accept", "application/json"), ("accept-encoding", "gzip"), ("x-api-key", "bench:secret"))


class _Stub(asyncio.Protocol):
    """Answers each request head with the prepared answer of the size named in its path."""

    answers: dict[bytes, bytes]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            head, _, self._seen = self._seen.partition(b"\r\n\r\n")
            self._transport.write(self.answers[head.split(b" ", 2)[1]])


def _answer(size: int) -> bytes:
    row = b'{"_id":"5f0c0c0c0c0c0c0c0c0c0c0c","name":"Example","number":"1001","status":{"status":"1"}}'
    body = b"[" + b",".join([row] * max(1, size // len(row))) + b"]"
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def _serve(ready: Connection) -> None:
    async def run() -> None:
        _Stub.answers = {b"/%d" % size: _answer(size) for size in SIZES}
        server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(run())


@contextlib.asynccontextmanager
async def plain_httpx(base: str) -> AsyncGenerator[Any]:
    async with httpx.AsyncClient(base_url=base, headers=dict(HEADERS), limits=_limits()) as client:

        async def get(path: str) -> int:
            return len((await client.get(path)).content)

        yield get


@contextlib.asynccontextmanager
async def httpcore_direct(base: str) -> AsyncGenerator[Any]:
    async with httpx.AsyncHTTPTransport(limits=_limits()) as transport:
        yield _handled(transport, base)


@contextlib.asynccontextmanager
async def httpx_over_pyreqwest(base: str) -> AsyncGenerator[Any]:
    async with httpx.AsyncClient(base_url=base, headers=dict(HEADERS), transport=HttpxTransport()) as client:

        async def get(path: str) -> int:
            return len((await client.get(path)).content)

        yield get


@contextlib.asynccontextmanager
async def pyreqwest_transport_direct(base: str) -> AsyncGenerator[Any]:
    async with HttpxTransport() as transport:
        yield _handled(transport, base)


@contextlib.asynccontextmanager
async def httpx_over_aiohttp(base: str) -> AsyncGenerator[Any]:
    transport: Any = importlib.import_module("httpx_aiohttp").AiohttpTransport()
    async with httpx.AsyncClient(base_url=base, headers=dict(HEADERS), transport=transport, limits=_limits()) as client:

        async def get(path: str) -> int:
            return len((await client.get(path)).content)

        yield get


@contextlib.asynccontextmanager
async def aiohttp_direct(base: str) -> AsyncGenerator[Any]:
    aio: Any = importlib.import_module("aiohttp")  # a contestant, not a dependency
    async with aio.ClientSession(headers=dict(HEADERS), auto_decompress=False) as session:

        async def get(path: str) -> int:
            async with session.get(base + path) as response:
                return len(await response.read())

        yield get


@contextlib.asynccontextmanager
async def pyreqwest_whole(base: str) -> AsyncGenerator[Any]:
    async with ClientBuilder().build() as client:

        async def get(path: str) -> int:
            response = await client.get(base + path).headers(HEADERS).build().send()
            return len(await response.bytes())

        yield get


@contextlib.asynccontextmanager
async def direct(base: str) -> AsyncGenerator[Any]:
    transport = ReqwestTransport(base, cap=20_000_000, idle=CONCURRENCY)

    async def get(path: str) -> int:
        return len((await transport.exchange("GET", base + path, HEADERS, None)).body)

    yield get
    await transport.aclose()


@contextlib.asynccontextmanager
async def wire_client(base: str) -> AsyncGenerator[Any]:
    """All of it: deadline, limits, log, one decoding."""
    policies = Policies(Limits(parallel=CONCURRENCY))
    client = Client(Target("bench", base), HeaderAuth("x-api-key", "bench:secret"), policies)

    async def get(path: str) -> int:
        return len((await client.call(Call("GET", path, idempotent=True), Deadline.after(10))).document)

    yield get
    await client.aclose()


def _limits() -> httpx.Limits:
    return httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY)


def _handled(transport: httpx.AsyncBaseTransport, base: str) -> Any:
    async def get(path: str) -> int:
        response = await transport.handle_async_request(httpx.Request("GET", base + path, headers=list(HEADERS)))
        return len(await response.aread())

    return get


CONTESTANTS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "httpx": ("httpx", plain_httpx),
    "httpx's transport without its client": ("httpx", httpcore_direct),
    "httpx over aiohttp": ("httpx_aiohttp", httpx_over_aiohttp),
    "httpx over pyreqwest": ("pyreqwest", httpx_over_pyreqwest),
    "pyreqwest's httpx transport without the client": ("pyreqwest", pyreqwest_transport_direct),
    "aiohttp": ("aiohttp", aiohttp_direct),
    "pyreqwest, whole bodies without a cap": ("pyreqwest", pyreqwest_whole),
    "wire's ReqwestTransport (pyreqwest, capped)": ("pyreqwest", direct),
    "wire's Client over Direct, decoded": ("pyreqwest", wire_client),
}


async def _measured(make: Callable[[str], Any], base: str, size: int) -> tuple[float, float]:
    """CPU and wall microseconds per call."""
    async with make(base) as get:
        left = iter(range(CALLS))

        async def worker() -> None:
            for _ in left:
                if not await get(f"/{size}"):
                    raise RuntimeError("an empty answer")

        for _ in range(CONCURRENCY):
            await get(f"/{size}")
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return cpu / CALLS * 1e6, wall / CALLS * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.transport", description="Measure ways to call an upstream.")
    parser.add_argument(
        "only", nargs="*", metavar="WORD", help=f"those whose name has it, of: {', '.join(CONTESTANTS)}"
    )
    only: list[str] = parser.parse_args().only
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    ours, theirs = multiprocessing.Pipe()
    stub = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    stub.start()
    base = f"http://127.0.0.1:{ours.recv()}"
    print(f"µs CPU (wall) per call, median of {RUNS} runs of {CALLS} calls, {CONCURRENCY} under way")
    print(f"{'':50}" + "".join(f"{size // 1000:>12} kB" for size in SIZES))
    for name, (module, make) in CONTESTANTS.items():
        if only and not any(word in name for word in only):
            continue
        if importlib.util.find_spec(module) is None:
            print(f"{name:50}{'not installed':>15}")
            continue
        cells: list[str] = []
        for size in SIZES:
            runs = [uvloop.run(_measured(make, base, size)) for _ in range(RUNS)]
            cpu, wall = median(run[0] for run in runs), median(run[1] for run in runs)
            cells.append(f"{cpu:>7.0f} ({wall:>4.0f}) ")
        print(f"{name:50}" + " ".join(cells), flush=True)
    stub.terminate()


if __name__ == "__main__":
    main()
