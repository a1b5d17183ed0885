"""Identical calls in flight are one call: a page of a list, a count."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.federation.reads import late
from customer_gateway.model.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable


class SharedCalls:
    """Calls under way by what they ask; each lives to the deadline of its latest waiter."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, tuple[Deadline, asyncio.Task[Any]]] = {}

    async def join(
        self, system: str, key: Hashable, deadline: Deadline, call: Callable[[Deadline], Awaitable[Any]]
    ) -> Any:
        """The answer of the call under way for `key`, else of a new one; `UpstreamTimeout` at the caller's deadline."""
        found = self._under_way.get(key)
        if found is None:
            found = self._begin(key, deadline, call)
        shared, task = found
        shared.follow(deadline)
        try:
            async with deadline.enforce():
                await asyncio.wait([task])  # unlike the task itself it may be given up: others wait on
        except TimeoutError:
            raise late(system) from None
        if task.cancelled():
            raise UpstreamUnavailable(system, "the call was given up; try again")
        return task.result()

    def _begin(
        self, key: Hashable, deadline: Deadline, call: Callable[[Deadline], Awaitable[Any]]
    ) -> tuple[Deadline, asyncio.Task[Any]]:
        async def run(shared: Deadline) -> Any:
            return await call(shared)

        shared = Deadline(deadline.at)
        task = asyncio.get_running_loop().create_task(run(shared))
        self._under_way[key] = (shared, task)
        task.add_done_callback(lambda done: self._end(key, done))
        return shared, task

    def _end(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # seen: every waiter may have left already
