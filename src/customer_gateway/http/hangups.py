"""Notice clients that leave before they are answered: their requests wait no longer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from starlette.types import Receive

    Leaving = Callable[[], Awaitable[object]]

LISTEN_AFTER_SECONDS: Final = 0.25
"""Listening costs a task for each request, and most answers are there sooner."""


class ClientGone(Exception):
    """The client left before its request was complete, or before it was answered."""


async def client_left(receive: Receive) -> None:
    """Return when the client has left. To be called after the body has been read."""
    while (await receive())["type"] != "http.disconnect":
        pass


class UntilClientLeaves:
    """Cancel the body of an `async with` as soon as `leaving` has returned, and raise `ClientGone` then.

    It is listened for from `listen_at` on. A class, not a generator with `asynccontextmanager`: see `Deadline.enforce`.
    """

    __slots__ = ("_leaving", "_listener", "_timeout", "_timer")

    def __init__(self, leaving: Leaving, listen_at: float) -> None:
        self._leaving = leaving
        self._listener: asyncio.Task[None] | None = None
        self._timeout = asyncio.timeout(None)
        self._timer = asyncio.get_running_loop().call_at(listen_at, self._listen)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        listener, self._listener = self._listener, None  # its exception knows this object: a circle, were it kept
        if listener is not None:
            listener.cancel()
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError:
            raise ClientGone from None
        finally:
            del error, traceback  # what is raised knows this frame: the two would keep each other

    def _listen(self) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._hear())

    async def _hear(self) -> None:
        await self._leaving()
        self._timeout.reschedule(asyncio.get_running_loop().time())
