from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway import Gateway, gateway_over

from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from customer_gateway.api.engine import ExecutorName


@pytest.fixture
def box() -> Generator[Sandbox]:
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture(params=["breadth", "reference"])
def executor(request: pytest.FixtureRequest) -> ExecutorName:
    """Both executors: stories that ask for it are told twice."""
    return request.param


@pytest.fixture
async def gateway(box: Sandbox, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with gateway_over(box, executor=executor) as running:
        yield running
