"""The way into writes: carry a mutation out, tell of operations, settle one whose outcome is open."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable, GatewayError, LeaseLost, UpstreamError
from customer_gateway.model.journal import StoredOperation
from customer_gateway.model.operations import (
    OperationKind,
    OperationState,
    UserError,
    UserErrorCode,
)
from customer_gateway.operations import clock
from customer_gateway.operations.late import sent_late
from customer_gateway.operations.outcomes import in_progress, no_journal, not_sent, private_values, writes_of
from customer_gateway.operations.preparation import prepare
from customer_gateway.operations.record_lock import LEASE, RecordLocks
from customer_gateway.operations.requests import Outcome
from customer_gateway.operations.running import Runner, error_of
from customer_gateway.operations.settling import DOUBT, Settler
from customer_gateway.operations.stored import new_operation_id, operation_as_seen, stored_writes
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime, timedelta

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.journal import Journal
    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.requests import WriteRequest
    from customer_gateway.system import System

_ALL: Final = "operations:read"
_log = structlog.get_logger("customer_gateway.operations")


class Operations:
    """Carries writes out, each in a task of its own that goes on when the request that asked for it ends.

    `seconds` bound one operation. `doubt` is how long after its sending a call may still show up at a vendor, `lease`
    how long a process that says nothing keeps an operation.
    """

    def __init__(
        self,
        systems: Mapping[str, System],
        journal: Journal,
        *,
        seconds: float,
        doubt: timedelta = DOUBT,
        lease: timedelta = LEASE,
    ) -> None:
        self._systems = systems
        self._journal = journal
        self.seconds = seconds
        self.doubt = doubt
        self._lease = lease
        self._has_key = False
        self._owner = secrets.token_hex(8)
        self._locks = RecordLocks(journal, lease)
        self._runner = Runner(journal, self._owner, lease)
        self._settler = Settler(journal, self._runner, doubt)
        self._tasks: set[asyncio.Task[Outcome]] = set()

    async def carry_out(self, request: WriteRequest, deadline: Deadline) -> Outcome:
        """Plan the write, and unless it is a dry run carry it out; tell what came of it by the deadline.

        Raises `DatabaseUnavailable`, and `UpstreamError` where the record cannot be read for a dry run.
        """
        if request.dry_run:
            return not_sent(request, await prepare(request, deadline), OperationState.PLANNED)
        begun = _Begun()
        task = asyncio.create_task(self._run(request, deadline, begun))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        done, _ = await asyncio.wait({task}, timeout=deadline.remaining())
        if done or begun.operation is None:
            return await task  # before anything is sent its reads end by the same deadline
        operation = operation_as_seen(begun.operation, writes_of(request.system), request.rights)
        message = "The write goes on after this request. Query.operation tells what becomes of it."
        error = UserError(UserErrorCode.UPSTREAM_TIMEOUT, message, system=request.system.name, retryable=True)
        return Outcome(operation, [error], begun.operation.key)

    async def aclose(self) -> None:
        """Wait for the operations that are under way; others take over what is not ended by then."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.seconds)
        await self._locks.aclose()

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
        return await self._looked_up(operation, rights, deadline)

    async def find(self, id: str, actor: str, rights: Rights) -> Operation | None:  # noqa: A002 - as above
        """Return an operation of the caller's own, or anybody's with `operations:read`."""
        operation = await self._journal.find(id)
        if operation is None or not _is_visible(operation, actor, rights, self._systems):
            return None
        return self._as_seen(operation, rights)

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
        return [self._as_seen(each, rights) for each in found]

    async def purge(self) -> int:
        """Delete the personal data of operations that were settled long enough ago."""
        return await self._journal.purge(clock.now())

    def _as_seen(self, operation: StoredOperation, rights: Rights, *, replayed: bool = False) -> Operation:
        system = self._systems.get(operation.system)
        return operation_as_seen(operation, None if system is None else writes_of(system), rights, replayed=replayed)

    async def _run(self, request: WriteRequest, deadline: Deadline, begun: _Begun) -> Outcome:
        try:
            if not self._has_key:
                await asyncio.to_thread(self._journal.digest, "")  # the first one reads the key's file, or makes it
                self._has_key = True
            operation = self._new(request)
            existing = await self._journal.begin(operation, operation.started_at)
        except (DatabaseUnavailable, ConfigInvalid) as failure:
            _log.error("journal_unusable", reason=str(failure))
            return Outcome(None, [no_journal(failure)])
        if existing is not None:
            return await self._replayed(existing.operation, operation.input_digest, request, deadline)
        try:
            async with self._lock(operation, deadline), self._runner.prolonged(operation):
                return await self._prepared_and_run(request, operation, deadline, begun)
        except UpstreamError as failure:
            await self._journal.discard(operation)
            failure.applied = False
            return Outcome(None, [error_of(failure, operation, None)], request.key)
        except LeaseLost:
            return await self._lost(begun.operation or operation, request)
        except GatewayError:
            raise
        except BaseException:
            if begun.operation is None:
                await self._journal.discard(operation)
            raise

    async def _prepared_and_run(
        self, request: WriteRequest, operation: StoredOperation, deadline: Deadline, begun: _Begun
    ) -> Outcome:
        prepared = await prepare(request, deadline)
        writer = prepared.writer
        if prepared.errors or not prepared.plan or writer is None:
            await self._journal.discard(operation)
            return not_sent(request, prepared, OperationState.APPLIED)
        operation = replace(operation, writes=stored_writes(prepared.plan), private=private_values(prepared))
        if request.kind is OperationKind.CREATE:
            found = await writer.search_before(prepared.plan[0].body, deadline)
            operation.private["keys_before"] = list(found)
        begun.operation = operation
        done = await self._runner.run(operation, writer, Deadline.after(self.seconds), begun.see)
        return Outcome(operation_as_seen(done, writer.writes, request.rights), done.errors, done.key)

    def _lock(self, operation: StoredOperation, deadline: Deadline) -> AbstractAsyncContextManager[None]:
        if operation.key is None:
            return nullcontext()
        return self._locks.locked(operation.system, operation.key, operation.id, deadline)

    def _new(self, request: WriteRequest) -> StoredOperation:
        now = clock.now()
        key = request.idempotency_key
        return StoredOperation(
            id=new_operation_id(),
            kind=request.kind,
            system=request.system.name,
            key=request.key,
            actor=request.actor,
            state=OperationState.RUNNING,
            started_at=now,
            idempotency=None if key is None else self._journal.digest(f"{request.actor}\0{key}"),
            input_digest=self._journal.digest(request.input_text),
            owner=self._owner,
            lease_until=now + self._lease,
        )

    async def _replayed(
        self, operation: StoredOperation, digest: str, request: WriteRequest, deadline: Deadline
    ) -> Outcome:
        """Return the outcome of an earlier request with the same key; one that is open is settled first."""
        path = ("idempotencyKey",)
        if operation.input_digest != digest:
            message = "The idempotency key came with another input before. Take another key for another write."
            return Outcome(None, [UserError(UserErrorCode.IDEMPOTENCY_MISMATCH, message, path, request.system.name)])
        if operation.is_settled:
            return Outcome(self._as_seen(operation, request.rights, replayed=True), operation.errors, operation.key)
        outcome = await self._looked_up(operation, request.rights, deadline)
        if outcome.operation is not None and _applied_nothing(outcome.operation):
            return await self._run(request, deadline, _Begun())
        shown = None if outcome.operation is None else replace(outcome.operation, replayed=True)
        return replace(outcome, operation=shown)

    async def _looked_up(self, operation: StoredOperation, rights: Rights, deadline: Deadline) -> Outcome:
        if operation.is_settled:
            return Outcome(self._as_seen(operation, rights), operation.errors, operation.key)
        now = clock.now()
        taken = await self._journal.take_over(operation.id, self._owner, now, now + self._lease)
        system = self._systems.get(operation.system)
        writer = None if system is None else system.writer
        if taken is None or writer is None:
            return Outcome(None, [in_progress(operation)], operation.key)
        try:
            async with self._lock(taken, deadline), self._runner.prolonged(taken):
                done = await self._settler.settle(taken, writer, deadline)
        except UpstreamError as failure:
            await self._journal.update(replace(taken, state=OperationState.UNKNOWN, lease_until=None))
            failure.applied = False
            return Outcome(self._as_seen(taken, rights), [error_of(failure, taken, None)], taken.key)
        return Outcome(self._as_seen(done, rights), done.errors, done.key)

    async def _lost(self, operation: StoredOperation, request: WriteRequest) -> Outcome:
        """Tell what another worker has made of an operation that this one was too slow for.

        A call that was sent after the other had settled the operation is reported by an operation of its own.
        """
        _log.error("operation_lease_lost", operation=operation.id, system=operation.system)
        found = await self._journal.find(operation.id)
        if found is None:
            return Outcome(None, [in_progress(operation)], operation.key)
        if (late := sent_late(operation, found)) is not None:
            _log.error("write_sent_late", operation=late.id, of=operation.id, system=operation.system)
            await self._journal.begin(replace(late, owner=self._owner), late.started_at)
            await self._journal.update(replace(late, owner=self._owner))
            return Outcome(self._as_seen(late, request.rights), late.errors, late.key)
        errors = found.errors if found.is_settled else [*found.errors, in_progress(operation)]
        return Outcome(self._as_seen(found, request.rights), errors, found.key)


class _Begun:
    """What is known of an operation while it runs; None before its first call is stored."""

    def __init__(self) -> None:
        self.operation: StoredOperation | None = None

    def see(self, operation: StoredOperation) -> None:
        self.operation = operation


def _is_visible(operation: StoredOperation, actor: str, rights: Rights, systems: Mapping[str, System]) -> bool:
    may = operation.actor == actor or _ALL in rights.scopes
    return may and operation.system in systems and rights.sees(operation.system)


def _applied_nothing(operation: Operation) -> bool:
    return operation.state is OperationState.REJECTED and all(each.retryable for each in operation.errors)
