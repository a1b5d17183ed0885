from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sandbox.clients import Clock, guest, logged_in

from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import httpx


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return Sandbox(clock=clock)


@pytest.fixture
def limited(clock: Clock) -> Sandbox:
    return Sandbox(clock=clock, rate_limits=True)


@pytest.fixture
async def pland(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    async with guest(box.pland) as client:
        yield client


@pytest.fixture
async def autodns(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    async with guest(box.autodns) as client:
        yield client


@pytest.fixture
async def next_(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    async with guest(box.next) as client:
        yield client


@pytest.fixture
async def lemonsoft(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    async with guest(box.lemonsoft) as client:
        yield await logged_in(box.lemonsoft, client)


@pytest.fixture
async def billbee(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
    async with guest(box.billbee) as client:
        yield client
