"""A vendor's own clock, which may be off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from customer_gateway.sandbox.exchange import Clock


class VendorClock:
    """Seconds since 1970 as the vendor has them: for its stamps and the ends of its sessions.

    `offset` is how far that is off. Its rate limits, and the pace at which its customers change, are true time.
    """

    def __init__(self, true: Clock) -> None:
        self.true = true
        self.offset = 0.0

    def __call__(self) -> float:
        return self.true() + self.offset
