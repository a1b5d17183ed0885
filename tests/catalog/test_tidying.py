"""What is GONE for 30 days loses its personal columns, and what nobody configures any more is removed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from catalog.passing import working
from sqlalchemy import select
from vendors import sandbox

from customer_gateway.model.catalog import RecordState
from customer_gateway.store.catalog_tables import RECORDS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from catalog.passing import Worker

    from customer_gateway.catalog.schedule import Schedule

pytestmark = [pytest.mark.anyio, pytest.mark.vendors("next", "billbee")]

PERSONAL = [
    column for column in RECORDS.c if column.name.endswith("_text") or column.name in {"name_key", "number_key"}
]


@pytest.fixture
async def worker(database_url: str) -> AsyncGenerator[Worker]:
    box = sandbox(customers=20)
    async with box.serving() as urls, working(box, urls, database_url) as made:
        yield made


async def tidied(schedule: Schedule) -> None:
    """Let a schedule look at the index once, and wait until it has tidied."""
    await schedule.run_due()
    await schedule.wait_tidied()
    await schedule.wait_idle()
    await schedule.aclose()


async def rows_of(worker: Worker, state: RecordState) -> list[Any]:
    query = select(RECORDS.c.key, RECORDS.c.tokens, RECORDS.c.shown, *PERSONAL).where(RECORDS.c.state == int(state))
    return list(await worker.database.read(lambda connection: connection.execute(query).all()))


async def test_what_is_gone_for_30_days_loses_what_is_personal(worker: Worker) -> None:
    await worker.sync("next")
    key = worker.keys_at("next")[0]
    worker.box.vendors["next"].population.vanish(key)
    await worker.sync("next")
    (gone,) = await rows_of(worker, RecordState.GONE)
    assert (gone.key, gone.tokens) == (key, "")  # it is found no more
    assert gone.shown != "{}"

    worker.clock.ahead += timedelta(days=29)
    await tidied(worker.schedule("next"))
    assert [each.shown for each in await rows_of(worker, RecordState.GONE)] == [gone.shown]

    worker.clock.ahead += timedelta(days=2)
    await tidied(worker.schedule("next"))
    (blank,) = await rows_of(worker, RecordState.GONE)
    assert (blank.key, blank.shown, set(blank[3:])) == (key, "{}", {None})
    assert len(await rows_of(worker, RecordState.PRESENT)) == 19


async def test_a_system_that_nobody_has_had_for_a_week_is_removed(worker: Worker) -> None:
    await worker.sync("next")
    await worker.sync("billbee")

    worker.clock.ahead += timedelta(days=6)
    await tidied(worker.schedule("billbee"))
    assert len(await worker.keys("next")) == 20

    worker.clock.ahead += timedelta(days=2)
    await tidied(worker.schedule("billbee"))
    assert (await worker.keys("next"), len(await worker.keys("billbee"))) == (set(), 20)
    assert list(await worker.kit.store.rows()) == ["billbee"]
