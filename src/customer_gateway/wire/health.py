"""Remember whether a system answered when it was last called."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Health:
    """Keep the outcome of a client's last call.

    `last_ok` is True when the last call was answered by a working system (also with a refusal such as 400 or 429),
    False when it was not (no answer, garbage, refused credentials), None before the first. `last_at` is that moment
    on the client's clock; `in_flight` counts calls under way.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.last_ok: bool | None = None
        self.last_at: float | None = None
        self.in_flight = 0
        self._clock = clock
        self._waiters: list[asyncio.Future[None]] = []

    def began(self) -> None:
        self.in_flight += 1

    def ended(self, ok: bool | None) -> None:  # noqa: FBT001 - an outcome, not an option
        """End a call; `ok` is None when its end says nothing of the system."""
        self.in_flight -= 1
        if ok is not None:
            self.last_ok = ok
            self.last_at = self._clock()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def fresh(self, seconds: float) -> bool | None:
        """Return `last_ok` if it is no older than `seconds`, else None."""
        if self.last_at is None or self._clock() - self.last_at > seconds:
            return None
        return self.last_ok

    async def wait_idle(self) -> None:
        """Wait until one of the calls under way has ended; at once when there is none."""
        if not self.in_flight:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        await waiter
