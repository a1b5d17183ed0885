"""Intake: answers are decoded one after the other, and nobody can hold the others up."""

from __future__ import annotations

import asyncio

import pytest

from customer_gateway.wire import DecodeQueue
from customer_gateway.wire.decode_queue import SMALL_BYTES

LARGE = SMALL_BYTES + 1

pytestmark = pytest.mark.anyio


class Guests:
    """Who had a turn, in which turn of the loop."""

    def __init__(self, intake: DecodeQueue) -> None:
        self.intake = intake
        self.turns: dict[str, int] = {}
        self._now = 0

    async def come(self, name: str) -> None:
        await self.intake.turn(LARGE)
        self.turns[name] = self._now

    async def turn_the_loop(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)
            self._now += 1


async def test_a_lone_answer_waits_for_nothing() -> None:
    with pytest.raises(StopIteration):
        DecodeQueue().turn(LARGE).send(None)


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
    intake = DecodeQueue()
    await intake.turn(LARGE)

    with pytest.raises(StopIteration):
        intake.turn(SMALL_BYTES).send(None)


async def test_after_a_pause_an_answer_waits_for_nothing_again() -> None:
    intake = DecodeQueue()
    await intake.turn(LARGE)
    await Guests(intake).turn_the_loop(20)

    with pytest.raises(StopIteration):
        intake.turn(LARGE).send(None)


async def test_who_gives_up_waiting_holds_up_nobody() -> None:
    guests = Guests(DecodeQueue())
    first, leaving, last = (asyncio.ensure_future(guests.come(name)) for name in ("first", "leaving", "last"))
    await guests.turn_the_loop(1)

    leaving.cancel()
    await guests.turn_the_loop(30)

    assert (first.done(), last.done()) == (True, True)
    assert list(guests.turns) == ["first", "last"]


def test_an_event_loop_that_ended_in_between_holds_up_nobody() -> None:
    intake = DecodeQueue()

    async def two_turns() -> None:
        await asyncio.wait_for(asyncio.gather(intake.turn(LARGE), intake.turn(LARGE)), 5)

    async def one_turn() -> None:
        await intake.turn(LARGE)

    asyncio.run(one_turn())  # ends before the turns between two answers are over
    asyncio.run(two_turns())
