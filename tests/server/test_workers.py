"""Several worker processes as `serve --workers` starts them, over vendors that count and refuse."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from picked import those
from redis.asyncio import Redis
from redis_server import NEEDS_REDIS, PASSWORD, RedisServer

from customer_gateway.cli.demo import sandbox_config
from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.alone]  # a store starved for 0.1 s counts as lost

PATIENCE = 60.0

COUNTED, *_ = those(lambda facts: facts.budget and facts.budget.calls < 5)


@asynccontextmanager
async def some_workers(
    number: int, folder: Path, box: Sandbox, more: Mapping[str, str]
) -> AsyncGenerator[tuple[str, list[str]]]:
    """The address of a gateway of so many processes over the sandbox, and what it said once it has ended."""
    said: list[str] = []
    async with box.serving() as urls:
        text = sandbox_config(9301)
        for place, url in enumerate(urls.values()):
            text = text.replace(f"127.0.0.1:{9301 + place}", urlsplit(url).netloc)
        config = folder / "gateway.toml"
        config.write_text(text, encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "customer_gateway", "serve", "--config", str(config), "--port", "0"),
            *("--workers", str(number)),
            env={**os.environ, "CUSTOMER_GATEWAY_CATALOG__ENABLED": "false", **more},  # calls are counted here
            stderr=subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            address = json.loads(await process.stderr.readline())["address"]
            await ready(address.replace("/graphql", "/readyz"))
            yield address, said
        finally:
            process.send_signal(signal.SIGTERM)
            said += (await process.stderr.read()).decode().splitlines()
            await asyncio.wait_for(process.wait(), PATIENCE)


async def ready(url: str) -> None:
    """Wait until all workers answer: which of them does is not told, so a second long of answers has to do."""
    well = 0
    async with asyncio.timeout(PATIENCE):
        while well < 20:
            try:
                async with httpx.AsyncClient(timeout=1) as client:
                    well += (await client.get(url)).status_code == 200
            except httpx.TransportError:
                well = 0
            await asyncio.sleep(0.05)


async def page(address: str, size: int) -> dict[str, Any]:
    """A page of customers of a vendor that counts few calls, by a connection of its own."""
    query = f'{{ systems(names: ["{COUNTED}"]) {{ customers(first: {size}) {{ nodes {{ id }} }} }} }}'
    async with httpx.AsyncClient(timeout=20) as client:
        return (await client.post(address, json={"query": query})).json()


@NEEDS_REDIS
async def test_two_workers_keep_one_budget_in_redis(tmp_path: Path, redis: RedisServer) -> None:
    box = Sandbox(customers=30, rate_limits=True)
    async with some_workers(2, tmp_path, box, {"CUSTOMER_GATEWAY_SERVER__REDIS": redis.url}) as (address, said):
        answers = await asyncio.gather(*(page(address, size) for size in range(1, 10)))
        async with Redis(port=redis.port, password=PASSWORD) as reader:
            client: Any = reader  # which leaves its options untyped
            names = [name async for name in client.scan_iter()]

    assert [answer["errors"] for answer in answers if "errors" in answer] == []
    assert [call.status for call in box.vendors[COUNTED].log.entries] == [200] * 9
    assert [name for name in names if name.endswith(b":started")]
    assert PASSWORD not in "".join(said)
    assert {json.loads(line)["event"] for line in said} == {"request", "upstream_call"}


async def test_two_workers_without_redis_keep_to_their_shares(tmp_path: Path) -> None:
    box = Sandbox(customers=30, rate_limits=True)
    async with some_workers(2, tmp_path, box, {}) as (address, _):
        answers = await asyncio.gather(*(page(address, size) for size in range(1, 7)))

    assert [answer["errors"] for answer in answers if "errors" in answer] == []
    assert [call.status for call in box.vendors[COUNTED].log.entries] == [200] * 6


async def test_more_workers_than_the_vendor_allows_calls_have_them_in_turns(tmp_path: Path) -> None:
    box = Sandbox(customers=30, rate_limits=True)
    async with some_workers(5, tmp_path, box, {}) as (address, _):
        answers = await asyncio.gather(*(page(address, size) for size in range(1, 41)))

    told = [error["message"] for answer in answers for error in answer.get("errors", ())]
    assert all("rate limit: no slot before the deadline" in message for message in told)
    assert [call.status for call in box.vendors[COUNTED].log.entries] == [200] * (40 - len(told))
    assert len(told) < 40
