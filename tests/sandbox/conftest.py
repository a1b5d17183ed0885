from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import pytest
from sandbox.clients import Clock, guest, signed_in
from vendors import DEFINITIONS, sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    import httpx

    from customer_gateway.sandbox import Sandbox


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(clock: Clock) -> Sandbox:
    return sandbox(clock=clock)


@pytest.fixture
def limited(clock: Clock) -> Sandbox:
    return sandbox(clock=clock, rate_limits=True)


def _client_of(name: str) -> Callable[..., AsyncGenerator[httpx.AsyncClient]]:
    async def client(box: Sandbox) -> AsyncGenerator[httpx.AsyncClient]:
        async with guest(box.vendors[name]) as known:
            yield await signed_in(box.vendors[name], known)

    return client


# A client of each vendor under the vendor's name: `pland`, `next_` where the name is Python's or a builtin.
for each in DEFINITIONS:
    word = f"{each.name}_" if hasattr(builtins, each.name) else each.name
    globals()[word] = pytest.fixture(_client_of(each.name), name=word)
