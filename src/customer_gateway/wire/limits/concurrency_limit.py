"""Bound the parallel calls of one client, and start them by its rate limiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.limits.sliding_window import RateBudget
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.limits.sliding_window import StartedCall, Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline


class ConcurrencyLimit:
    """Keep at most `parallel` calls of one client under way, and start none before every window has room.

    `windows` count this client's calls alone, `limiter` those of all clients that the vendor counts together. `room`
    is how many more calls may be under way.
    """

    def __init__(
        self,
        parallel: int,
        windows: Sequence[Window],
        clock: Callable[[], float],
        limiter: RateLimiter | None = None,
        share: WorkerShare = WHOLE,
        name: str = "",
    ) -> None:
        self.budget = RateBudget(windows, share, name)
        self.room = parallel
        self._limiter = limiter or RateLimiter((), clock, share)
        self._limiter.join(self)
        both = (*self._limiter.budget.windows, *windows)
        self._longest_window = max((window.seconds for window in both), default=0.0)

    async def enter(self, call: Call, deadline: Deadline) -> StartedCall:
        """Wait until the call may start; `leave` takes the `StartedCall` at its end."""
        windows = self._limiter.budget.sliding_windows(call) + self.budget.sliding_windows(call)
        return await self._limiter.wait(self, windows, deadline)

    def leave(self, start: StartedCall) -> None:
        """End the call, whatever its outcome."""
        self.room += 1
        self._limiter.left(start)

    def calls_per_second(self) -> float | None:
        """Return how many calls that give way this process may start in a second; None where nothing bounds them."""
        parts = (*self._limiter.budget.parts, *self.budget.parts)
        rates = [max(1, part.calls - 1) / part.seconds for part in parts]  # they leave room for another
        if self._limiter.slot is not None:
            rates.append(1 / self._limiter.slot.every)
        return min(rates, default=None)

    def pause(self, seconds: float) -> None:
        """Start no call that is counted together with these for so long; where that is 0, for the longest window."""
        self._limiter.pause(seconds or self._longest_window)
