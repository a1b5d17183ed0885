"""A load generator for machines without wrk: `python -m bench.generator URL`.

It reads the variables that load.lua reads, does as it does, and prints what it prints. BENCH_PAUSE, in seconds, bounds
the rate: a connection waits so long after each answer.
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

from bench.answers import request

if TYPE_CHECKING:
    from collections.abc import Iterator


class Totals:
    """What all connections have seen; latencies in seconds. Nothing is asked after `until`, and after a pause."""

    def __init__(self, until: float, pause: float = 0.0) -> None:
        self.until = until
        self.pause = pause
        self.latencies: list[float] = []
        self.received = 0
        self.failed = 0


class Connection(asyncio.Protocol):
    """Sends a request as soon as the last one is answered; `done` when nothing more is asked or answered."""

    def __init__(self, requests: Iterator[bytes], totals: Totals) -> None:
        self._requests = requests
        self._totals = totals
        self._parser: Any = httptools.HttpResponseParser(self)
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._totals.received += len(data)
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._totals.latencies.append(perf_counter() - self._asked)
        self._totals.failed += self._parser.get_status_code() != 200
        self._parser = httptools.HttpResponseParser(self)
        if self._totals.pause:
            asyncio.get_running_loop().call_later(self._totals.pause, self._ask)
        else:
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # closed in whatever way, what was asked stays without an answer
        if not self.done.done():
            self._totals.failed += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        self._asked = perf_counter()
        if self._asked < self._totals.until:
            self._transport.write(next(self._requests))
        else:
            self.done.set_result(None)


def in_order(requests: list[bytes], order: str) -> Iterator[bytes]:
    rng = Random(20261121)
    rng.shuffle(requests)
    while True:
        if order == "turn":
            yield from requests
        else:
            yield rng.choice(requests)


async def load(url: str, connections: int, seconds: float, requests: Iterator[bytes]) -> dict[str, int]:
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    began = perf_counter()
    totals = Totals(began + seconds, float(os.environ.get("BENCH_PAUSE", "0")))
    made = [await loop.create_connection(lambda: Connection(requests, totals), host, port) for _ in range(connections)]
    await asyncio.gather(*(connection.done for _, connection in made))
    took = perf_counter() - began
    cuts = quantiles(totals.latencies, n=100) if len(totals.latencies) > 1 else [0.0] * 99
    return {
        "requests": len(totals.latencies),
        "microseconds": int(took * 1e6),
        "bytes": totals.received,
        "p50": int(cuts[49] * 1e6),
        "p99": int(cuts[98] * 1e6),
        "failed": totals.failed,
    }


def main() -> None:
    told, url = os.environ, sys.argv[1]
    method = "GET" if told["BENCH_METHOD"] == "GET" else "POST"
    requests = [
        request(url, line, method, told["BENCH_KEY"]) for line in Path(told["BENCH_LINES"]).read_bytes().splitlines()
    ]
    order = in_order(requests, told["BENCH_ORDER"])
    print(json.dumps(uvloop.run(load(url, int(told["BENCH_CONNECTIONS"]), float(told["BENCH_SECONDS"]), order))))


if __name__ == "__main__":
    main()
