"""Say which system a client calls, by which rules, within whose rate limits and by what means."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from customer_gateway.wire.decode import DecodeQueue
from customer_gateway.wire.policy import BreakerPolicy, Limits, Retry
from customer_gateway.wire.response_reader import no_objection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from customer_gateway.wire.call import CallRecord
    from customer_gateway.wire.limits.rate_limiter import RateLimiter
    from customer_gateway.wire.limits.sliding_window import Window


@dataclass(frozen=True, slots=True)
class Target:
    """Name a configured system: `headers` go with every call.

    `error_in_body(status, document)` returns a reason, which clients see, when a decoded 2xx answer is an error.
    """

    system: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    error_in_body: Callable[[int, Any], str | None] = no_objection


@dataclass(frozen=True, slots=True)
class Policies:
    """Bundle the limits of the system, its retries, and when its circuit opens."""

    limits: Limits = field(default_factory=Limits)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    retry: Retry = field(default_factory=Retry)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Bundle the rate limits: `budget` counts this client's calls, `limiter` all that the vendor counts with them.

    Where other processes call with the same credentials, it is the `limiter` that knows of them; with it they keep to
    `budget` and to `Limits.calls_per_second` together, counted as `name`'s.
    """

    budget: Sequence[Window] = ()
    limiter: RateLimiter | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """Bundle the means of a client: `transport` replaces the gateway's own, `clock` gives seconds.

    The gateway's own transport trusts `authorities` (certificates as PEM) beside the machine's. `observers` get each
    `CallRecord` beside the `log` (None: structlog's); they are quick and raise nothing.
    """

    transport: httpx.AsyncBaseTransport | None = None
    authorities: bytes = b""
    decode_queue: DecodeQueue = field(default_factory=DecodeQueue)
    clock: Callable[[], float] = time.monotonic
    log: Any = None
    observers: Sequence[Callable[[CallRecord], None]] = ()
