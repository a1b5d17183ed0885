"""What is dropped is counted, and the log tells the count without a line for each."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from customer_gateway.catalog.drops import DropCount

pytestmark = pytest.mark.anyio


async def test_the_first_drop_is_logged_at_once_and_the_others_of_its_time_together() -> None:
    drops = DropCount(every=0.05)
    with capture_logs() as lines:
        for _ in range(3):
            drops.add(2)
        at_once = len(lines)
        await asyncio.sleep(0.2)
        drops.add(1)

    assert (at_once, [line["dropped"] for line in lines]) == (1, [2, 6, 7])
    assert {(line["event"], line["log_level"]) for line in lines} == {("index_updates_dropped", "warning")}
    drops.close()


async def test_what_was_dropped_last_is_logged_at_the_end() -> None:
    drops = DropCount()
    with capture_logs() as lines:
        drops.add(1)
        drops.add(4)
        drops.close()
        drops.close()

    assert [line["dropped"] for line in lines] == [1, 5]


async def test_without_a_drop_nothing_is_logged() -> None:
    with capture_logs() as lines:
        DropCount().close()

    assert lines == []
