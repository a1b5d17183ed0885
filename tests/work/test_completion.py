"""Completion: many wait for one end."""

from __future__ import annotations

import asyncio
import gc

import pytest

from customer_gateway.work.deadline import Deadline
from customer_gateway.work.shared_call import Completion

pytestmark = pytest.mark.anyio


async def test_all_who_wait_are_told_and_who_comes_later_waits_for_nothing() -> None:
    completion = Completion()
    waiting = [asyncio.ensure_future(completion.wait()) for _ in range(3)]
    await asyncio.sleep(0)

    completion.set()

    await asyncio.gather(*waiting, completion.wait())
    assert completion.done


async def test_who_gives_up_waiting_ends_nothing_for_the_others() -> None:
    completion = Completion()
    leaving, staying = asyncio.ensure_future(completion.wait()), asyncio.ensure_future(completion.wait())
    await asyncio.sleep(0)

    leaving.cancel()
    await asyncio.sleep(0)
    assert not completion.done
    completion.set()

    await staying
    assert leaving.cancelled()


async def test_who_waits_until_a_deadline_hears_whether_it_ended_by_then() -> None:
    in_time, late = Completion(), Completion()
    asyncio.get_running_loop().call_later(0.01, in_time.set)

    assert await in_time.wait_until(Deadline.after(5))
    assert await in_time.wait_until(Deadline.after(-1))
    assert not await late.wait_until(Deadline.after(0.01))


async def test_a_deadline_that_is_moved_is_waited_for() -> None:
    completion, deadline = Completion(), Deadline.after(0.01)
    waiting = asyncio.ensure_future(completion.wait_until(deadline))
    await asyncio.sleep(0)

    deadline.extend(deadline.at + 5)
    await asyncio.sleep(0.03)
    completion.set()

    assert await waiting


async def test_nothing_is_kept_of_those_who_have_left() -> None:
    completion = Completion()
    for _ in range(3):
        assert not await completion.wait_until(Deadline.after(0.01))
    leaving = asyncio.ensure_future(completion.wait())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)

    assert [each for each in gc.get_referents(completion) if isinstance(each, dict)] == [{}]
