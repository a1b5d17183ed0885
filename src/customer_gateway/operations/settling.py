"""Settle an operation whose outcome is open: look up what became of its calls, then finish or give up what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING, Final

from customer_gateway.model.operations import OperationKind, OperationState, UserError, UserErrorCode, WriteStatus
from customer_gateway.operations import clock
from customer_gateway.operations.lookup import Shown, is_untouched, read_after
from customer_gateway.operations.running import concluded, find_out
from customer_gateway.operations.stored import with_write

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.documents.values import Document
    from customer_gateway.model.journal import StoredOperation, StoredWrite
    from customer_gateway.operations.leases import Leases
    from customer_gateway.operations.running import Runner
    from customer_gateway.system import CustomerWriter
    from customer_gateway.work.deadline import Deadline

DOUBT: Final = timedelta(seconds=60)
"""An update that nothing shows so long after it was sent counts as not applied: no vendor is known to answer later."""

_GOES_ON: Final = {WriteStatus.APPLIED, WriteStatus.PLANNED}
_STATUSES: Final = {Shown.WRITTEN: WriteStatus.APPLIED, Shown.HELD: WriteStatus.PENDING}


class Settler:
    """Settles operations whose lease this process has taken."""

    def __init__(self, runner: Runner, doubt: timedelta = DOUBT) -> None:
        self._runner = runner
        self._doubt = doubt

    async def settle(
        self,
        operation: StoredOperation,
        writer: CustomerWriter,
        leases: Leases,
        deadline: Deadline,
        on_step: Callable[[StoredOperation], None] = lambda _: None,
    ) -> StoredOperation:
        """Return the operation with what was found out, stored; `on_step` is called with it after every step.

        Raises `LeaseLost`, `DatabaseUnavailable`, and `UpstreamError` where a record cannot be read.
        """
        for index, write in enumerate(operation.writes):
            if not _is_open(write):
                continue
            if _is_unreadable(write):
                operation = with_write(operation, index, status=WriteStatus.UNKNOWN, error=_unreadable(operation))
            else:
                operation = await self._look_up(operation, index, writer, deadline)
            on_step(operation)
            if operation.writes[index].status is not WriteStatus.APPLIED and write.status is not WriteStatus.PENDING:
                break  # a call under review was accepted, and those after it were sent: each is looked up
        if _is_to_go_on(operation):
            operation = await self._refuse_overwritten(operation, writer, deadline)
            running = replace(operation, state=OperationState.RUNNING)
            return await self._runner.run(running, writer, leases, deadline, on_step)
        operation = _given_up(operation) if not operation.writes else concluded(operation)
        self._runner.notify_written(operation)
        await self._runner.conclude(operation, leases)
        return operation

    async def _look_up(
        self, operation: StoredOperation, index: int, writer: CustomerWriter, deadline: Deadline
    ) -> StoredOperation:
        """Return the operation with what is known by now of a call that was sent and not answered, or is reviewed."""
        write = operation.writes[index]
        sent = write.sent_at or operation.started_at
        if operation.kind is OperationKind.CREATE and operation.key is None:
            # That a search finds nothing proves nothing: its outcome stays open until it is found.
            return await find_out(operation, index, writer, deadline, write.error or _open(operation))
        shown, present, _ = await read_after(writer, operation.key or "", [write], deadline)
        if (status := _STATUSES.get(shown)) is not None:
            return with_write(operation, index, status=status, verified=shown is Shown.WRITTEN, error=None)
        reviewed = write.status is WriteStatus.PENDING
        if present is not None and reviewed:
            return with_write(operation, index, status=WriteStatus.REJECTED, error=_reviewed_away(operation))
        if present is not None and not reviewed and is_untouched(present.document, write):
            left = self._doubt - (clock.now() - sent)
            if left <= timedelta():
                return _not_applied(operation, index)
            return with_write(operation, index, status=WriteStatus.UNKNOWN, error=_no_trace_yet(operation, left))
        status = WriteStatus.PENDING if reviewed else WriteStatus.UNKNOWN
        return with_write(operation, index, status=status, error=write.error or _open(operation))

    async def _refuse_overwritten(
        self, operation: StoredOperation, writer: CustomerWriter, deadline: Deadline
    ) -> StoredOperation:
        """Refuse the calls that are left where the record no longer has what stood there when they were planned."""
        if operation.key is None or operation.kind is OperationKind.CREATE:
            return operation
        present = await writer.read(operation.key, deadline)
        document: Document = {} if present is None else present.document
        for index, write in enumerate(operation.writes):
            if write.status is WriteStatus.PLANNED and not is_untouched(document, write):
                return with_write(operation, index, status=WriteStatus.REJECTED, error=_overwritten(operation))
        return operation


def _is_open(write: StoredWrite) -> bool:
    """Return whether it is to be found out what became of a call."""
    if write.status is WriteStatus.PLANNED:
        return write.sent_at is not None or _is_unreadable(write)
    return write.status in (WriteStatus.PENDING, WriteStatus.UNKNOWN)


def _is_unreadable(write: StoredWrite) -> bool:
    """Return whether the values of a call are gone: nothing can be compared then, and nothing sent."""
    return bool(write.places) and not write.changes


def _unreadable(operation: StoredOperation) -> UserError:
    message = (
        "The values of this write cannot be decrypted with the configured [database] key. "
        "Start the gateway with the key that encrypted them."
    )
    return _error(operation, message, retryable=False)


def _is_to_go_on(operation: StoredOperation) -> bool:
    """Return whether calls are left that were never sent, or not read again, and all before them were applied."""
    readable = not any(map(_is_unreadable, operation.writes))
    is_left = any(each.status is WriteStatus.PLANNED or each.verified is None for each in operation.writes)
    return readable and is_left and {each.status for each in operation.writes} <= _GOES_ON


def _given_up(operation: StoredOperation) -> StoredOperation:
    """Return an operation that was stranded before it had a plan: nothing was sent."""
    error = _error(operation, "The write was cut off before anything was sent. Send it again.", retryable=True)
    done = clock.now()
    return replace(operation, state=OperationState.REJECTED, settled_at=done, errors=[error], idempotency=None)


def _not_applied(operation: StoredOperation, index: int) -> StoredOperation:
    message = f"{operation.system} shows no trace of the write: it was not applied. Send it again."
    return with_write(operation, index, status=WriteStatus.REJECTED, error=_error(operation, message, retryable=True))


def _no_trace_yet(operation: StoredOperation, left: timedelta) -> UserError:
    message = (
        f"{operation.system} shows no trace of the write yet. It may still come: do not send it again, and ask "
        f"operationSettle in {ceil(left.total_seconds())} s."
    )
    return _error(operation, message, retryable=False)


def _reviewed_away(operation: StoredOperation) -> UserError:
    message = f"{operation.system} has ended its review without the change. Ask there why."
    return UserError(UserErrorCode.UPSTREAM_REJECTED, message, system=operation.system)


def _overwritten(operation: StoredOperation) -> UserError:
    message = "The record has changed since this write was planned; what was left of it was not sent. Read it again."
    return UserError(UserErrorCode.CONFLICT, message, system=operation.system)


def _open(operation: StoredOperation) -> UserError:
    return _error(
        operation,
        f"It is not known yet whether {operation.system} applied the write; do not send it again.",
        retryable=False,
    )


def _error(operation: StoredOperation, message: str, *, retryable: bool) -> UserError:
    return UserError(UserErrorCode.UPSTREAM_UNAVAILABLE, message, system=operation.system, retryable=retryable)
