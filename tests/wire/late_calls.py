"""Tests that say when calls arrive, on a machine that may stand still for longer than the limits allow for."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from structlog.testing import capture_logs

from customer_gateway.wire.limits.sliding_window import SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_TRIES: Final = 4


def again_after_late_calls(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Run a test again where it fails and one of its calls was under way for longer than `SKEW_SECONDS`.

    Of the moment at which such a call arrives the limits promise nothing. A test that fails without one has failed.
    """

    @wraps(test)
    async def tried(*args: Any, **kwargs: Any) -> None:
        for _ in range(_TRIES - 1):
            with capture_logs() as lines:
                try:
                    return await test(*args, **kwargs)
                except AssertionError:
                    if not any(line.get("duration_ms", 0) > SKEW_SECONDS * 1000 for line in lines):
                        raise
        return await test(*args, **kwargs)

    return tried
