"""Deadlines: a point in time that shared work may move further out, never nearer."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from customer_gateway.work.deadline import Deadline, SharedDeadline

if TYPE_CHECKING:
    from collections.abc import Awaitable

pytestmark = pytest.mark.anyio

SOON = 0.02


def now() -> float:
    return asyncio.get_running_loop().time()


async def within(deadline: Deadline, work: Awaitable[object]) -> None:
    async with deadline.enforce():
        await work


async def test_what_remains_runs_out_and_is_never_less_than_nothing() -> None:
    assert 4.9 < Deadline.after(5).remaining() <= 5
    assert Deadline(now() - 1).remaining() == 0


async def test_work_that_outlasts_the_deadline_is_cancelled() -> None:
    work = asyncio.ensure_future(asyncio.Event().wait())

    with pytest.raises(TimeoutError):
        await within(Deadline.after(SOON), work)

    assert work.cancelled()


async def test_work_that_is_done_in_time_is_left_alone() -> None:
    async with (deadline := Deadline.after(5)).enforce():
        await asyncio.sleep(0)

    assert deadline.remaining() > 0


async def test_extending_moves_what_is_already_being_enforced() -> None:
    deadline = Deadline.after(SOON)

    async with deadline.enforce():
        deadline.extend(now() + 5)
        await asyncio.sleep(2 * SOON)

    assert deadline.remaining() > 4


async def test_extending_moves_every_work_under_way() -> None:
    deadline = Deadline.after(SOON)

    async def work() -> str:
        async with deadline.enforce():
            await asyncio.sleep(2 * SOON)
            return "done"

    both = asyncio.gather(work(), work())
    await asyncio.sleep(0)
    deadline.extend(now() + 5)

    assert await both == ["done", "done"]


async def test_a_deadline_is_never_moved_nearer() -> None:
    deadline = Deadline.after(5)
    at = deadline.at

    deadline.extend(now() + 1)

    assert deadline.at == at


async def test_extending_after_the_time_is_over_saves_nobody_who_was_late() -> None:
    deadline = Deadline.after(SOON)

    async def work() -> None:
        try:
            await asyncio.sleep(5)
        finally:
            deadline.extend(now() + 5)

    with pytest.raises(TimeoutError):
        await within(deadline, work())

    assert deadline.remaining() > 4


async def test_work_begun_past_the_deadline_gets_no_further_than_its_first_wait() -> None:
    with pytest.raises(TimeoutError):
        await within(Deadline(now() - 1), asyncio.sleep(5))


async def test_a_follower_is_at_least_as_late_as_those_it_follows_wherever_they_are_moved() -> None:
    first, second = Deadline.after(1), Deadline.after(2)
    follower = Deadline(0.0)

    follower.follow(first)
    follower.follow(second)
    assert follower.at == second.at

    first.extend(second.at + 5)
    assert follower.at == first.at
    assert second.at < first.at


class Result:
    """Something large that work under a deadline gives."""


async def test_shared_work_is_joined_until_the_time_of_who_asked_first_however_long_it_may_go_on() -> None:
    shared = SharedDeadline(now() + SOON)
    shared.follow(Deadline.after(5))

    assert shared.joinable
    await asyncio.sleep(2 * SOON)

    assert not shared.joinable
    assert shared.remaining() > 4


async def test_what_the_work_gave_is_freed_without_the_garbage_collector() -> None:
    async def work() -> Result:
        async with Deadline.after(5).enforce():
            await asyncio.sleep(0)
            return Result()

    gc.collect()
    gc.disable()
    try:
        given = weakref.ref(await asyncio.ensure_future(work()))
        await asyncio.sleep(0)
        freed = given() is None
    finally:
        gc.enable()

    assert freed
