"""Intake: answers are decoded one after the other, and nobody can hold the others up."""

from __future__ import annotations

import asyncio

import pytest

from customer_gateway.wire import DecodeQueue
from customer_gateway.wire.decode import SMALL_BYTES

LARGE = SMALL_BYTES + 1

pytestmark = pytest.mark.anyio


class Guests:
    """Who had a turn, in which iteration of the loop."""

    def __init__(self, decode_queue: DecodeQueue) -> None:
        self.decode_queue = decode_queue
        self.turns: dict[str, int] = {}
        self._now = 0

    async def come(self, name: str) -> None:
        await self.decode_queue.wait(LARGE)
        self.turns[name] = self._now

    async def turn_the_loop(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)
            self._now += 1


async def test_a_lone_answer_waits_for_nothing() -> None:
    with pytest.raises(StopIteration):
        DecodeQueue().wait(LARGE).send(None)


async def test_answers_that_come_together_are_taken_in_as_they_came_some_turns_apart() -> None:
    guests = Guests(DecodeQueue())
    coming = [asyncio.ensure_future(guests.come(name)) for name in ("first", "second", "third")]

    await guests.turn_the_loop(40)

    await asyncio.gather(*coming)
    assert list(guests.turns) == ["first", "second", "third"]
    first, second, third = guests.turns.values()
    assert second - first >= 5
    assert third - second >= 5


async def test_a_small_answer_waits_for_nothing_even_among_large_ones() -> None:
    decode_queue = DecodeQueue()
    await decode_queue.wait(LARGE)

    with pytest.raises(StopIteration):
        decode_queue.wait(SMALL_BYTES).send(None)


async def test_after_a_pause_an_answer_waits_for_nothing_again() -> None:
    decode_queue = DecodeQueue()
    await decode_queue.wait(LARGE)
    await Guests(decode_queue).turn_the_loop(20)

    with pytest.raises(StopIteration):
        decode_queue.wait(LARGE).send(None)


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    guests = Guests(DecodeQueue())
    first, leaving, last = (asyncio.ensure_future(guests.come(name)) for name in ("first", "leaving", "last"))
    await guests.turn_the_loop(1)

    leaving.cancel()
    await guests.turn_the_loop(30)

    assert (first.done(), last.done()) == (True, True)
    assert list(guests.turns) == ["first", "last"]


def test_an_event_loop_that_ended_in_between_holds_up_nobody() -> None:
    decode_queue = DecodeQueue()

    async def two_turns() -> None:
        await asyncio.wait_for(asyncio.gather(decode_queue.wait(LARGE), decode_queue.wait(LARGE)), 5)

    async def one_turn() -> None:
        await decode_queue.wait(LARGE)

    asyncio.run(one_turn())  # ends before the turns between two answers are over
    asyncio.run(two_turns())
