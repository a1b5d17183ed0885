"""The journal as several workers use it: processes of their own over one database."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE, python
from store.journal_rows import journals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.model.journal import StoredOperation

pytestmark = pytest.mark.anyio

SECONDS = 3
TESTS = str(Path(__file__).parent.parent)
WORK = """
import asyncio, sys, time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
sys.path.insert(0, sys.argv[4])
from customer_gateway.store.database import Database
from store.journal_rows import a_journal, an_operation, settled

LEASE = timedelta(seconds=30)

async def main(url, worker, until):
    database = Database(url)
    journal, done = a_journal(database), 0
    while time.time() < until:
        id, now = f"{worker}-{done}", datetime.now(UTC)
        if not await journal.acquire_record("pland/17", id, now, now + LEASE):
            await asyncio.sleep(0.002)
            continue
        operation = an_operation(id, actor=worker, owner=worker, started_at=now, lease_until=now + LEASE)
        assert (await journal.begin(operation, now)).existing is None
        running = [each.id for each in await journal.page(9, states=[operation.state])]
        assert running == [id], running
        await journal.update(replace(operation, lease_until=now + LEASE))
        await journal.update(settled(operation, datetime.now(UTC)))
        await journal.release_record("pland/17", id)
        done += 1
    await database.aclose()
    print(done)

asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
"""
"""Writes operations on one record as long as it is told to, and says how many: while it runs one, no other does."""


async def all_operations(url: str) -> Sequence[StoredOperation]:
    async with journals(url, 1) as (journal,):
        return await journal.page(100_000)


@pytest.mark.alone
async def test_four_processes_write_to_one_record_one_after_the_other(database_url: str) -> None:
    until = str(time.time() + 3 + SECONDS)
    arguments = [("-c", WORK, database_url, f"worker-{number}", until, TESTS) for number in range(4)]
    with ExitStack() as running:
        workers = [running.enter_context(python(*each)) for each in arguments]
        said = [await asyncio.to_thread(each.communicate, timeout=PATIENCE) for each in workers]

    assert [errors for _, errors in said] == [""] * 4
    stored = await all_operations(database_url)
    assert len(stored) == sum(int(done) for done, _ in said) > 0
    assert all(each.settled_at is not None for each in stored)
