"""The results of a subscription, one for each event of its source."""

from __future__ import annotations

from asyncio import get_running_loop, shield, wait
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import AsyncIterable, Awaitable, Callable

    from .result import ExecutionResult


class Events:
    """An asynchronous iterator of results. Closing it, also while somebody waits for an event, closes the source."""

    __slots__ = ("_closing", "_context", "_execute", "_reading", "_source")

    def __init__(self, source: AsyncIterable[Any], execute: Callable[[Any], Awaitable[ExecutionResult]]) -> None:
        self._source = aiter(source)
        self._execute = execute
        self._reading: Task[ExecutionResult] | None = None
        self._closing: Task[None] | None = None
        # Every event is a task of its own; the source's context variables stay with it all the same.
        self._context = copy_context()

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> ExecutionResult:
        """The result of the next event. Raises what the source raises, and closes it then."""
        if self._closing is not None:
            raise StopAsyncIteration
        if self._reading is not None:
            raise RuntimeError("Somebody waits for the next event already")
        reading = self._reading = get_running_loop().create_task(self._next(), context=self._context)
        try:
            await wait([reading])
            return _result_of(reading)
        except BaseException:
            await self.aclose()
            raise
        finally:
            self._reading = None

    async def aclose(self) -> None:
        """End the subscription: who waits for an event then meets the end. Closing it again waits for the same end."""
        if self._closing is None:
            self._closing = get_running_loop().create_task(self._close(), context=self._context)
        await shield(self._closing)

    async def _next(self) -> ExecutionResult:
        return await self._execute(await anext(self._source))

    async def _close(self) -> None:
        # A source that is asked for its next event cannot be closed.
        if self._reading is not None:
            self._reading.cancel()
            await wait([self._reading])
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()


def _result_of(reading: Task[ExecutionResult]) -> ExecutionResult:
    if reading.cancelled():  # by whoever closed the subscription meanwhile
        raise StopAsyncIteration
    return reading.result()
