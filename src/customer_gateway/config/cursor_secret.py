"""What signs and seals cursors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customer_gateway.config.settings import Settings


def cursor_secret(settings: Settings) -> bytes:
    """Return what signs cursors: configured, else drawn from the systems' tables, limits and breakers apart.

    The same configuration signs alike in every worker and after every restart; a changed credential ends the cursors
    given out before, which then are INVALID_CURSOR.
    """
    if settings.server.cursor_secret is not None:
        return settings.server.cursor_secret.get_secret_value().encode()
    plain_settings: list[Any] = [(name, _plain_table(system)) for name, (_, system) in sorted(settings.systems.items())]
    return hashlib.sha256(repr(plain_settings).encode()).digest()


def _plain_table(system: Any) -> dict[str, str]:
    return {
        key: value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
        for key, value in system
        if key not in {"limits", "breaker"}
    }
