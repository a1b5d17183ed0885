"""Signal the completion of work that several wait for."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

from customer_gateway.work.deadline import DeadlineTimer

if TYPE_CHECKING:
    from customer_gateway.work.deadline import Deadline


class Completion:
    """Wake those that wait for a piece of work in the turn of the event loop in which it completes.

    Each waits by a future of its own, so a waiter that is cancelled ends nothing for the others.
    """

    __slots__ = ("_waiters", "done")

    def __init__(self) -> None:
        self.done = False
        self._waiters: dict[asyncio.Future[None], None] = {}

    def set(self, per_turn: int | None = None) -> None:
        """Wake all waiters, whatever the outcome of the work: at once, or `per_turn` of them a turn of the loop."""
        self.done = True
        for waiter in list(islice(self._waiters, per_turn)):
            del self._waiters[waiter]
            if not waiter.done():
                waiter.set_result(None)
        if self._waiters:
            asyncio.get_running_loop().call_soon(self.set, per_turn)

    async def wait(self) -> None:
        """Wait for the completion."""
        if not self.done:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = None
            try:
                await waiter
            finally:
                self._waiters.pop(waiter, None)

    async def wait_until(self, deadline: Deadline) -> bool:
        """Wait for the completion, at most until `deadline`; return whether it was reached."""
        if not self.done:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters[waiter] = None
            # Nothing is to be cancelled at the deadline, so an timer alone will do: half of what `enforce` costs.
            timer = DeadlineTimer(deadline, loop, lambda: waiter.done() or waiter.set_result(None))
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiters.pop(waiter, None)
        return self.done
