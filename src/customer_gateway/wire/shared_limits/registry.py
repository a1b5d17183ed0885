"""Give clients that their vendor counts together one rate limiter."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.limits.worker_share import WHOLE
from customer_gateway.wire.shared_limits.redis_slots import RedisSlots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.wire.limits.sliding_window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare
    from customer_gateway.wire.shared_limits.store import BudgetStore

_PREFIX: Final = "customer-gateway:budget"


class LimiterRegistry:
    """Keep the rate limiters of one process, which has its `share`; with a `store`, of all processes that use it."""

    def __init__(self, *, share: WorkerShare = WHOLE, store: BudgetStore | None = None) -> None:
        self.share = share
        self.store = store
        self._limiters: dict[tuple[str, ...], RateLimiter] = {}

    def of(self, scope: tuple[str, ...], windows: Sequence[Window]) -> RateLimiter:
        """Return the limiter of `scope`, with the windows of the first call."""
        if scope not in self._limiters:
            name = name_of(scope)
            limiter = self._limiters[scope] = RateLimiter(windows, time.monotonic, self.share, name)
            limiter.shared = None if self.store is None else RedisSlots(self.store, limiter, name)
        return self._limiters[scope]

    def circumstances(self) -> dict[str, str]:
        """Say for /readyz whether the budgets are in the store that is configured."""
        if self.store is None:
            return {}
        return {"budgets": "shared" if self.store.is_up else "split, because Redis cannot be used"}

    async def open(self) -> None:
        """Try the store, if there is one."""
        if self.store is not None:
            await self.store.open()

    async def aclose(self) -> None:
        if self.store is not None:
            await self.store.aclose()


def name_of(scope: tuple[str, ...]) -> str:
    """Name a scope in the store: the same in every process, and nothing of it, which may be a token, can be read."""
    return f"{_PREFIX}:{{{hashlib.sha256(repr(scope).encode()).hexdigest()[:32]}}}"
