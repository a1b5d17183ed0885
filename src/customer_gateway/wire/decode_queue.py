"""Decode answers one after the other, so that what is made of one is still in the processor's cache when read.

An answer that is decoded in the same turn of the event loop as twenty others has left the cache by the time its rows
become part of a reply, some turns later, and is fetched from memory again, and once more to be freed: with 100 pages
under way that was a fifth of their cost (docs/adr/0013-one-answer-at-a-time.md).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

SMALL_BYTES: Final = 8_192
"""What is made of so small an answer crowds nothing out of the cache."""

_TURNS: Final = 6
"""Turns of the event loop between two answers: so many it takes from a decoded answer to the rows made of it."""


class DecodeQueue:
    """Order the decoding of the answers to all calls of a process: as they come, some turns of the loop apart.

    A small answer, and one that comes when none is being decoded, waits for nothing.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self, size: int) -> None:
        """Wait until an answer of `size` bytes may be decoded. A waiter that is cancelled does not delay the others."""
        if size <= SMALL_BYTES:
            return
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop = loop
            self._waiting.clear()
            self._go_on_after(_TURNS, loop)
            return
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting.append(waiter)
        await waiter

    def _go_on_after(self, turns: int, loop: asyncio.AbstractEventLoop) -> None:
        if turns:
            loop.call_soon(self._go_on_after, turns - 1, loop)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                loop.call_soon(self._go_on_after, _TURNS, loop)
                return
        self._loop = None
