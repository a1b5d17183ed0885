"""When an answer must be there: a point on the loop's clock that shared work may move further out."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Deadline:
    """A point in time on `asyncio`'s clock, in seconds.

    A request has one; a call that several requests wait for has one of its own, which `extend` moves to the latest of
    its waiters while the call is already running: every `enforce` in progress moves with it.
    """

    __slots__ = ("_timers", "at")

    def __init__(self, at: float) -> None:
        self.at = at
        self._timers: list[asyncio.Timeout] = []

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline `seconds` from now; must be called inside the running loop."""
        return cls(asyncio.get_running_loop().time() + seconds)

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def extend(self, at: float) -> None:
        """Move the deadline out to `at`; an earlier `at` changes nothing."""
        if at <= self.at:
            return
        self.at = at
        for timer in self._timers:
            if not timer.expired():
                timer.reschedule(at)

    @asynccontextmanager
    async def enforce(self) -> AsyncGenerator[None]:
        """Cancel the body at the deadline and raise `TimeoutError`."""
        async with asyncio.timeout_at(self.at) as timer:
            self._timers.append(timer)
            try:
                yield
            finally:
                self._timers.remove(timer)
