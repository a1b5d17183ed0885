"""Whoever waits for passes is answered, also where the index is made anew meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from catalog.passing import working
from picked import FIRST
from vendors import sandbox

from customer_gateway.cli.passing import requested
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.store import catalog_schema
from customer_gateway.store.catalog_upkeep import make_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from customer_gateway.model.passes import PassRow

pytestmark = pytest.mark.anyio


def rebuilt(connection: Connection) -> None:
    """As `customer-gateway catalog rebuild` does."""
    make_anew(connection, [FIRST], datetime.now(UTC))


def of_another_version(connection: Connection) -> None:
    """As a program does whose tables are others."""
    catalog_schema.drop(connection)
    catalog_schema.create(connection)


def unchanged(connection: Connection) -> None:
    del connection


def quiet(rows: Mapping[str, PassRow]) -> None:
    del rows


@pytest.mark.parametrize(("change", "number"), [(unchanged, 3), (rebuilt, 1), (of_another_version, 1)])
async def test_a_pass_that_was_asked_for_ends_also_where_the_index_is_made_anew(
    change: Callable[[Connection], None], number: int, tmp_path: Path
) -> None:
    box = sandbox(customers=5)
    async with box.serving() as urls, working(box, urls, f"sqlite+aiosqlite:///{tmp_path / 'catalog.db'}") as worker:
        for _ in range(2):
            await worker.sync(FIRST)
        following = await requested(worker.schedule(), [FIRST], accept=False)
        await worker.database.write(change)

        async with asyncio.timeout(20):
            rows = await following.follow(quiet)

    assert (rows[FIRST].state, rows[FIRST].number) == (SyncStateName.IDLE, number)
