"""Drift: what a vendor sends and its documents do not say. Told once each, never an error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_WATCH_SECONDS: Final = 60.0

_log = structlog.get_logger("customer_gateway.drift")


class Drift:
    """The notices of one system: a field and a reason, each logged the first time it is met (never the value)."""

    __slots__ = ("_system", "notices")

    def __init__(self, system: str) -> None:
        self._system = system
        self.notices: set[tuple[str, str]] = set()

    def notice(self, field: str, reason: str) -> None:
        if (field, reason) in self.notices:
            return
        self.notices.add((field, reason))
        _log.warning("drift", system=self._system, field=field, reason=reason)


class Watch:
    """Says when to look at whole documents again, where most are decoded without what nobody reads: now and then."""

    __slots__ = ("_at", "_clock")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at = clock()

    def due(self) -> bool:
        """True the first time, and once a minute from then on."""
        now = self._clock()
        if now < self._at:
            return False
        self._at = now + _WATCH_SECONDS
        return True
