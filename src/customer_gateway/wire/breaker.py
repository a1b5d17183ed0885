"""A circuit breaker: no calls for a while to a system that fails again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.wire.policy import BreakerPolicy


class Breaker:
    """Closed: all calls go. Open: none goes for `open_seconds`; then one at a time may try, and its answer closes it.

    Call `wait`, then `enter`, then report the end once: `answered`, `failed` or `said_nothing`, with what `enter`
    returned. Calls that went while it was closed and fail once it is open do not hold it open for longer. `failures`
    counts those since the last answer.
    """

    def __init__(self, policy: BreakerPolicy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self.failures = 0
        self._open_until: float | None = None
        self._trying = False

    def wait(self) -> float | None:
        """None when a call may go, else the seconds after which asking again is worth it."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock()
        if left > 0:
            return left
        return self._policy.open_seconds if self._trying else None

    @property
    def is_open(self) -> bool:
        """Whether only the call that tries for all may go on, now or when its time has come."""
        return self._open_until is not None

    def enter(self) -> bool:
        """Let a call through; True when it is the one that tries for all."""
        self._trying = self._open_until is not None
        return self._trying

    def answered(self) -> None:
        """The system answered, well or with a refusal: it is there."""
        self.failures = 0
        self._open_until = None
        self._trying = False

    def failed(self, *, trial: bool) -> None:
        """The system did not answer."""
        self.failures += 1
        full = self._open_until is None and 0 < self._policy.failures <= self.failures
        if trial or full:
            self._open_until = self._clock() + self._policy.open_seconds
            self._trying = False

    def said_nothing(self, *, trial: bool) -> None:
        """The call ended early for its caller's reasons; had it tried for all, the next one may."""
        if trial:
            self._trying = False
