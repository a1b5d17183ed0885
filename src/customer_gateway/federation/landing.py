"""The end of something that several wait for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.work.deadline import Alarm

if TYPE_CHECKING:
    from customer_gateway.work.deadline import Deadline


class Landing:
    """The end of one piece of work: those who wait for it are told in the turn of the loop in which it ends.

    Each waits by a future of its own, so who gives up waiting ends nothing for the others.
    """

    __slots__ = ("_waiters", "over")

    def __init__(self) -> None:
        self.over = False
        self._waiters: dict[asyncio.Future[None], None] = {}

    def tell(self) -> None:
        """It has ended, however it did."""
        self.over = True
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Until it has ended, however it does."""
        if not self.over:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = None
            try:
                await waiter
            finally:
                self._waiters.pop(waiter, None)

    async def wait_until(self, deadline: Deadline) -> bool:
        """Until it has ended, at most until `deadline`: whether it has."""
        if not self.over:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters[waiter] = None
            # Nothing is to be cancelled at the deadline, so an alarm alone will do: half of what `enforce` costs.
            alarm = Alarm(deadline, loop, lambda: waiter.done() or waiter.set_result(None))
            try:
                await waiter
            finally:
                alarm.put_out()
                self._waiters.pop(waiter, None)
        return self.over
