"""Know whether a system answers: the outcome of its last call, and the circuit that failed calls open.

An open circuit lets no call through for a while, then one that tries.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.wire.policy import BreakerPolicy


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


class Breaker:
    """Let calls through while closed. Once open, none for `open_seconds`; then one trial at a time, which closes it.

    Call `wait`, then `enter`, then report the end once: `answered`, `failed` or `inconclusive`, with what `enter`
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
        """Return None when a call may go, else the seconds after which one may."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock()
        if left > 0:
            return left
        return self._policy.open_seconds if self._trying else None

    @property
    def is_open(self) -> bool:
        """Return whether only a trial may go on, now or after `open_seconds`."""
        return self._open_until is not None

    def enter(self) -> bool:
        """Let a call through; return True when it is the trial."""
        self._trying = self._open_until is not None
        return self._trying

    def answered(self) -> None:
        """Close the circuit: the system answered, if only with a refusal."""
        self.failures = 0
        self._open_until = None
        self._trying = False

    def failed(self, *, trial: bool) -> None:
        """Count a call that the system did not answer; open the circuit when there are enough."""
        self.failures += 1
        full = self._open_until is None and 0 < self._policy.failures <= self.failures
        if trial or full:
            self._open_until = self._clock() + self._policy.open_seconds
            self._trying = False

    def inconclusive(self, *, trial: bool) -> None:
        """End a call without an outcome, for its caller's reasons; was it the trial, the next call is."""
        if trial:
            self._trying = False
