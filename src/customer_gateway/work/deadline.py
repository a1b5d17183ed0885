"""When an answer must be there: a point on the loop's clock that shared work may move further out."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_REQUESTS = count()


class Deadline:
    """A point in time on `asyncio`'s clock, in seconds.

    A request has one; a call that several requests wait for has one of its own, which `extend` moves to the latest of
    its waiters while the call is already running: every `enforce` in progress moves with it. `joined` counts those
    that it follows.
    """

    __slots__ = ("_followers", "_request", "at", "joined")

    def __init__(self, at: float) -> None:
        self.at = at
        self.joined = 0
        self._request: int | None = None
        self._followers: list[Deadline] = []

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline `seconds` from now; must be called inside the running loop."""
        return cls(asyncio.get_running_loop().time() + seconds)

    @property
    def request(self) -> int:
        """A number for the request that this is the deadline of; of shared work, for the one that was first to wait."""
        if self._request is None:
            self._request = next(_REQUESTS)
        return self._request

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.at - asyncio.get_running_loop().time())

    def extend(self, at: float) -> None:
        """Move the deadline out to `at`; an earlier `at` changes nothing."""
        if at > self.at:
            self.at = at
            for follower in self._followers:
                follower.extend(at)

    def follow(self, other: Deadline) -> None:
        """Be at least as late as `other`, now and whenever it is moved."""
        if self._request is None:
            self._request = other.request
        self.extend(other.at)
        other._followers.append(self)
        self.joined += 1

    def enforce(self) -> _Enforced:
        """A context (`async with`) whose body is cancelled at the deadline, which then raises `TimeoutError`."""
        return _Enforced(self)


class SharedDeadline(Deadline):
    """The deadline of work that several wait for: the latest of theirs.

    It can be joined until the first one's and not after. Were it joined for ever, work that hangs would be kept hanging
    by all who come, and nobody would try anew.
    """

    __slots__ = ("joinable_until",)

    def __init__(self, first: float) -> None:
        super().__init__(first)
        self.joinable_until = first

    @property
    def joinable(self) -> bool:
        """Whether a newcomer may still wait for the work."""
        return asyncio.get_running_loop().time() < self.joinable_until


class Alarm:
    """Rings once when a deadline is over, unless it is put out before.

    A deadline is moved for everybody who joins shared work, so nothing is set anew then: an alarm that goes off looks
    whether it came too early.
    """

    __slots__ = ("_deadline", "_due", "_handle", "_loop", "_ring")

    def __init__(self, deadline: Deadline, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._deadline = deadline
        self._loop = loop
        self._ring = ring
        self._due = deadline.at
        self._handle = loop.call_at(self._due, self._go_off)

    def put_out(self) -> None:
        """It will not ring any more."""
        self._handle.cancel()

    def _go_off(self) -> None:
        if self._deadline.at > self._due:
            self._due = self._deadline.at
            self._handle = self._loop.call_at(self._due, self._go_off)
        else:
            self._ring()


class _Enforced:
    """`asyncio.timeout`, which goes off at a deadline that may move.

    A class, not a generator with `asynccontextmanager`: entered once per upstream call, it costs a third less.
    """

    __slots__ = ("_alarm", "_deadline", "_timeout")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._timeout = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        self._alarm = Alarm(self._deadline, asyncio.get_running_loop(), self._expire)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self._alarm.put_out()
        del self._alarm  # the two know each other: such a circle would keep the task and its result from being freed
        return await self._timeout.__aexit__(kind, error, traceback)

    def _expire(self) -> None:
        self._timeout.reschedule(self._deadline.at)
