"""Hold the settings of a client: its limits, its retries, and when its circuit opens."""

from __future__ import annotations

from dataclasses import dataclass

from customer_gateway.wire.limits.sliding_window import Window

_NO_BOUND = 2**40  # more calls, or bytes, than any machine has room for


@dataclass(frozen=True, slots=True)
class Limits:
    """Hold the limits that a configuration may set for any system.

    `calls_per_second` at most; `parallel` calls are under way at most; an answer has at most `answer_bytes` as sent and
    as inflated. 0 switches each of them off.
    """

    calls_per_second: float = 0
    parallel: int = 8
    answer_bytes: int = 20_000_000

    @property
    def most_parallel(self) -> int:
        return self.parallel or _NO_BOUND

    @property
    def most_bytes(self) -> int:
        return self.answer_bytes or _NO_BOUND

    def windows(self) -> tuple[Window, ...]:
        if self.calls_per_second <= 0:
            return ()
        calls = max(1, int(self.calls_per_second))
        return (Window(calls, calls / self.calls_per_second),)


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Open the circuit for `open_seconds` after `failures` failed calls in a row, then try one call; 0 is never.

    Failed is: unavailable, or timed out after at least `min_wait_seconds` on the wire, so that one caller's very short
    deadline does not open the circuit for all.
    """

    failures: int = 5
    open_seconds: float = 10.0
    min_wait_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Retry:
    """Make at most `attempts` in all; before the next one is a random wait below a span that starts at `base_seconds`.

    The span doubles with each attempt up to `cap_seconds`.
    """

    attempts: int = 3
    base_seconds: float = 0.1
    cap_seconds: float = 2.0
