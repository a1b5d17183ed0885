"""Drift: what a vendor sends and its documents do not say. Told once each, never an error."""

from __future__ import annotations

import structlog

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
