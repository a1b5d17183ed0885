"""Leases of several systems at once: whoever asks for them in whatever order, none wait for each other in a circle."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from catalog_index import empty_index

from customer_gateway.store.catalog_passes import CatalogPasses

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.anyio

SYSTEMS: Final = [f"system{number}" for number in range(30)]


async def test_leases_of_the_same_systems_are_acquired_and_released_side_by_side(database_url: str) -> None:
    async with AsyncExitStack() as opened:
        worlds = [await opened.enter_async_context(empty_index(database_url)) for _ in range(4)]
        stores = [CatalogPasses(world.database, world.index) for world in worlds]
        await worlds[0].database.upgrade()
        failed: list[str] = []

        async def work(owner: int) -> None:
            passes, drawn = stores[owner % len(stores)], random.Random(owner)
            for _ in range(25):
                names: Sequence[str] = drawn.sample(SYSTEMS, 20)
                now = datetime.now(UTC)
                try:
                    await passes.request(names, now)
                    await passes.acquire(names, str(owner), now, now + timedelta(milliseconds=drawn.choice([0, 5])))
                    await passes.release(str(owner))
                except Exception as failure:  # noqa: BLE001 - whatever it is, it is told
                    failed.append(f"{type(failure).__name__}: {failure}")

        await asyncio.gather(*[work(owner) for owner in range(8)])

        assert failed == []
        assert {row.owner for row in (await stores[0].rows()).values()} == {None}
