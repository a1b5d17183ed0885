"""Execute an operation once for all requests that ask for the same at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from customer_gateway.http.hangups import LISTEN_AFTER_SECONDS, UntilClientLeaves
from customer_gateway.work.deadline import Deadline
from customer_gateway.work.shared_call import SharedCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from customer_gateway.http.hangups import Leaving

T = TypeVar("T")

WOKEN_PER_ITERATION: Final = 16
"""Woken all at once waiters would come back all at once, and the loop would have nothing to do in between."""
MORE_PATIENT: Final = 2.0
"""How many times as long as an execution was begun for a request may be willing to wait, and still join it."""
SAME_MOMENT_SECONDS: Final = 0.02


class SharedExecution(SharedCall[T]):
    """Run an execution that requests wait for, each to its own deadline; it is cancelled when the last has left.

    `so_far` returns what it has come to at any moment; without it nothing is returned before the end. One that is
    `alone`, such as a mutation, is finished whoever leaves. One that is `personal` is not for others with equal rights.
    """

    woken_per_iteration = WOKEN_PER_ITERATION

    def __init__(
        self,
        at: float,
        run: Callable[[Deadline], Awaitable[T]],
        so_far: Callable[[], Coroutine[None, None, T]] | None = None,
        *,
        alone: bool = False,
        personal: bool = False,
    ) -> None:
        super().__init__(Deadline(at), end_when_left=not alone)
        self.personal = alone or personal
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._longest_wait = MORE_PATIENT * (at - self._began)
        self._so_far = so_far
        self._looked: tuple[float, asyncio.Task[T]] | None = None
        self.start(run)

    def takes(self, at: float) -> bool:
        """Return whether a request that waits until `at` may join.

        What gave up because little time was left stays given up, so none joins that would wait much longer than the
        execution was begun for; and none once the first one's time is over (`SharedDeadline`).
        """
        return self.joinable and at - self._loop.time() <= self._longest_wait

    async def reply(self, at: float, grace: float, leaving: Leaving) -> T:
        """Return what the execution returns.

        Raises `TimeoutError` where that takes until `grace` seconds after `at`, and `ClientGone` when `leaving` has
        returned before.
        """
        self.deadline.extend(at)
        with UntilClientLeaves(leaving, self._began + LISTEN_AFTER_SECONDS):
            return await self.result(Deadline(at + grace))

    async def so_far(self) -> T | None:
        """Return what the execution has come to by now; requests that leave in the same moment get the same."""
        if self._so_far is None:
            return None
        now = self._loop.time()
        if self._looked is None or now - self._looked[0] > SAME_MOMENT_SECONDS:
            self._looked = (now, self._loop.create_task(self._so_far()))
        return await asyncio.shield(self._looked[1])
