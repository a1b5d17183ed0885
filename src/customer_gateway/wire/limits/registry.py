"""The turns that several clients take together, by what their vendor counts by."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.limits.rate_limiter import RateLimiter
from customer_gateway.wire.limits.redis_rate_limiter import RedisRateLimiter
from customer_gateway.wire.limits.worker_share import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.limits.store import BudgetStore
    from customer_gateway.wire.limits.window import Window
    from customer_gateway.wire.limits.worker_share import WorkerShare

_PREFIX: Final = "customer-gateway:budget"


class LimiterRegistry:
    """The turns of one process, which has its `share`; with a `store`, of all processes that use it."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        share: WorkerShare = WHOLE,
        store: BudgetStore | None = None,
    ) -> None:
        self.share = share
        self.store = store
        self._clock = clock
        self._turns: dict[tuple[str, ...], RateLimiter | RedisRateLimiter] = {}

    def of(self, scope: tuple[str, ...], windows: Sequence[Window]) -> RateLimiter | RedisRateLimiter:
        """The turns of `scope`, with the windows that were told first."""
        turns = self._turns.get(scope)
        if turns is None:
            turns = self._turns[scope] = self._new(windows, name_of(scope))
        return turns

    def circumstances(self) -> dict[str, str]:
        """Whether the budgets are in the store that is configured, for whoever watches the process."""
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

    def _new(self, windows: Sequence[Window], name: str) -> RateLimiter | RedisRateLimiter:
        if self.store is None:
            return RateLimiter(windows, self._clock, self.share, name)
        return RedisRateLimiter(windows, self._clock, self.store, self.share, name)


def name_of(scope: tuple[str, ...]) -> str:
    """A scope's name in the store: the same in every process, and nothing of it, which may be a token, can be read."""
    return f"{_PREFIX}:{{{hashlib.sha256(repr(scope).encode()).hexdigest()[:32]}}}"
