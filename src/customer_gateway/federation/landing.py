"""The end of something that several wait for."""

from __future__ import annotations

import asyncio


class Landing:
    """The end of one piece of work: those who wait for it are told in the turn of the loop in which it ends.

    Each waits by a future of its own, so who gives up waiting ends nothing for the others.
    """

    __slots__ = ("_failure", "_waiters", "over")

    def __init__(self) -> None:
        self.over = False
        self._failure: BaseException | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def tell(self, failure: BaseException | None = None) -> None:
        """It has ended, with `failure` or without."""
        self.over, self._failure = True, failure
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self) -> None:
        """Until it has ended, however it does."""
        if not self.over:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def check(self) -> None:
        """Raise the failure with which it ended, if it has ended with one."""
        if self._failure is not None:
            raise self._failure
