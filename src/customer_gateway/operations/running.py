"""Carry out a stored operation: note each call before it is sent, send it once, note what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.documents import exact
from customer_gateway.documents.values import is_object
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.model.operations import (
    OperationKind,
    OperationState,
    UserError,
    UserErrorCode,
    WriteStatus,
)
from customer_gateway.operations import clock
from customer_gateway.operations.lookup import Shown, created_keys, foreign_changes, read_after
from customer_gateway.operations.stored import text_of, with_write
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from customer_gateway.model.journal import Journal, StoredOperation
    from customer_gateway.operations.leases import Leases
    from customer_gateway.operations.requests import Written, WrittenKey
    from customer_gateway.system import CustomerWriter, WrittenDocument

_OURS: Final = frozenset({UserErrorCode.UPSTREAM_UNAUTHORIZED})
"""What is mended at the gateway, after which the same request may be sent again."""
_FOR_SENDING: Final = 0.7
"""The part of an operation's time in which a call is sent; the rest is for looking up what became of it."""
_log: Any = structlog.get_logger("customer_gateway.operations")
_UNANSWERED: Final = "it is not known whether it was done: do not send it again, operationSettle looks it up"


class Runner:
    """Sends the calls of operations.

    `written` is called with the system and key of a record when something was sent for it, and with the document that
    shows it, where it was read.
    """

    def __init__(self, journal: Journal, written: Written = lambda _system, _key, _document: None) -> None:
        self._journal = journal
        self._written = written

    async def run(
        self,
        operation: StoredOperation,
        writer: CustomerWriter,
        leases: Leases,
        deadline: Deadline,
        on_step: Callable[[StoredOperation], None] = lambda _: None,
        on_written: WrittenKey = lambda _key, _document: None,
    ) -> StoredOperation:
        """Send the calls that were not sent yet, as long as each is applied, and store what became of them.

        `on_step` is called with the operation after every step; `on_written` before the last, with its record's key and
        the document that shows what was written, where it was read.
        Raises `LeaseLost` where another worker has taken the operation over, and `DatabaseUnavailable`.
        """
        reached = operation

        def reach(step: StoredOperation) -> None:
            nonlocal reached
            on_step(reached := step)

        try:
            operation = await self._send_all(operation, writer, leases, deadline, reach)
            operation, found = await self._verified(operation, writer, deadline)
            reach(operation)
        except BaseException:  # something may have been sent all the same
            self.notify_written(reached)
            raise
        # All calls were answered when the read of the record began: whoever has read it whole since then has read what
        # was written (`catalog.written`). They are notified before the database stores the operation.
        operation = concluded(operation, None if found is None else found.read_at)
        self.notify_written(operation, on_written, found)
        await self.conclude(operation, leases)
        on_step(operation)
        return operation

    async def _send_all(
        self,
        operation: StoredOperation,
        writer: CustomerWriter,
        leases: Leases,
        deadline: Deadline,
        on_step: Callable[[StoredOperation], None],
    ) -> StoredOperation:
        """Send the calls."""
        for index, write in enumerate(operation.writes):
            if write.status is WriteStatus.REJECTED:
                break
            if write.status is not WriteStatus.PLANNED or write.sent_at is not None:
                continue
            operation = await self._intend(operation, index, leases)
            on_step(operation)
            operation = await self._send(operation, index, writer, leases, deadline)
            on_step(operation)
            if write.resource == "" and operation.kind is OperationKind.CREATE:
                await self._journal.update(operation)  # the key that the vendor gave is not lost with this process
            if operation.writes[index].status not in (WriteStatus.APPLIED, WriteStatus.PENDING):
                break
        return operation

    def notify_written(
        self,
        operation: StoredOperation,
        on_written: WrittenKey = lambda _key, _document: None,
        found: WrittenDocument | None = None,
    ) -> None:
        """Notify who follows the record, if there is one by now, that something may have been sent for it.

        They only take note: one that raises does not keep the outcome from being stored.
        """
        if operation.key is None:
            return
        try:
            self._written(operation.system, operation.key, found)
            on_written(operation.key, found)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("write_not_followed", system=operation.system)

    async def conclude(self, operation: StoredOperation, leases: Leases) -> None:
        """Store an operation that this attempt is done with; its leases are released with that."""
        await self._journal.update(operation, leases.record)
        leases.record = None

    async def _intend(self, operation: StoredOperation, index: int, leases: Leases) -> StoredOperation:
        """Store that a call is about to be sent. Raises `LeaseLost` where the operation or its record is another's."""
        now = clock.now()
        operation = replace(with_write(operation, index, sent_at=now), lease_until=now + leases.length)
        await self._journal.update(operation, leases.record)
        leases.until = now + leases.length
        return operation

    async def _send(
        self, operation: StoredOperation, index: int, writer: CustomerWriter, leases: Leases, deadline: Deadline
    ) -> StoredOperation:
        write = operation.writes[index]
        key = "" if operation.key is None else writer.writes.path_of(operation.key)
        path = write.path.replace("{key}", key)
        try:
            sending = Deadline.after(deadline.remaining() * _FOR_SENDING)
            sent = await writer.send(
                write.method, path, write.template, write.body.encode(), sending, leases.nearly_expired
            )
        except UpstreamError as failure:
            error = error_of(failure, operation, writer)
            if failure.applied is False:
                return with_write(operation, index, status=WriteStatus.REJECTED, path=path, error=error)
            return await find_out(with_write(operation, index, path=path), index, writer, deadline, error)
        if operation.kind is OperationKind.CREATE and operation.key is None:
            if sent.key is None:
                failure = UpstreamBadResponse(operation.system, f"{write.method} {write.template} told no key")
                return await find_out(operation, index, writer, deadline, error_of(failure, operation, writer))
            operation = replace(operation, key=sent.key)
        return with_write(operation, index, status=WriteStatus.APPLIED, path=path)

    async def _verified(
        self, operation: StoredOperation, writer: CustomerWriter, deadline: Deadline
    ) -> tuple[StoredOperation, WrittenDocument | None]:
        """Read the record again: whether it shows what was written, and what else has changed.

        Return its document, too, where it shows it.
        """
        applied = [each for each in operation.writes if each.status is WriteStatus.APPLIED]
        if operation.key is None or not applied:
            return operation, None
        found = await read_after(writer, operation.key, applied, deadline)
        shown, present, _ = found
        if present is None:
            return operation, None
        held = shown is Shown.HELD
        for index, write in enumerate(operation.writes):
            if write.status is WriteStatus.APPLIED:
                status = WriteStatus.PENDING if held else WriteStatus.APPLIED
                operation = with_write(operation, index, status=status, verified=shown is Shown.WRITTEN)
        stored = operation.private.get("document")
        before = exact.decode(stored.encode()) if isinstance(stored, str) else None
        if held or not is_object(before) or operation.kind is OperationKind.CREATE:
            return operation, found.written
        places = [place for each in operation.writes for place in each.places]
        others = foreign_changes(writer.writes, before, present.document, places)
        foreign = {place: [text_of(one), text_of(other)] for place, (one, other) in others.items()}
        private = {**operation.private, "foreign": foreign}
        return replace(operation, foreign_places=list(foreign), private=private), found.written


async def find_out(
    operation: StoredOperation, index: int, writer: CustomerWriter, deadline: Deadline, error: UserError | None
) -> StoredOperation:
    """Find out whether a call was applied that was not answered: APPLIED, PENDING, or UNKNOWN with the error."""
    write = operation.writes[index]
    unknown = with_write(operation, index, status=WriteStatus.UNKNOWN, error=error)
    if operation.key is None:
        keys = await created_keys(
            writer, write, write.sent_at or operation.started_at, operation.private.get("keys_before", ()), deadline
        )
        if keys is not None and len(keys) == 1:
            operation = replace(operation, key=keys[0])
            return with_write(operation, index, status=WriteStatus.APPLIED, error=None)
        if keys:
            return with_write(unknown, index, error=_several(operation, keys))
        return unknown
    shown = (await read_after(writer, operation.key, [write], deadline)).shown
    found = {Shown.WRITTEN: WriteStatus.APPLIED, Shown.HELD: WriteStatus.PENDING}.get(shown)
    return unknown if found is None else with_write(operation, index, status=found, error=None)


def _several(operation: StoredOperation, keys: Sequence[str]) -> UserError:
    message = (
        f"{operation.system} has {len(keys)} customers that this write may have made, with the keys {', '.join(keys)}. "
        "Look at them there, and take out of use what is there twice."
    )
    return UserError(UserErrorCode.UPSTREAM_TIMEOUT, message, system=operation.system)


def concluded(operation: StoredOperation, at: datetime | None = None) -> StoredOperation:
    """Return the operation with the state that its writes make; unless their outcome is open it is settled, at that
    moment or now.

    One that applied nothing and may be retried gives up its idempotency key.
    """
    statuses = {each.status for each in operation.writes}
    errors = [each.error for each in operation.writes if each.error is not None]
    now = clock.now() if at is None else clock.as_stored(at)
    if WriteStatus.UNKNOWN in statuses:
        return replace(operation, state=OperationState.UNKNOWN, errors=errors, lease_until=None)
    if WriteStatus.REJECTED in statuses:
        done = not statuses.isdisjoint({WriteStatus.APPLIED, WriteStatus.PENDING})
        left = [
            replace(each, status=WriteStatus.SKIPPED) if each.status is WriteStatus.PLANNED else each
            for each in operation.writes
        ]
        may_retry = not done and all(each.retryable or each.code in _OURS for each in errors)
        return replace(
            operation,
            state=OperationState.PARTIAL if done else OperationState.REJECTED,
            writes=left,
            errors=errors,
            settled_at=now,
            idempotency=None if may_retry else operation.idempotency,
        )
    if WriteStatus.PENDING in statuses:
        return replace(operation, state=OperationState.PENDING, errors=errors, lease_until=None)
    return replace(operation, state=OperationState.APPLIED, errors=errors, settled_at=now)


def error_of(failure: UpstreamError, operation: StoredOperation, writer: CustomerWriter) -> UserError:
    """Return a failure of a call as the mutation tells it: a refusal names the fields of the patch that it is about."""
    if failure.applied is False and isinstance(failure, UpstreamBadResponse):
        paths: dict[str, Any] = operation.private.get("paths", {})
        named = writer.named_places(failure)
        field = next((tuple(paths[place]) for place in named if place in paths), None)
        places = f"; it names {', '.join(named)}" if named else ""
        status = f" (HTTP status {failure.status})" if failure.status else ""
        message = (
            f"{failure.system} refused the write{status}{places}. Change what it does not take, and send it again."
        )
        return UserError(UserErrorCode.UPSTREAM_REJECTED, message, field, failure.system)
    code = UserErrorCode(failure.code if failure.code in UserErrorCode.__members__ else "UPSTREAM_BAD_RESPONSE")
    if failure.applied is not False:  # what may have been done is not to be tried again, as the failure of a read is
        happened = str(failure).partition("; try again")[0]
        return UserError(code, f"{happened}; {_UNANSWERED}", None, failure.system)
    return UserError(code, str(failure), None, failure.system, failure.retryable, failure.retry_after_ms)
