"""The results of a subscription, one for each event of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable

    from .result import ExecutionResult


class Events:
    """An asynchronous iterator of results. Closing it, also before the first event, closes the source."""

    __slots__ = ("_execute", "_open", "_source")

    def __init__(self, source: AsyncIterable[Any], execute: Callable[[Any], Awaitable[ExecutionResult]]) -> None:
        self._source = aiter(source)
        self._execute = execute
        self._open = True

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> ExecutionResult:
        """The result of the next event. Raises what the source raises, and closes it then."""
        if not self._open:
            raise StopAsyncIteration
        try:
            return await self._execute(await anext(self._source))
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """End the subscription."""
        self._open = False
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()
