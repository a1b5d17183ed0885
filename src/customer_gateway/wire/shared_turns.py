"""The turns that several clients take together, by what their vendor counts by."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Final

from customer_gateway.wire.gate import Turns
from customer_gateway.wire.share import WHOLE
from customer_gateway.wire.stored_turns import StoredTurns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.wire.budget_store import BudgetStore
    from customer_gateway.wire.policy import Window
    from customer_gateway.wire.share import Share

_PREFIX: Final = "customer-gateway:budget"


class SharedTurns:
    """The turns of one process, which has its `share`; with a `store`, of all processes that use it."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, share: Share = WHOLE, store: BudgetStore | None = None
    ) -> None:
        self.share = share
        self.store = store
        self._clock = clock
        self._turns: dict[tuple[str, ...], Turns | StoredTurns] = {}

    def of(self, scope: tuple[str, ...], windows: Sequence[Window]) -> Turns | StoredTurns:
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

    def _new(self, windows: Sequence[Window], name: str) -> Turns | StoredTurns:
        if self.store is None:
            return Turns(windows, self._clock, self.share, name)
        return StoredTurns(windows, self._clock, self.store, self.share, name)


def name_of(scope: tuple[str, ...]) -> str:
    """A scope's name in the store: the same in every process, and nothing of it, which may be a token, can be read."""
    return f"{_PREFIX}:{{{hashlib.sha256(repr(scope).encode()).hexdigest()[:32]}}}"
