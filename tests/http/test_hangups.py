from __future__ import annotations

import asyncio
import gc
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from http_world import never

from customer_gateway.http.hangups import LISTEN_AFTER_SECONDS, ClientGone
from customer_gateway.http.shared_execution import SharedExecution

if TYPE_CHECKING:
    from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio


class Work:
    """Work without end, and how it was ended."""

    def __init__(self) -> None:
        self.broken_off = False

    async def run(self, _: Deadline) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.broken_off = True
            raise
        return "never"


async def at_once() -> None:
    """The leaving of one who has left already."""


async def test_work_that_only_one_who_hung_up_wanted_is_broken_off() -> None:
    work, at = Work(), time.monotonic() + 30
    execution = SharedExecution(at, work.run)

    with pytest.raises(ClientGone):
        await execution.reply(at, 0.0, at_once)
    await asyncio.wait([execution.task])

    assert work.broken_off


async def test_work_goes_on_for_those_who_stay() -> None:
    work, at = Work(), time.monotonic() + 30
    execution = SharedExecution(at, work.run)
    stays = asyncio.create_task(execution.reply(at, 0.0, never))

    with pytest.raises(ClientGone):
        await execution.reply(at, 0.0, at_once)

    assert not work.broken_off
    stays.cancel()
    await asyncio.wait([stays, execution.task])


async def test_who_hangs_up_leaves_nothing_to_the_collector() -> None:
    work, at = Work(), time.monotonic() + 30
    execution = SharedExecution(at, work.run)
    stays = asyncio.create_task(execution.reply(at, 0.0, never))
    gc.collect()
    gc.disable()
    try:
        with suppress(ClientGone):
            await execution.reply(at, 0.0, at_once)
        for _ in range(5):
            await asyncio.sleep(0)

        assert [each for each in gc.get_objects() if type(each) is ClientGone] == []
    finally:
        gc.enable()
    stays.cancel()
    await asyncio.wait([stays, execution.task])


async def test_who_joins_late_and_hangs_up_is_noticed_at_once() -> None:
    work, at = Work(), time.monotonic() + 30
    execution = SharedExecution(at, work.run)
    stays = asyncio.create_task(execution.reply(at, 0.0, never))
    await asyncio.sleep(LISTEN_AFTER_SECONDS * 1.2)

    with pytest.raises(ClientGone):
        await asyncio.wait_for(execution.reply(at, 0.0, at_once), LISTEN_AFTER_SECONDS / 2)

    stays.cancel()
    await asyncio.wait([stays, execution.task])


async def test_a_mutation_is_finished_though_its_client_hung_up() -> None:
    gate = asyncio.Event()

    async def write(_: Deadline) -> str:
        await gate.wait()
        return "written"

    execution = SharedExecution(time.monotonic() + 30, write, alone=True)
    with pytest.raises(ClientGone):
        await execution.reply(time.monotonic() + 30, 0.0, at_once)
    gate.set()

    assert await execution.task == "written"
