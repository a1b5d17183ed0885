"""Identical work in flight is done once: each who waits leaves at its own deadline, the work runs to the latest."""

from __future__ import annotations

import asyncio
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from customer_gateway.http.hangups import Hangups
from customer_gateway.work.deadline import SharedDeadline

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

    from customer_gateway.http.hangups import Leaving
    from customer_gateway.work.deadline import Deadline

T = TypeVar("T")

TOLD_PER_TURN: Final = 16
MORE_PATIENT: Final = 2.0
"""How many times as long as it was begun for somebody may be willing to wait for work and still join it."""
SAME_MOMENT_SECONDS: Final = 0.02


class Flight(Generic[T]):
    """One piece of work and those who wait for it.

    It ends when it is done, or when nobody waits any more. One that is `alone` nobody else may join, and it is finished
    come what may.
    """

    def __init__(
        self,
        deadline: SharedDeadline,
        work: Coroutine[None, None, T],
        *,
        alone: bool,
        so_far: Callable[[], Coroutine[None, None, T]] | None = None,
    ) -> None:
        self.deadline = deadline
        self._open = True
        self._so_far = so_far
        self._glimpse: tuple[float, asyncio.Task[T]] | None = None
        self.alone = alone
        self._waiting: set[asyncio.Future[T]] = set()
        self._untold: dict[asyncio.Future[T], float] = {}
        self._watched = inf
        self._timer: asyncio.TimerHandle | None = None
        self._hangups = Hangups()
        self._loop = asyncio.get_running_loop()
        self._longest_wait = MORE_PATIENT * (deadline.at - self._loop.time())
        self.task = self._loop.create_task(work)
        self.task.add_done_callback(self._land)

    def takes(self, at: float) -> bool:
        """Whether one who waits until `at` may join.

        What gave up because little time was left stays given up, so nobody joins who would wait much longer than the
        work was begun for; and nobody once its first asker's time is over (`SharedDeadline`).
        """
        if not self._open or self.task.done() or not self.deadline.joinable:
            return False
        return at - self._loop.time() <= self._longest_wait

    async def landed(self, at: float, grace: float, leaving: Leaving) -> T:
        """What the work gives. Raises TimeoutError where that takes until `grace` seconds after `at`.

        `leaving` ends when the caller has hung up: then it waits no longer (`ClientGone`).
        """
        if self.task.done():
            return self.task.result()
        waiter = self._board(at, grace)
        self._hangups.expect(waiter, leaving)
        try:
            return await waiter
        finally:
            self._hangups.forget(waiter)
            self._leave(waiter)
            del waiter  # what it raises knows this frame: the two would keep each other

    def _board(self, at: float, grace: float) -> asyncio.Future[T]:
        """The result to come, for one who leaves the flight afterwards."""
        self.deadline.extend(at)
        waiter: asyncio.Future[T] = self._loop.create_future()
        self._waiting.add(waiter)
        self._untold[waiter] = at + grace
        self._watch(at + grace)
        return waiter

    def _leave(self, waiter: asyncio.Future[T]) -> None:
        """End the waiting, whether the waiter was told or not; work that nobody waits for any more is broken off."""
        self._waiting.remove(waiter)
        self._untold.pop(waiter, None)
        if not self._waiting and not self.alone and not self.task.done():
            self._open = False
            self.task.cancel()

    async def so_far(self) -> T | None:
        """What the work has come to by now, for one who leaves before it lands; None where nothing can be told.

        Those who leave in the same moment are told the same.
        """
        if self._so_far is None:
            return None
        now = self._loop.time()
        if self._glimpse is None or now - self._glimpse[0] > SAME_MOMENT_SECONDS:
            self._glimpse = (now, self._loop.create_task(self._so_far()))
        return await asyncio.shield(self._glimpse[1])

    def _watch(self, at: float) -> None:
        """See to it that the waiters are looked through at `at`: one timer for all, set to the earliest of them."""
        if at < self._watched:
            self._unwatch()
            self._watched = at
            self._timer = self._loop.call_at(at, self._send_away, at)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._watched = inf

    def _send_away(self, due: float) -> None:
        self._watched = inf
        for waiter in [waiter for waiter, at in self._untold.items() if at <= due]:
            del self._untold[waiter]
            give_up(waiter)
        if self._untold:
            self._watch(min(self._untold.values()))

    def _land(self, _: asyncio.Task[T]) -> None:
        """Tell the waiters, a few per turn of the loop.

        Told all at once they would come back all at once: between two such waves the loop would have nothing to do
        but wait for the next answer from upstream.
        """
        self._unwatch()
        self._hangups.close()
        for waiter in list(islice(self._untold, TOLD_PER_TURN)):
            del self._untold[waiter]
            if not waiter.done():
                self._tell(waiter)
        if self._untold:
            self._loop.call_soon(self._land, self.task)

    def _tell(self, waiter: asyncio.Future[T]) -> None:
        if self.task.cancelled():
            waiter.cancel()
        elif (failure := self.task.exception()) is not None:
            waiter.set_exception(failure)
        else:
            waiter.set_result(self.task.result())


class InFlight(Generic[T]):
    """The work that others may join, by keys: equal keys, same work."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight[T]] = {}
        self._unshared: set[Flight[T]] = set()

    def __len__(self) -> int:
        return len(set(self._flights.values()) | self._unshared)

    def find(self, key: Hashable, at: float) -> Flight[T] | None:
        """The flight under that key, if one who waits until `at` can still join it."""
        flight = self._flights.get(key)
        return flight if flight is not None and flight.takes(at) else None

    def share(self, key: Hashable, flight: Flight[T]) -> None:
        """Let others join the flight under that key for as long as it is in the air."""
        self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._forget(key, flight))

    def begin(
        self,
        key: Hashable,
        at: float,
        work: Callable[[Deadline], Coroutine[None, None, T]],
        so_far: Callable[[], Coroutine[None, None, T]] | None = None,
    ) -> Flight[T]:
        """Start work with a deadline of its own, first at `at`, that others may join under the key.

        `so_far` tells what the work has come to at any moment, for those who leave before it lands.
        """
        deadline = SharedDeadline(at)
        flight = Flight(deadline, work(deadline), alone=False, so_far=so_far)
        self.share(key, flight)
        return flight

    def begin_alone(self, at: float, work: Callable[[Deadline], Coroutine[None, None, T]]) -> Flight[T]:
        """Start work that nobody joins and that is not broken off when its only waiter leaves."""
        deadline = SharedDeadline(at)
        flight = Flight(deadline, work(deadline), alone=True)
        self._unshared.add(flight)
        flight.task.add_done_callback(lambda _: self._unshared.discard(flight))
        return flight

    def _forget(self, key: Hashable, flight: Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


def give_up(waiter: asyncio.Future[T]) -> None:
    """End the waiting with TimeoutError, unless what was waited for is there."""
    if not waiter.done():
        waiter.set_exception(TimeoutError())
