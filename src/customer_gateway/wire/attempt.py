"""Decide what follows from the failure of an attempt: whether it is repeated, and what it says of the system."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamTimeout,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)

if TYPE_CHECKING:
    from customer_gateway.wire.call import Call
    from customer_gateway.wire.policy import Retry

_REFUSALS = range(400, 500)


def wait_before_repeating(call: Call, failure: UpstreamError, attempt: int, policy: Retry) -> float | None:
    """Return the seconds until the next attempt; None when there is none.

    Repeated are calls declared idempotent, after no answer, 5xx, 429, or a body cut short; others after 429 alone,
    which says that nothing was done. A vendor's Retry-After is waited out; otherwise a random part of a span that
    doubles with each attempt (full jitter). A Retry-After of less than the span, 0 and a moment just past above all,
    still waits for the second half of it at least.
    """
    if attempt >= policy.attempts or not _passing(failure) or not (call.idempotent or _did_nothing(failure)):
        return None
    span = min(policy.cap_seconds, policy.base_seconds * 2 ** (attempt - 1))
    if failure.retry_after_ms is None:
        return random.uniform(0.0, span)  # noqa: S311 - spreads load, guards nothing
    return max(failure.retry_after_ms / 1000, random.uniform(span / 2, span))  # noqa: S311 - as above


def _did_nothing(failure: UpstreamError) -> bool:
    return isinstance(failure, UpstreamRateLimited) and failure.status is not None


def _passing(failure: UpstreamError) -> bool:
    if isinstance(failure, UpstreamBadResponse):
        return failure.retryable
    return isinstance(failure, UpstreamUnavailable | UpstreamRateLimited) and failure.retryable


def concerns_the_system(failure: UpstreamError, waited: float | None, timeouts: float) -> bool:
    """Return whether the failure is the system's, not that of a short deadline or of the gateway's own limits.

    `waited` are the seconds for which the vendor was waited for, None where the call was not sent.
    """
    if isinstance(failure, UpstreamTimeout):
        return waited is not None and waited >= timeouts
    if isinstance(failure, UpstreamRateLimited | UpstreamUnauthorized):
        return failure.status is not None
    return True


def is_healthy(failure: UpstreamError) -> bool:
    """Return whether a failure that concerns the system is the answer of one that works."""
    if isinstance(failure, UpstreamBadResponse):
        return failure.status in _REFUSALS
    return isinstance(failure, UpstreamRateLimited)
