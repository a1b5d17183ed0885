"""The states of the passes that fill the index, looked at once in a few seconds for all requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.model.catalog import SyncState, SyncStates

KEPT_SECONDS: Final = 5.0


class KeptSyncStates:
    """`SyncStates` that are asked for once in `seconds` at most; requests meanwhile wait for the same look."""

    def __init__(self, source: SyncStates, seconds: float = KEPT_SECONDS) -> None:
        self._source = source
        self._seconds = seconds
        self._until = float("-inf")
        self._states: Mapping[str, SyncState] = {}
        self._looking = asyncio.Lock()

    async def sync_states(self) -> Mapping[str, SyncState]:
        """Return the state of each system, a few seconds old at most. Raises `DatabaseUnavailable`."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._until:
            return self._states
        async with self._looking:
            if loop.time() >= self._until:
                self._states = await self._source.sync_states()
                self._until = loop.time() + self._seconds
        return self._states
