"""Share one call that several wait for: it is joined, extended, and left without harm to the others."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from customer_gateway.errors import UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.work.deadline import DeadlineTimer, SharedDeadline
from customer_gateway.work.faults import failure_of
from customer_gateway.work.kept_reads import CUT_OFF, AnsweredCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable
    from contextvars import Context

    from customer_gateway.work.deadline import Deadline
    from customer_gateway.work.kept_reads import KeptReads

T = TypeVar("T")


class Completion:
    """Wake those that wait for a piece of work in the iteration of the event loop in which it completes.

    Each waits by a future of its own, so a waiter that is cancelled ends nothing for the others.
    """

    __slots__ = ("_waiters", "done")

    def __init__(self) -> None:
        self.done = False
        self._waiters: dict[asyncio.Future[None], None] = {}

    def set(self, per_iteration: int | None = None) -> None:
        """Wake all waiters, whatever the outcome of the work: at once, or `per_iteration` of them in an iteration."""
        self.done = True
        for waiter in list(islice(self._waiters, per_iteration)):
            del self._waiters[waiter]
            if not waiter.done():
                waiter.set_result(None)
        if self._waiters:
            asyncio.get_running_loop().call_soon(self.set, per_iteration)

    async def wait(self) -> None:
        """Wait for the completion."""
        if not self.done:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters[waiter] = None
            try:
                await waiter
            finally:
                self._waiters.pop(waiter, None)

    async def wait_until(self, deadline: Deadline) -> bool:
        """Wait for the completion, at most until `deadline`; return whether it was reached."""
        if not self.done:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters[waiter] = None
            # Nothing is to be cancelled at the deadline, so a timer alone will do: half of what `enforce` costs.
            timer = DeadlineTimer(deadline, loop, lambda: waiter.done() or waiter.set_result(None))
            try:
                await waiter
            finally:
                timer.cancel()
                self._waiters.pop(waiter, None)
        return self.done


class CallCancelled(Exception):
    """The task of a shared call was cancelled, as when the process stops; its waiters were not."""


class SharedCall(Generic[T]):
    """Run a call in a task of its own, with a deadline that is the latest of its waiters'.

    It can be joined until the deadline of the first of them (`SharedDeadline`). One that is made to `end_when_left` is
    cancelled when its last waiter leaves, and joined by none after that.
    """

    __slots__ = ("_end_when_left", "_left", "_task", "_waiting", "calls", "completion", "deadline")

    woken_per_iteration: ClassVar[int | None] = None

    def __init__(self, first: Deadline, *, end_when_left: bool = False) -> None:
        self.deadline = SharedDeadline(first.at)
        self.completion = Completion()
        self.calls: AnsweredCalls | None = None  # of a read of which they are kept where it is cut off
        self._task: asyncio.Task[T] | None = None
        self._end_when_left = end_when_left
        self._left = False
        self._waiting = 0

    @property
    def joinable(self) -> bool:
        """Return whether a newcomer may still wait for the call."""
        return not self.completion.done and not self._left and self.deadline.joinable

    @property
    def task(self) -> asyncio.Task[T]:
        """Return the task of a call that has been started."""
        if self._task is None:
            raise RuntimeError("the call has not been started")
        return self._task

    @property
    def started(self) -> bool:
        return self._task is not None

    def start(self, call: Callable[[Deadline], Awaitable[T]], context: Context | None = None) -> asyncio.Task[T]:
        """Start the call; `context` holds the variables under which it logs."""
        self._task = asyncio.get_running_loop().create_task(self._run(call), context=context)
        self._task.add_done_callback(self._finish)
        return self._task

    def join(self, deadline: Deadline) -> None:
        """Extend the call's deadline to that of one more waiter, now and whenever that is moved."""
        self.deadline.follow(deadline)

    async def result(self, deadline: Deadline) -> T:
        """Return what the call returns, or raise what it raises; raise `TimeoutError` at the waiter's `deadline`."""
        self._waiting += 1
        try:
            if not await self.completion.wait_until(deadline):
                raise TimeoutError
        finally:
            self._leave()
        return self.outcome()

    def outcome(self) -> T:
        """Return or raise the outcome of a call that is done; raise `CallCancelled` where it was cancelled."""
        if self._task is None or self._task.cancelled():
            raise CallCancelled
        return self._task.result()

    def late(self, system: str, what: str, deadline: Deadline) -> UpstreamTimeout:
        """Return the error for a waiter at its `deadline`; it says which calls are kept, unless others wait longer."""
        late = UpstreamTimeout.late(system, what)
        return late if self.calls is None or self.deadline.at > deadline.at else late.after(self.calls.progress)

    def _leave(self) -> None:
        self._waiting -= 1
        if self._end_when_left and not self._waiting and self._task is not None and not self.completion.done:
            self._left = True
            self._task.cancel()

    async def _run(self, call: Callable[[Deadline], Awaitable[T]]) -> T:
        try:
            return await call(self.deadline)
        finally:
            self.completion.set(
                self.woken_per_iteration
            )  # waiters wake in a later iteration of the loop: by then the task is done

    def _finish(self, task: asyncio.Task[T]) -> None:
        """Retrieve the exception, which asyncio would log where all waiters have left.

        A task that is cancelled before its first step does not reach the `finally` of `_run`.
        """
        if not task.cancelled():
            task.exception()
        elif not self.completion.done:
            self.completion.set(self.woken_per_iteration)


C = TypeVar("C", bound=SharedCall[Any])


class JoinableCalls(Generic[C]):
    """Keep calls while they run, by what they are for."""

    def __init__(self) -> None:
        self._in_flight: dict[Hashable, C] = {}

    def __len__(self) -> int:
        return len(set(self._in_flight.values()))

    def find(self, key: Hashable) -> C | None:
        """Return the call under that key, if it can still be joined."""
        found = self._in_flight.get(key)
        return found if found is not None and found.joinable else None

    def let_join(self, key: Hashable, call: C) -> None:
        """Let others join the call, which has been started, under that key."""
        self._in_flight[key] = call
        call.task.add_done_callback(lambda _: self._forget(key, call))

    def _forget(self, key: Hashable, call: C) -> None:
        if self._in_flight.get(key) is call:
            del self._in_flight[key]


class SharedCalls(JoinableCalls[SharedCall[Any]]):
    """Make identical reads of a system one call, such as a page of a list."""

    async def join(
        self,
        system: str,
        what: str,
        key: Hashable,
        deadline: Deadline,
        call: Callable[[Deadline], Awaitable[Any]],
        kept: KeptReads | None = None,
    ) -> Any:
        """Return the result of the call in flight for `key`, else of a new one.

        Raises `UpstreamTimeout`, which names `what` was read, at the waiter's deadline. Where `kept` is given and the
        read is cut off, the calls that it consists of are kept there: the next one for `key` goes on with them.
        """
        found = self.find(key)
        if found is None:
            found = self._start(system, what, key, deadline, call, kept)
        found.join(deadline)
        try:
            return await found.result(deadline)
        except TimeoutError:
            raise found.late(system, what, deadline) from None
        except CallCancelled:
            raise UpstreamUnavailable(system, "the call was cancelled; try again") from None

    def _start(
        self,
        system: str,
        what: str,
        key: Hashable,
        deadline: Deadline,
        call: Callable[[Deadline], Awaitable[Any]],
        kept: KeptReads | None,
    ) -> SharedCall[Any]:
        started: SharedCall[Any] = SharedCall(deadline)

        async def run(shared: Deadline) -> Any:
            calls = started.calls = None if kept is None else AnsweredCalls.begin(kept, key)
            cut_off = False
            try:
                return await call(shared)
            except CUT_OFF as error:
                cut_off = True
                if calls is None or not calls.progress:
                    raise
                raise error.after(calls.progress) from error
            except UpstreamError:
                raise
            except Exception as error:
                raise failure_of(error, system, what) from None
            finally:
                if calls is not None:
                    calls.end(cut_off=cut_off)

        started.start(run)
        self.let_join(key, started)
        return started
