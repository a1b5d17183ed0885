"""Say why a call was not sent, and when to try again."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from customer_gateway.errors import UpstreamRateLimited, UpstreamTimeout, UpstreamUnavailable

if TYPE_CHECKING:
    from customer_gateway.wire.health import Breaker


class RateLimitPastDeadline(Exception):
    """Refuse a call that may start in `seconds`, after its deadline. `paused`: because the vendor refused calls."""

    def __init__(self, seconds: float, *, paused: bool = False) -> None:
        super().__init__(seconds)
        self.seconds = seconds
        self.paused = paused


def circuit_open(system: str, breaker: Breaker, *, applied: bool | None) -> UpstreamUnavailable:
    """Refuse a call that the breaker holds back.

    `applied` is None where an attempt before may have been carried out, else False.
    """
    failures, seconds = breaker.failures, breaker.wait() or 0.0
    text = f"circuit open after {failures} failed {'call' if failures == 1 else 'calls'}; {try_again_in(seconds)}"
    failure = UpstreamUnavailable(system, text, retry_after_ms=ceil(seconds * 1000))
    failure.applied = applied
    return failure


def no_slot(system: str, what: str, error: RateLimitPastDeadline) -> UpstreamRateLimited:
    """Refuse a call, named by `what`, that the rate limit lets start after its deadline."""
    why = "paused after a 429 until past the deadline" if error.paused else "no slot before the deadline"
    text = f"{what}: rate limit: {why}; {try_again_in(error.seconds)}"
    return UpstreamRateLimited(system, text, retry_after_ms=ceil(error.seconds * 1000))


def not_sent(system: str, what: str, why: str) -> UpstreamTimeout:
    """Refuse a call, named by `what`, that its last check keeps from being sent."""
    return UpstreamTimeout(system, f"{what}: not sent: {why}")


def try_again_in(seconds: float) -> str:
    """Say when to try again, in whole seconds."""
    return f"try again in {max(1, ceil(seconds))} s"
