"""How a call is doing: what its log lines and its end have to know."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamRateLimited, UpstreamUnavailable

if TYPE_CHECKING:
    from customer_gateway.wire.call import Call
    from customer_gateway.wire.policy import Retry


class Progress:
    """One call over all its attempts.

    `waiting_since` is the moment from which it has been waiting for the vendor, None while it waits for its turn.
    """

    __slots__ = ("attempt", "renewed", "waiting_since")

    def __init__(self) -> None:
        self.attempt = 0
        self.renewed = False
        self.waiting_since: float | None = None


def wait_before_repeating(call: Call, failure: UpstreamError, attempt: int, policy: Retry) -> float | None:
    """Seconds until the next attempt; None when there is none.

    Repeated are calls declared idempotent, after no answer, 5xx, 429, or a body cut short. A vendor's Retry-After is
    waited out; otherwise a random part of a span that doubles with each attempt (full jitter).
    """
    if not call.idempotent or attempt >= policy.attempts or not _passing(failure):
        return None
    if failure.retry_after_ms is not None:
        return failure.retry_after_ms / 1000
    span = min(policy.cap_seconds, policy.base_seconds * 2 ** (attempt - 1))
    return random.uniform(0.0, span)  # noqa: S311 - spreads load, guards nothing


def _passing(failure: UpstreamError) -> bool:
    if isinstance(failure, UpstreamBadResponse):
        return failure.retryable
    return isinstance(failure, UpstreamUnavailable | UpstreamRateLimited)
