"""What a rate limit says: so many calls in so many seconds, counted by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from customer_gateway.wire.call import Call

# The vendor counts a call when it arrives, we when it leaves: one that travels for long arrives nearer to the next.
# A call is therefore counted from the moment its answer was there, at most this much after its start.
SKEW_SECONDS: Final = 0.25


def per_client(_: Call) -> Hashable:
    """One count for every call of the client: limits per address, per key, per user."""
    return None


def per_template(call: Call) -> Hashable:
    """A count for each endpoint template: Billbee's 2 calls a second."""
    return call.endpoint


@dataclass(frozen=True, slots=True)
class Window:
    """At most `calls` call starts within any `seconds`, counted apart for each value of `scope`."""

    calls: int
    seconds: float
    scope: Callable[[Call], Hashable] = per_client
