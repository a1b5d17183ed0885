"""The way into writes: carry a mutation out, tell of operations, settle one whose outcome is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError
from customer_gateway.model.operations import OperationState, UserError, UserErrorCode
from customer_gateway.operations import clock
from customer_gateway.operations.attempts import Attempts
from customer_gateway.operations.outcomes import not_sent
from customer_gateway.operations.preparation import prepare
from customer_gateway.operations.requests import Outcome, StepLog

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.attempts import Setup
    from customer_gateway.operations.requests import WriteRequest
    from customer_gateway.system import System
    from customer_gateway.work.deadline import Deadline

_ALL: Final = "operations:read"
_log: Any = structlog.get_logger("customer_gateway.operations")


class Operations:
    """Carries writes out, each in a task of its own that goes on when the request that asked for it ends."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self._systems = setup.systems
        self._journal = setup.journal
        self._attempts = Attempts(setup)
        self._tasks: set[asyncio.Task[Outcome]] = set()

    async def carry_out(self, request: WriteRequest, deadline: Deadline) -> Outcome:
        """Plan the write, and unless it is a dry run carry it out; tell what came of it by the deadline.

        Raises `UpstreamError` where the record cannot be read for a dry run.
        """
        if request.dry_run:
            return not_sent(request, await prepare(request, deadline), OperationState.PLANNED)
        steps = StepLog()
        return await self._by(deadline, self._attempts.run(request, deadline, steps), steps, request.rights)

    async def aclose(self) -> None:
        """Wait for the operations that are under way; others take over what is not ended by then."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.setup.seconds)
        await self._attempts.aclose()

    async def settle(
        self,
        id: str,  # noqa: A002 - as everywhere in the model
        actor: str,
        rights: Rights,
        deadline: Deadline,
    ) -> Outcome | None:
        """Find out what became of an operation whose outcome is open; None where this caller may not see it."""
        operation = await self._journal.find(id)
        if operation is None or not _is_visible(operation, actor, rights, self._systems):
            return None
        steps = StepLog()
        steps.see(operation)
        return await self._by(deadline, self._attempts.settle(operation, rights, steps), steps, rights)

    async def find(self, id: str, actor: str, rights: Rights) -> Operation | None:  # noqa: A002 - as above
        """Return an operation of the caller's own, or anybody's with `operations:read`."""
        operation = await self._journal.find(id)
        if operation is None or not _is_visible(operation, actor, rights, self._systems):
            return None
        return self._attempts.as_seen(operation, rights)

    async def page(
        self,
        first: int,
        after: tuple[datetime, str] | None,
        actor: str,
        rights: Rights,
        *,
        states: Sequence[OperationState] = (),
        record: tuple[str, str] | None = None,
    ) -> Sequence[Operation]:
        """Return operations, the newest first: the caller's own, everybody's with `operations:read`."""
        systems = [name for name in self._systems if rights.sees(name)]
        own = None if _ALL in rights.scopes else actor
        found = await self._journal.page(first, after, actor=own, states=states, record=record, systems=systems)
        return [self._attempts.as_seen(each, rights) for each in found]

    async def purge(self) -> int:
        """Delete the personal data of operations that were settled long enough ago."""
        return await self._journal.purge(clock.now())

    async def _by(
        self, deadline: Deadline, attempt: Coroutine[None, None, Outcome], steps: StepLog, rights: Rights
    ) -> Outcome:
        """Return what comes of an attempt, or how far it is by the deadline: it goes on then."""
        task = asyncio.create_task(attempt)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=deadline.remaining())
        operation = steps.operation
        if done or operation is None:
            return await asyncio.shield(task)  # before something is sent its reads end by the same deadline
        message = "The write goes on after this request. Query.operation tells what becomes of it."
        error = UserError(UserErrorCode.UPSTREAM_TIMEOUT, message, system=operation.system, retryable=True)
        return Outcome(self._attempts.as_seen(operation, rights), [error], operation.key)

    def _ended(self, task: asyncio.Task[Outcome]) -> None:
        """Forget a task. Why it failed is logged: the request that waited for it may have ended before."""
        self._tasks.discard(task)
        if not task.cancelled() and isinstance(failure := task.exception(), GatewayError):
            _log.warning("write_failed", reason=type(failure).__name__)


def _is_visible(operation: StoredOperation, actor: str, rights: Rights, systems: Mapping[str, System]) -> bool:
    may = operation.actor == actor or _ALL in rights.scopes
    return may and operation.system in systems and rights.sees(operation.system)
