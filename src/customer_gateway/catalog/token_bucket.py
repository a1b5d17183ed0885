"""Bound how many records are worked on in the long run, and let as many as a process can bear come at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenBucket:
    """Counts records against a rate of so many a second, and a burst of unused ones. `clock` gives seconds."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._left = float(burst)
        self._at = clock()

    @property
    def left(self) -> float:
        """Return how many records may come now; below 0 where more came than were left."""
        now = self._clock()
        self._left = min(self._left + (now - self._at) * self._per_second, self._burst)
        self._at = now
        return self._left

    def take(self, records: int) -> None:
        """Count records that have come."""
        self._left = self.left - records
