"""Rate limits as vendors count them: calls per sliding window and scope, and calls at the same time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` in any `seconds` for each value of `scope`; a call of scope None is not its business."""

    calls: int
    seconds: float
    scope: Callable[[Request], str | None]


@dataclass(slots=True)
class RateLimits:
    """All windows of one vendor. A refused call counts in none of them."""

    windows: tuple[Window, ...]
    clock: Callable[[], float]
    _taken: dict[tuple[int, str], deque[float]] = field(default_factory=dict[tuple[int, str], deque[float]])

    def seconds_to_wait(self, request: Request) -> float:
        """Return 0 when the call is allowed, and then count it; else the seconds until it would be."""
        now = self.clock()
        queues = [
            (window, self._queue(place, scope, window, now))
            for place, window in enumerate(self.windows)
            if (scope := window.scope(request)) is not None
        ]
        full = [queue[0] + window.seconds - now for window, queue in queues if len(queue) >= window.calls]
        if full:
            return max(full)
        for _, queue in queues:
            queue.append(now)
        return 0.0

    def _queue(self, place: int, scope: str, window: Window, now: float) -> deque[float]:
        queue = self._taken.setdefault((place, scope), deque())
        while queue and queue[0] + window.seconds <= now:
            queue.popleft()
        return queue


@dataclass(slots=True)
class Parallel:
    """At most `calls` at the same time for each value of `scope`; calls None means no cap."""

    calls: int | None
    scope: Callable[[Request], str]
    _running: dict[str, int] = field(default_factory=dict[str, int])

    def is_full(self, request: Request) -> bool:
        return self.calls is not None and self._running.get(self.scope(request), 0) >= self.calls

    def enter(self, request: Request) -> None:
        scope = self.scope(request)
        self._running[scope] = self._running.get(scope, 0) + 1

    def leave(self, request: Request) -> None:
        self._running[self.scope(request)] -= 1
