"""Who hangs up while waiting: such a one waits no longer, and work that only it wanted is broken off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive

    Leaving = Callable[[], Awaitable[object]]

LISTEN_AFTER_SECONDS: Final = 0.25
"""Listening costs a task for each who waits, and most answers are there sooner."""


class ClientGone(Exception):
    """The client left before its request was complete, or before it was answered."""


async def client_left(receive: Receive) -> None:
    """Ends when the client has hung up. To be asked after the body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Hangups:
    """Those who wait for one piece of work, each with the way to hear that it has left."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._leaving: dict[asyncio.Future[Any], Leaving] = {}
        self._listening: dict[asyncio.Future[Any], asyncio.Task[None]] | None = None
        self._timer = self._loop.call_later(LISTEN_AFTER_SECONDS, self._begin)

    def expect(self, waiter: asyncio.Future[Any], leaving: Leaving) -> None:
        """From some time on `waiter` fails with `ClientGone` as soon as `leaving` has ended."""
        if self._listening is None:
            self._leaving[waiter] = leaving
        else:
            self._listening[waiter] = self._loop.create_task(_hear(waiter, leaving))

    def forget(self, waiter: asyncio.Future[Any]) -> None:
        """It waits no more."""
        self._leaving.pop(waiter, None)
        listener = self._listening.pop(waiter, None) if self._listening else None
        if listener is not None:
            listener.cancel()

    def close(self) -> None:
        """The work is done."""
        self._timer.cancel()

    def _begin(self) -> None:
        self._listening = {}
        for waiter, leaving in self._leaving.items():
            self.expect(waiter, leaving)
        self._leaving = {}


async def _hear(waiter: asyncio.Future[Any], leaving: Leaving) -> None:
    await leaving()
    if not waiter.done():
        waiter.set_exception(ClientGone())
