"""Identical calls in flight are one call: a page of a list, a count.

A call can be joined until the deadline of who was first to ask (`SharedDeadline`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from customer_gateway.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.landing import Landing
from customer_gateway.work.deadline import SharedDeadline
from customer_gateway.work.faults import failure_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from customer_gateway.work.deadline import Deadline


class _UnderWay(NamedTuple):
    deadline: SharedDeadline
    task: asyncio.Task[Any]
    landing: Landing


class SharedCalls:
    """Calls under way by what they ask; each lives to the deadline of its latest waiter."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, _UnderWay] = {}

    async def join(
        self, system: str, what: str, key: Hashable, deadline: Deadline, call: Callable[[Deadline], Awaitable[Any]]
    ) -> Any:
        """The answer of the call under way for `key`, else of a new one; `UpstreamTimeout` at the caller's deadline.

        `what` names it to those whom it does not reach in time.
        """
        found = self._under_way.get(key)
        if found is None or not found.deadline.joinable:
            found = self._begin(system, what, key, deadline, call)
        found.deadline.follow(deadline)
        if not await found.landing.wait_until(deadline):
            raise UpstreamTimeout.late(system, what)
        if found.task.cancelled():
            raise UpstreamUnavailable(system, "the call was given up; try again")
        return found.task.result()

    def _begin(
        self, system: str, what: str, key: Hashable, deadline: Deadline, call: Callable[[Deadline], Awaitable[Any]]
    ) -> _UnderWay:
        shared, landing = SharedDeadline(deadline.at), Landing()

        async def run() -> Any:
            try:
                return await call(shared)
            except UpstreamError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a call raises costs who asked for it
                raise failure_of(error, system, what) from None
            finally:
                if self._under_way.get(key) is begun:
                    del self._under_way[key]
                landing.tell()

        task = asyncio.get_running_loop().create_task(run())
        begun = self._under_way[key] = _UnderWay(shared, task, landing)
        task.add_done_callback(_seen)
        return begun


def _seen(task: asyncio.Task[Any]) -> None:
    """Every waiter may have left already."""
    if not task.cancelled():
        task.exception()
