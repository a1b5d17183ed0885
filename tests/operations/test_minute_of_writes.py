"""Four workers write to one database for a minute: a SQLite file, each commit forced to the disk, is never locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from operations.crash_world import a_world
from operations.crash_writes import keys_of
from operations.crashing import KEY
from vendors import WRITES

from customer_gateway.model.operations import OperationState
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource

if TYPE_CHECKING:
    from pathlib import Path

    from operations.crash_world import Process

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

WORKERS: Final = 4
MINUTES: Final = {"sqlite": 1.0, "postgresql": 0.25}
SYSTEMS: Final = tuple(WRITES)
OF_EACH: Final = 3


async def test_four_workers_write_for_a_minute(database_url: str, tmp_path: Path) -> None:
    """They write to records of their own, and all of them to some in common."""
    minutes = MINUTES[database_url.partition("+")[0]]
    async with a_world(tmp_path) as world:
        keys = {system: keys_of(world, system) for system in SYSTEMS}
        common = [(system, key) for system in SYSTEMS for key in keys[system][-2:]]
        workers: list[Process] = []
        for number in range(WORKERS):
            part = slice(number * OF_EACH, (number + 1) * OF_EACH)
            own = [(system, key) for system in SYSTEMS for key in keys[system][part]]
            given: dict[str, Any] = {"minutes": minutes, "records": own + common, "actor": f"key:worker-{number}"}
            workers.append(await world.start(database_url, **given))
        said = [(await each.ended(patience=minutes * 60 + 60) or {})["done"] for each in workers]
        calls = [call for system in SYSTEMS for call in world.box.vendors[system].log.calls()]

    assert [errors for _, errors in said] == [[]] * WORKERS
    database = Database(database_url)
    stored = await OperationJournal(database, PrivateKeySource(KEY, lambda: None)).page(1_000_000)
    await database.aclose()
    sent = [call for call in calls if call.startswith(("PUT", "PATCH"))]
    assert len(stored) == len(sent) == sum(number for number, _ in said) > WORKERS * 60 * minutes
    assert {each.state for each in stored} == {OperationState.APPLIED}
