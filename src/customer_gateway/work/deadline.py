"""Set when an answer must be there: a point on the loop's clock that shared work may move further out."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_REQUESTS = count()


class Deadline:
    """Hold a point in time on `asyncio`'s clock, in seconds.

    A request has one; a call that several requests wait for has one of its own, which `extend` moves to the latest of
    its waiters while the call is already running: every `enforce` in progress moves with it. `joined` counts those
    that it follows. Calls of one that `gives_way` start when no others wait; `calls` counts those that
    asked for a slot.
    """

    __slots__ = ("_followers", "_request", "at", "calls", "gives_way", "joined")

    def __init__(self, at: float, *, gives_way: bool = False) -> None:
        self.at = at
        self.calls = 0
        self.gives_way = gives_way
        self.joined = 0
        self._request: int | None = None
        self._followers: list[Deadline] = []

    @staticmethod
    def after(seconds: float, *, gives_way: bool = False) -> Deadline:
        """Return the deadline `seconds` from now; must be called inside the running loop."""
        return Deadline(asyncio.get_running_loop().time() + seconds, gives_way=gives_way)

    @property
    def request(self) -> int:
        """Return the number of the request that this is the deadline of; of shared work, of its first waiter."""
        if self._request is None:
            self._request = next(_REQUESTS)
        return self._request

    def remaining(self) -> float:
        """Return the seconds left, never below 0."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def extend(self, at: float) -> None:
        """Move the deadline out to `at`; an earlier `at` changes nothing."""
        if at > self.at:
            self.at = at
            for follower in self._followers:
                follower.extend(at)

    def follow(self, other: Deadline) -> None:
        """Be at least as late as `other`, now and whenever it is moved; give way as long as all that wait do."""
        if self._request is None:
            self._request = other.request
            self.gives_way = other.gives_way
        self.gives_way = self.gives_way and other.gives_way
        self.extend(other.at)
        other._followers.append(self)
        self.joined += 1

    def enforce(self) -> _Enforced:
        """Return a context (`async with`) whose body is cancelled at the deadline, which then raises `TimeoutError`."""
        return _Enforced(self)


class SharedDeadline(Deadline):
    """Hold the deadline of work that several wait for: the latest of theirs.

    It can be joined until the first one's and not after. Were it joined for ever, each newcomer would prolong work that
    hangs, and none would try anew.
    """

    __slots__ = ("joinable_until",)

    def __init__(self, first: float) -> None:
        super().__init__(first)
        self.joinable_until = first

    @property
    def joinable(self) -> bool:
        """Return whether a newcomer may still wait for the work."""
        return asyncio.get_running_loop().time() < self.joinable_until


class DeadlineTimer:
    """Call `callback` once when a deadline is over.

    A deadline is moved by each that joins shared work, and the timer is not set anew then: when it fires it looks
    whether it is too early.
    """

    __slots__ = ("_callback", "_deadline", "_due", "_handle", "_loop")

    def __init__(self, deadline: Deadline, loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
        self._deadline = deadline
        self._loop = loop
        self._callback = callback
        self._due = deadline.at
        self._handle = loop.call_at(self._due, self._fire)

    def cancel(self) -> None:
        """Call nothing any more."""
        self._handle.cancel()

    def _fire(self) -> None:
        if self._deadline.at > self._due:
            self._due = self._deadline.at
            self._handle = self._loop.call_at(self._due, self._fire)
        else:
            self._callback()


class _Enforced:
    """Enter `asyncio.timeout` with a deadline that may move.

    A class, not a generator with `asynccontextmanager`: entered once per upstream call, it costs a third less.
    """

    __slots__ = ("_deadline", "_timeout", "_timer")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._timer = DeadlineTimer(self._deadline, asyncio.get_running_loop(), self._expire)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self._timer.cancel()
        del self._timer  # the two refer to each other: the circle would keep the task and its result in memory
        return await self._timeout.__aexit__(kind, error, traceback)

    def _expire(self) -> None:
        self._timeout.reschedule(self._deadline.at)
