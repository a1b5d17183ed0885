"""Attempts at operations: each has the leases of the operation and of its record, under an owner of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import ConfigInvalid, DatabaseUnavailable, GatewayError, LeaseLost, UpstreamError
from customer_gateway.model.journal import StoredOperation
from customer_gateway.model.operations import OperationKind, OperationState, UserError, UserErrorCode
from customer_gateway.operations import clock
from customer_gateway.operations.late import sent_late, with_known
from customer_gateway.operations.leases import LEASE, Leases
from customer_gateway.operations.outcomes import (
    applied_nothing,
    in_progress,
    journal_failed_after,
    no_journal,
    no_writer,
    not_read,
    not_sent,
    outcome_is_open,
    private_values,
    writes_of,
)
from customer_gateway.operations.preparation import prepare
from customer_gateway.operations.record_lock import RecordLocks
from customer_gateway.operations.requests import Outcome, StepLog
from customer_gateway.operations.running import Runner
from customer_gateway.operations.settling import DOUBT, Settler
from customer_gateway.operations.stored import new_operation_id, new_owner, operation_as_seen, stored_writes
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.journal import Begun, Journal
    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.preparation import Prepared
    from customer_gateway.operations.record_lock import RecordLock
    from customer_gateway.operations.requests import WriteRequest, Written
    from customer_gateway.system import System

_PAUSE_SECONDS: Final = 0.5
"""How long it takes to ask again for an operation that another worker is at."""
_log: Any = structlog.get_logger("customer_gateway.operations")


@dataclass(frozen=True, slots=True)
class Setup:
    """What operations are carried out with.

    `seconds` bound one operation. `doubt` is how long after its sending a call may still show up at a vendor, `lease`
    how long a process that says nothing keeps an operation. `written` is called when something was sent for a record.
    """

    systems: Mapping[str, System]
    journal: Journal
    seconds: float
    doubt: timedelta = DOUBT
    lease: timedelta = LEASE
    written: Written = lambda _system, _key, _document: None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """An attempt to carry a request out, as an operation that has begun. `deadline` is the request's."""

    request: WriteRequest
    operation: StoredOperation
    begun: Begun
    lock: RecordLock
    leases: Leases
    deadline: Deadline
    steps: StepLog


class Attempts:
    """Makes attempts."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._journal = setup.journal
        self._has_key = False
        self._locks = RecordLocks(setup.journal)
        self._runner = Runner(setup.journal, setup.written)
        self._settler = Settler(self._runner, setup.doubt)

    async def aclose(self) -> None:
        """Wait until every lease that is no longer needed is released."""
        await self._locks.aclose()

    async def run(self, request: WriteRequest, deadline: Deadline, steps: StepLog) -> Outcome:
        """Carry a request out; before something is sent its reads end by the deadline."""
        try:
            operation = await self._new(request)
        except ConfigInvalid as failure:
            return _not_begun(failure)
        leases = Leases(operation, self._setup.lease)
        try:
            async with self._locks.wanted(operation.system, operation.key, leases) as lock:
                record = await lock.try_acquire_local()
                try:
                    begun = await self._journal.begin(operation, operation.started_at, record)
                except (DatabaseUnavailable, ConfigInvalid) as failure:
                    return _not_begun(failure)
                if begun.existing is None:
                    leases.record = record if begun.has_record else None
                    return await self._carry_out(_Attempt(request, operation, begun, lock, leases, deadline, steps))
        except LeaseLost:
            steps.see(mine := steps.operation or operation)  # a request waits for this no longer than its deadline
            outcome = await self._report_loss(mine, request.rights, steps)
            request.written(outcome.key, None)
            return outcome
        return await self._replay(begun.existing, operation.input_digest, request, deadline, steps)

    async def settle(
        self, operation: StoredOperation, rights: Rights, steps: StepLog, known: StoredOperation | None = None
    ) -> Outcome:
        """Find out what became of an operation that nobody carries out at present.

        `known` is the same one as an attempt that lost its lease knows it.
        """
        if operation.is_settled:
            return Outcome(self.as_seen(operation, rights), operation.errors, operation.key)
        system, now = self._setup.systems.get(operation.system), clock.now()
        if system is None or (writer := system.writer) is None:
            return Outcome(None, [no_writer(operation)], operation.key)
        taken = await self._journal.take_over(operation.id, new_owner(), now, now + self._setup.lease)
        if taken is None:
            return Outcome(None, [in_progress(operation)], operation.key)
        steps.see(taken := with_known(taken, known))
        deadline, leases = Deadline.after(self._setup.seconds), Leases(taken, self._setup.lease)
        try:
            async with (
                self._locks.wanted(taken.system, taken.key, leases) as lock,
                leases.renewing(self._journal),
            ):
                await lock.acquire(deadline)
                done = await self._settler.settle(taken, writer, leases, deadline, steps.see)
        except LeaseLost:
            return await self._report_loss(steps.operation or taken, rights, steps)
        except UpstreamError as failure:
            done = replace(steps.operation or taken, errors=[not_read(failure)], lease_until=None)
            if done.state is not OperationState.PENDING:
                done = replace(done, state=OperationState.UNKNOWN)
            self._runner.notify_written(done)
            with suppress(LeaseLost):
                await self._journal.update(done)
        return Outcome(self.as_seen(done, rights), done.errors, done.key)

    def as_seen(self, operation: StoredOperation, rights: Rights, *, replayed: bool = False) -> Operation:
        """Return a stored operation as its caller may see it."""
        system = self._setup.systems.get(operation.system)
        return operation_as_seen(operation, None if system is None else writes_of(system), rights, replayed=replayed)

    async def _carry_out(self, this: _Attempt) -> Outcome:
        try:
            async with this.leases.renewing(self._journal):
                await this.lock.acquire(this.deadline)
                return await self._prepare_and_run(this)
        except (UpstreamError, DatabaseUnavailable) as failure:
            return await self._outcome_of_failure(failure, this)
        except BaseException:
            if this.steps.operation is None:
                await self._discard(this)
            raise

    async def _outcome_of_failure(self, failure: GatewayError, this: _Attempt) -> Outcome:
        request, reached = this.request, this.steps.operation
        if isinstance(failure, UpstreamError):
            await self._discard(this)
            return Outcome(None, [not_read(failure)], request.key)
        if reached is None:
            return Outcome(None, [no_journal(failure)], request.key)
        return Outcome(self.as_seen(reached, request.rights), [journal_failed_after(reached)], reached.key)

    async def _prepare_and_run(self, this: _Attempt) -> Outcome:
        operation, steps = this.operation, this.steps
        # What is refused as open is planned all the same, so that every refusal comes at once.
        request = replace(this.request, refused=[*this.request.refused, *await self._refused_as_open(this)])
        prepared = await prepare(request, this.deadline)
        writer = prepared.writer
        if prepared.errors or not prepared.plan or writer is None:
            return await self._conclude_unsent(this, prepared)
        operation = replace(operation, writes=stored_writes(prepared.plan), private=private_values(prepared))
        if request.kind is OperationKind.CREATE:
            operation.private["keys_before"] = list(await writer.search_before(prepared.plan[0].body, this.deadline))
        steps.see(operation)
        sending = Deadline.after(self._setup.seconds)
        done = await self._runner.run(operation, writer, this.leases, sending, steps.see, request.written)
        return Outcome(self.as_seen(done, request.rights), done.errors, done.key)

    async def _conclude_unsent(self, this: _Attempt, prepared: Prepared) -> Outcome:
        """Forget an operation of which nothing is sent; one that had nothing to change keeps its idempotency key."""
        request, operation = this.request, this.operation
        if prepared.errors or operation.idempotency is None:
            await self._discard(this)
            return not_sent(request, prepared, OperationState.APPLIED)
        done = replace(operation, state=OperationState.APPLIED, settled_at=clock.now())
        await self._runner.conclude(done, this.leases)
        return Outcome(self.as_seen(done, request.rights), [], done.key)

    async def _refused_as_open(self, this: _Attempt) -> Sequence[UserError]:
        """Return why a record that may still get an earlier write is not written, unless that is forced."""
        request, found = this.request, this.begun.unsettled
        if request.force or request.key is None:
            return ()
        if not this.begun.has_record:  # the lease came later, and others may have written before
            found = await self._journal.unsettled_of(request.system.name, request.key)
        unknown = [each for each in found if each.state is OperationState.UNKNOWN]
        return [outcome_is_open(each) for each in unknown[:1]]

    async def _discard(self, this: _Attempt) -> None:
        with suppress(LeaseLost):  # another took it over, and found that nothing was sent
            await self._journal.discard(this.operation, this.leases.record)
            this.leases.record = None

    async def _new(self, request: WriteRequest) -> StoredOperation:
        if not self._has_key:
            await asyncio.to_thread(self._journal.digest, "")  # the first one reads the key's file, or makes it
            self._has_key = True
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
            owner=new_owner(),
            lease_until=now + self._setup.lease,
        )

    async def _replay(
        self, operation: StoredOperation, digest: str, request: WriteRequest, deadline: Deadline, steps: StepLog
    ) -> Outcome:
        """Return the outcome of an earlier request with the same key; one that is open is settled first."""
        path = ("idempotencyKey",)
        if operation.input_digest != digest:
            message = "The idempotency key came with another input before. Take another key for another write."
            return Outcome(None, [UserError(UserErrorCode.IDEMPOTENCY_MISMATCH, message, path, request.system.name)])
        if operation.is_settled:
            return Outcome(self.as_seen(operation, request.rights, replayed=True), operation.errors, operation.key)
        outcome = await self.settle(operation, request.rights, steps)
        if outcome.operation is not None and applied_nothing(outcome.operation):
            steps.operation = None
            return await self.run(request, deadline, steps)
        shown = None if outcome.operation is None else replace(outcome.operation, replayed=True)
        return replace(outcome, operation=shown)

    async def _report_loss(self, mine: StoredOperation, rights: Rights, steps: StepLog) -> Outcome:
        """Tell what another worker makes of an operation that this one was too slow for.

        What this one knows of it is stored where the outcome is open still. A call that was sent after the other had
        settled the operation is reported by an operation of its own.
        """
        _log.error("operation_lease_lost", operation=mine.id, system=mine.system)
        deadline = Deadline.after(self._setup.seconds)
        while True:
            with suppress(DatabaseUnavailable):
                if (outcome := await self._outcome_of_loss(mine, rights, steps)) is not None:
                    return outcome
            if deadline.remaining() <= _PAUSE_SECONDS:
                return Outcome(self.as_seen(mine, rights), [in_progress(mine)], mine.key)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _outcome_of_loss(self, mine: StoredOperation, rights: Rights, steps: StepLog) -> Outcome | None:
        """Return the outcome of an operation whose lease was lost, None while another worker is at it."""
        found = await self._journal.find(mine.id)
        if found is None:
            return Outcome(None, [in_progress(mine)], mine.key)
        if not found.is_settled:
            outcome = await self.settle(found, rights, steps, mine)
            return None if outcome.operation is None else outcome
        if (late := sent_late(mine, found)) is None:
            return Outcome(self.as_seen(found, rights), found.errors, found.key)
        _log.error("write_sent_late", operation=late.id, of=mine.id, system=mine.system)
        await self._journal.begin(late, late.started_at)
        return Outcome(self.as_seen(late, rights), late.errors, late.key)


def _not_begun(failure: GatewayError) -> Outcome:
    _log.error("journal_unusable", reason=str(failure))
    return Outcome(None, [no_journal(failure)])
