"""The calls of a pass: one at a time, each gives way to those that somebody waits for; one that fails is repeated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamUnauthorized
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.system import Route, Selection

T = TypeVar("T")
V = TypeVar("V")

CALL_SECONDS: Final = 60.0
"""How long a call may take, its wait for a slot included."""
PAUSES: Final = (1.0, 5.0, 20.0)
"""Seconds before each repetition of what failed."""


class PassCalls:
    """Makes the calls of one pass; `made` counts them."""

    def __init__(self, pauses: Sequence[float] = PAUSES, seconds: float = CALL_SECONDS) -> None:
        self.pauses = pauses
        self._seconds = seconds
        self._deadline: Deadline | None = None
        self._made = 0

    @property
    def made(self) -> int:
        return self._made + (0 if self._deadline is None else self._deadline.calls)

    def deadline(self) -> Deadline:
        """Return the deadline of the next call."""
        self._made = self.made
        self._deadline = Deadline.after(self._seconds, gives_way=True)
        return self._deadline

    async def repeated(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call answers; one that fails is made again after a while. Raises the last `UpstreamError`."""
        for pause in self.pauses:
            try:
                return await call()
            except UpstreamError as failure:
                if not _may_pass(failure):
                    raise
                wait = max(pause, (failure.retry_after_ms or 0) / 1000)
            await asyncio.sleep(min(wait, self._seconds))
        return await call()


def _may_pass(failure: UpstreamError) -> bool:
    if isinstance(failure, UpstreamUnauthorized):
        return False
    return failure.retryable or not isinstance(failure, UpstreamBadResponse)


class PassReads:
    """The reads of one pass (`system.Reads`): what can be read for all customers at once is, and kept for the pass.

    `swept_at` is when that began; None where nothing was read so.
    """

    def __init__(self, selection: Selection, calls: PassCalls, now: Callable[[], datetime]) -> None:
        self.selection = selection
        self.swept_at: datetime | None = None
        self._calls = calls
        self._now = now
        self._swept: dict[Route[Any], Mapping[str, Any]] = {}

    @property
    def deadline(self) -> Deadline:
        return self._calls.deadline()

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        """Return the values of `keys` in their order; failed ones are `UpstreamError`s, unknown ones None."""
        try:
            found = await self._swept_of(route) if route.sweep is not None else await self._fetched(route, keys)
        except UpstreamError as failure:
            return [failure] * len(keys)
        return [found.get(key) for key in keys]

    async def _swept_of(self, route: Route[V]) -> Mapping[str, V]:
        if route not in self._swept and route.sweep is not None:
            self.swept_at = self.swept_at or self._now()
            self._swept[route] = await route.sweep(self._calls.deadline)
        return self._swept[route]

    async def _fetched(self, route: Route[V], keys: Sequence[str]) -> Mapping[str, V]:
        sound = [key for key in dict.fromkeys(keys) if route.key_form.fullmatch(key)]
        found: dict[str, V] = {}
        for start in range(0, len(sound), route.most):
            found.update(await route.fetch(sound[start : start + route.most], self._calls.deadline()))
        return found
