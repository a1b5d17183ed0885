"""Whole passes over the sandbox's vendors: who is in the index, and what of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from vendors import SYSTEMS, sandbox

from customer_gateway.model.catalog import SyncStateName

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from catalog.passing import Worker

pytestmark = pytest.mark.anyio


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=120)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


@pytest.mark.parametrize("name", SYSTEMS)
async def test_a_pass_stores_every_customer_as_a_client_reads_it(worker: Worker, name: str) -> None:
    row = await worker.sync(name)

    assert row.state is SyncStateName.IDLE
    assert row.completed_at is not None
    assert await worker.values(name) == await worker.truth(name)
    assert len(await worker.values(name)) == 120
