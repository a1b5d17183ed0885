"""When an answer must be there: a point on the loop's clock that shared work may move further out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Deadline:
    """A point in time on `asyncio`'s clock, in seconds.

    A request has one; a call that several requests wait for has one of its own, which `extend` moves to the latest of
    its waiters while the call is already running: every `enforce` in progress moves with it.
    """

    __slots__ = ("_followers", "_timers", "at")

    def __init__(self, at: float) -> None:
        self.at = at
        self._timers: list[asyncio.Timeout] = []
        self._followers: list[Deadline] = []

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
        for follower in self._followers:
            follower.extend(at)

    def follow(self, other: Deadline) -> None:
        """Be at least as late as `other`, now and whenever it is moved."""
        self.extend(other.at)
        other._followers.append(self)

    def enforce(self) -> _Enforced:
        """A context (`async with`) whose body is cancelled at the deadline, which then raises `TimeoutError`."""
        return _Enforced(self, self._timers)


class _Enforced:
    """`asyncio.timeout_at`, known to its deadline so that it can be moved.

    A class, not a generator with `asynccontextmanager`: entered once per upstream call, it costs a third less.
    """

    __slots__ = ("_timer", "_timers")

    def __init__(self, deadline: Deadline, timers: list[asyncio.Timeout]) -> None:
        self._timers = timers
        self._timer = asyncio.timeout_at(deadline.at)

    async def __aenter__(self) -> None:
        await self._timer.__aenter__()
        self._timers.append(self._timer)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self._timers.remove(self._timer)
        return await self._timer.__aexit__(kind, error, traceback)
