"""Bound the parallel calls of one client, and start them by its rate limiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.limits.rate_limiter import RateLimiter
    from customer_gateway.wire.limits.sliding_window import StartedCall, Window
    from customer_gateway.work.deadline import Deadline


class ConcurrencyLimit:
    """Keep at most `parallel` calls of one client under way, and start none before every window has room.

    `windows` count this client's calls, `limiter` those of all that the vendor counts together. `room` more may start.
    """

    def __init__(self, limiter: RateLimiter, parallel: int, windows: Sequence[Window] = (), name: str = "") -> None:
        self.room = parallel
        self._limiter = limiter
        self._windows = (*limiter.windows, *limiter.join(windows, name))

    async def enter(self, call: Call, deadline: Deadline) -> StartedCall:
        """Wait until the call may start; `leave` takes the `StartedCall` at its end."""
        return await self._limiter.wait(self, tuple([window.of(call) for window in self._windows]), deadline)

    def leave(self, start: StartedCall) -> None:
        """End the call, whatever its outcome."""
        self.room += 1
        self._limiter.left(start)

    def calls_per_second(self) -> float | None:
        """Return how many calls that give way this process may start in a second; None where nothing bounds them."""
        rates = [max(1, each.part.calls - 1) / each.part.seconds for each in self._windows]  # room for one is left
        if self._limiter.slot is not None:
            rates.append(1 / self._limiter.slot.every)
        return min(rates, default=None)

    def pause(self, seconds: float) -> None:
        """Start no call that is counted together with these for so long; where that is 0, for the longest window."""
        self._limiter.pause(seconds or max((window.whole.seconds for window in self._windows), default=0.0))
