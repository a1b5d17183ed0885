"""A failed call leaves no circle of references: what it has read is freed at once, not when the collector comes by."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from wire.connected import connected
from wire.vendor import answering, serving

from customer_gateway.errors import UpstreamError
from customer_gateway.wire import Call
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.anyio

JSON = "content-type: application/json"


@pytest.fixture
def uncollected() -> Generator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(("status", "body"), [(500, b"{}"), (404, b"{}"), (429, b"{}"), (200, b"no JSON at all")])
async def test_a_failed_call_leaves_nothing_to_the_garbage_collector(status: int, body: bytes) -> None:
    async with serving(answering(status, body, JSON)) as vendor:
        client = connected(system="pland", base_url=vendor.base_url)
        gc.collect()
        for _ in range(3):
            with suppress(UpstreamError):
                await client.call(Call("GET", "/customers/"), Deadline.after(3))
        await asyncio.sleep(0.02)
        left_over = gc.collect()
        await client.aclose()

    assert left_over == 0
