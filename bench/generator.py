"""A load generator for machines without wrk: `python -m bench.generator URL CONNECTIONS SECONDS`.

Reads BENCH_BODIES and BENCH_ORDER and prints what load.lua prints.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httptools
import uvloop

if TYPE_CHECKING:
    from collections.abc import Generator


class Tally:
    """What all connections have seen; latencies in seconds."""

    def __init__(self, until: float) -> None:
        self.until = until
        self.latencies: list[float] = []
        self.received = 0
        self.failed = 0


class Connection(asyncio.Protocol):
    """Sends a request as soon as the last one is answered."""

    def __init__(self, requests: Generator[bytes], tally: Tally) -> None:
        self._requests = requests
        self._tally = tally
        self._parser: Any = httptools.HttpResponseParser(self)
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._tally.received += len(data)
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._tally.latencies.append(perf_counter() - self._asked)
        self._tally.failed += self._parser.get_status_code() != 200
        self._parser = httptools.HttpResponseParser(self)
        if perf_counter() < self._tally.until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._tally.failed += exc is not None
        self.lost.set_result(None)

    def _ask(self) -> None:
        self._asked = perf_counter()
        self._transport.write(next(self._requests))


def requests_of(path: str, host: str, bodies: list[bytes], order: str) -> Generator[bytes]:
    rng = Random(20261121)
    head = "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    requests = [head.format(path, host, len(body)).encode() + body for body in bodies]
    rng.shuffle(requests)
    while True:
        if order == "turn":
            yield from requests
        else:
            yield rng.choice(requests)


async def load(url: str, connections: int, seconds: float, bodies: list[bytes], order: str) -> dict[str, int]:
    parts = urlsplit(url)
    requests = requests_of(parts.path, parts.netloc, bodies, order)
    began = perf_counter()
    tally = Tally(began + seconds)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: Connection(requests, tally), parts.hostname or "127.0.0.1", parts.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.lost for _, connection in made))
    took = perf_counter() - began
    cuts = quantiles(tally.latencies, n=100) if len(tally.latencies) > 1 else [0.0] * 99
    return {
        "requests": len(tally.latencies),
        "microseconds": int(took * 1e6),
        "bytes": tally.received,
        "p50": int(cuts[49] * 1e6),
        "p99": int(cuts[98] * 1e6),
        "failed": tally.failed,
    }


if __name__ == "__main__":
    lines = Path(os.environ["BENCH_BODIES"]).read_bytes().splitlines()
    told = uvloop.run(load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), lines, os.environ["BENCH_ORDER"]))
    print(json.dumps(told))
