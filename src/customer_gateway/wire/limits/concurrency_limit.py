"""How many calls of one client are under way, and the way to its rate limiter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.limits.sliding_window import Budget, StartedCall
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.limits.redis_rate_limiter import RedisRateLimiter
    from customer_gateway.wire.limits.sliding_window import SlidingWindow
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.work.deadline import Deadline


class ConcurrencyLimit:
    """One client's way to its turns: at most `parallel` calls are under way, none starts before every window has room.

    `windows` count this client's calls alone, `limiter` those of everybody whom the vendor counts together with it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a bound, a budget and whose it is
        self,
        parallel: int,
        windows: Sequence[Window],
        clock: Callable[[], float],
        limiter: RateLimiter | RedisRateLimiter | None = None,
        share: WorkerShare = WHOLE,
        name: str = "",
    ) -> None:
        self.budget = Budget(windows, share, name)
        self._parallel = parallel
        self._under_way = 0
        self._limiter = limiter or RateLimiter((), clock, share)
        self._limiter.join(self)
        self._longest_window = max(self._limiter.budget.longest_window, self.budget.longest_window)

    async def enter(self, call: Call, deadline: Deadline) -> StartedCall:
        """Wait for the call's turn; whoever was let in hands the `StartedCall` back to `leave`."""
        windows = self._limiter.budget.sliding_windows(call) + self.budget.sliding_windows(call)
        return await self._limiter.wait(self, windows, deadline)

    @property
    def has_room(self) -> bool:
        return self._under_way < self._parallel

    def begin(self, windows: tuple[SlidingWindow, ...], now: float) -> StartedCall:
        """A call starts: it is under way, and on every count."""
        start = StartedCall(now)
        self.hold()
        for window in windows:
            window.commit(start)
        return start

    def hold(self) -> None:
        """A call takes a place."""
        self._under_way += 1

    def give_back(self) -> None:
        """It gives the place back."""
        self._under_way -= 1

    def leave(self, start: StartedCall) -> None:
        """The call has ended, however it did."""
        self.give_back()
        self._limiter.left(start, counted=self._longest_window > 0)

    def pause(self, seconds: float) -> None:
        """Nobody who is counted together starts for so long: the vendor asked for it."""
        self._limiter.pause(seconds)

    def pause_for_a_window(self) -> float | None:
        """Pause for the longest window: the vendor counts otherwise and does not say how long; None without windows."""
        if not self._longest_window:
            return None
        self.pause(self._longest_window)
        return self._longest_window
