"""Make the outcome of a write that is not sent, and the errors that tell why one is not sent or not settled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from customer_gateway.documents import exact
from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.model.journal import StoredOperation
from customer_gateway.model.operations import OperationState, UserError, UserErrorCode, WriteStatus
from customer_gateway.operations import clock
from customer_gateway.operations.requests import Outcome
from customer_gateway.operations.stored import operation_as_seen, stored_writes

if TYPE_CHECKING:
    from customer_gateway.documents.writing import Writes
    from customer_gateway.errors import GatewayError, UpstreamError
    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.preparation import Prepared
    from customer_gateway.operations.requests import WriteRequest
    from customer_gateway.system import System


def not_sent(request: WriteRequest, prepared: Prepared, state: OperationState) -> Outcome:
    """Return the outcome of a write of which nothing is sent: its plan, which is not stored.

    It is PLANNED for a dry run, REJECTED with errors, APPLIED where the record has the new values already.
    """
    if prepared.errors and not prepared.plan:
        return Outcome(None, prepared.errors, request.key)
    writes = stored_writes(prepared.plan)
    if prepared.errors:
        state = OperationState.REJECTED
        writes = [replace(each, status=WriteStatus.SKIPPED) for each in writes]
    now = clock.now()
    key, actor = request.key, request.actor
    operation = StoredOperation("", request.kind, request.system.name, key, actor, state, now, writes=writes)
    return Outcome(operation_as_seen(operation, writes_of(request.system), request.rights), prepared.errors, key)


def private_values(prepared: Prepared) -> dict[str, Any]:
    """Return what settling an operation needs to know beside its calls."""
    paths = {place: ["patch", *path] for place, path in (prepared.paths or {}).items()}
    document = None if prepared.before is None else exact.encode(prepared.before.document).decode()
    return {"paths": paths, "document": document}


def writes_of(system: System) -> Writes | None:
    """Return what can be written of a system's customers."""
    return None if system.writer is None else system.writer.writes


def in_progress(operation: StoredOperation) -> UserError:
    """Say that another attempt at an operation is under way, here or in another process."""
    message = f"The operation {operation.id} is still running. Ask again in 1 s."
    path = None if operation.idempotency is None else ("idempotencyKey",)
    code = UserErrorCode.IDEMPOTENCY_IN_PROGRESS
    return UserError(code, message, path, operation.system, retryable=True, retry_after_ms=1000)


def no_writer(operation: StoredOperation) -> UserError:
    """Say that this process cannot write to the system of an operation; another may be configured otherwise."""
    message = f"The operation {operation.id} is not settled: nothing can be written to {operation.system} here."
    return UserError(UserErrorCode.NOT_WRITABLE, message, system=operation.system)


def no_journal(failure: GatewayError) -> UserError:
    """Say that nothing was sent, because its intent could not be stored; why stands in the log."""
    code = UserErrorCode.UPSTREAM_UNAVAILABLE
    if isinstance(failure, DatabaseUnavailable):
        message = "The journal of writes does not answer; nothing was sent. Try again in 5 s."
        return UserError(code, message, retryable=True, retry_after_ms=5000)
    return UserError(code, "The gateway has no key for its journal of writes; nothing was sent. Tell its operator.")


def not_read(failure: UpstreamError) -> UserError:
    """Say that a record, or a list that a field needs, cannot be read, by the code of any read: nothing was sent."""
    known = failure.code in UserErrorCode.__members__
    code = UserErrorCode(failure.code) if known else UserErrorCode.UPSTREAM_BAD_RESPONSE
    return UserError(code, str(failure), None, failure.system, failure.retryable, failure.retry_after_ms)


def journal_failed_after(operation: StoredOperation) -> UserError:
    """Say that the journal failed while an operation was carried out: its outcome is open."""
    message = (
        f"The journal of writes failed while the operation {operation.id} was carried out. "
        "Ask for it by Query.operation, and do not send the write again before it is settled."
    )
    return UserError(UserErrorCode.UPSTREAM_UNAVAILABLE, message, system=operation.system, retry_after_ms=5000)


def outcome_is_open(operation: StoredOperation) -> UserError:
    """Say that an earlier write of the record may still be applied."""
    message = f"The outcome of an earlier write is open: settle the operation {operation.id} first, or force."
    return UserError(UserErrorCode.PENDING, message, ("id",), operation.system)


def applied_nothing(operation: Operation) -> bool:
    """Return whether an operation has changed nothing, and may be tried again."""
    return operation.state is OperationState.REJECTED and all(each.retryable for each in operation.errors)
