"""Carry the mutations out: from the coerced input to a request of `operations`, and from its outcome to a payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.api.input_text import input_text
from customer_gateway.api.patch_reading import ReadPatch, read_patch
from customer_gateway.api.writing import writing_of
from customer_gateway.errors import (
    BadUserInput,
    DatabaseUnavailable,
    IdempotencyInProgress,
    IdempotencyMismatch,
    UpstreamError,
)
from customer_gateway.federation.after_write import ReadAfterWrite
from customer_gateway.model.ids import RecordRef, decode_id
from customer_gateway.model.operations import OperationKind, UserError, UserErrorCode
from customer_gateway.operations.requests import WriteRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from customer_gateway.api.writing import Writing
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.operations import Operation
    from customer_gateway.operations.requests import Outcome
    from customer_gateway.system import System

_FORCE: Final = "force"
_LONGEST_KEY: Final = 255
_MUTATIONS: Final = {
    OperationKind.CREATE: "customerCreate",
    OperationKind.UPDATE: "customerUpdate",
    OperationKind.ARCHIVE: "customerArchive",
    OperationKind.RESTORE: "customerRestore",
}
_BY_HEADER: Final = {
    UserErrorCode.IDEMPOTENCY_MISMATCH: IdempotencyMismatch,
    UserErrorCode.IDEMPOTENCY_IN_PROGRESS: IdempotencyInProgress,
}
_CODES: Final = frozenset(code.value for code in UserErrorCode)
_NO_JOURNAL: Final = (
    "The gateway's database does not answer. Send the same request with the same idempotency key again later: what was "
    "written is not written twice."
)


@dataclass(frozen=True, slots=True)
class Payload:
    """What came of a mutation; `record` is what its customer is read by."""

    record: RecordRef | None
    user_errors: Sequence[UserError]
    operation: Operation | None = None


async def create(request: RequestContext, given: Mapping[str, Any]) -> Payload:
    """Make a customer in the system that the input names."""
    system = request.systems.get(given["system"])
    if system is None:
        return Payload(None, [_not_found("There is no such system; Query.systems lists them.", "system")])
    patch = read_patch(given["patch"], system, request.rights)
    return await _carried_out(request, OperationKind.CREATE, system, None, patch, given)


async def change(request: RequestContext, kind: OperationKind, given: Mapping[str, Any]) -> Payload:
    """Change, archive or restore the customer that the input names. Raises `BadUserInput` for what is no id of one."""
    asked = decode_id(given["id"])
    if asked.type != "Customer":
        raise BadUserInput(f"This id names a {asked.type}, not a Customer; give the id of a customer.")
    system = request.systems.get(asked.system)
    if system is None:
        return Payload(None, [_not_found("There is no such customer.", "id")])
    patch = read_patch(given.get("patch", {}), system, request.rights)
    return await _carried_out(request, kind, system, asked.key, patch, given)


async def settle(request: RequestContext, id: str) -> Payload:  # noqa: A002 - as in the schema
    """Find out what became of an operation."""
    writing = writing_of(request)
    try:
        outcome = await writing.operations.settle(id, writing.asker.actor, request.rights, request.deadline)
    except (UpstreamError, DatabaseUnavailable) as error:
        return Payload(None, [_of_failure(error)])
    if outcome is None:
        return Payload(None, [_not_found("There is no such operation, or it is another caller's.", "id")])
    return Payload(None, outcome.errors, outcome.operation)


async def _carried_out(
    request: RequestContext,
    kind: OperationKind,
    system: System,
    key: str | None,
    patch: ReadPatch,
    given: Mapping[str, Any],
) -> Payload:
    writing = writing_of(request)
    record = None if key is None else RecordRef(system.name, key)
    refused = [*_refusals(request, given), *patch.errors]
    wanted = WriteRequest(
        kind=kind,
        system=system,
        key=key,
        patch=patch.patch,
        actor=writing.asker.actor,
        rights=request.rights,
        expected_version=given.get("expectedVersion"),
        force=given.get("force", False) and _FORCE in request.rights.scopes,
        idempotency_key=given.get("idempotencyKey") or writing.asker.idempotency_key,
        # What is refused already is planned, so that all refusals come at once: nothing is stored, nothing sent.
        dry_run=given["dryRun"] or bool(refused),
        input_text=input_text(_MUTATIONS[kind], given),
        refused=refused,
        written=(reading := ReadAfterWrite(request, system)).begin,
    )
    try:
        try:
            outcome = await writing.operations.carry_out(wanted, request.deadline)
        except (UpstreamError, DatabaseUnavailable) as error:
            return Payload(record if refused else None, [*refused, _of_failure(error)])
        if outcome.key is not None:
            await reading.wait(outcome.key)
    finally:
        reading.end()
    _tell_header(writing, outcome)
    return Payload(
        None if outcome.key is None else RecordRef(system.name, outcome.key), outcome.errors, outcome.operation
    )


def _refusals(request: RequestContext, given: Mapping[str, Any]) -> Iterator[UserError]:
    """Yield why the input is refused, whatever it is that is to be written."""
    if given.get("force") and _FORCE not in request.rights.scopes:
        message = "force needs the scope: force; ask the operator for a key with it."
        yield UserError(UserErrorCode.FORBIDDEN, message, ("force",))
    key: str | None = given.get("idempotencyKey")
    if key is not None and len(key) > _LONGEST_KEY:
        message = f"An idempotency key has at most {_LONGEST_KEY} characters."
        yield UserError(UserErrorCode.TOO_LONG, message, ("idempotencyKey",))
    if key is not None and not key.strip():
        message = "The idempotency key is blank. Give a text that is new for each write, such as a UUID."
        yield UserError(UserErrorCode.INVALID, message, ("idempotencyKey",))


def _tell_header(writing: Writing, outcome: Outcome) -> None:
    """Tell what a key of the header came to: raise what is the request's own error, else note a replay."""
    if writing.asker.idempotency_key is None:
        return
    for error in outcome.errors:
        if error.code in _BY_HEADER:
            raise _BY_HEADER[error.code](error.message)
    writing.asker.replayed = outcome.operation is not None and outcome.operation.replayed


def _of_failure(error: UpstreamError | DatabaseUnavailable) -> UserError:
    """Return a failure as a user error; one of our own mistakes is raised again."""
    if isinstance(error, DatabaseUnavailable):
        return UserError(UserErrorCode.UPSTREAM_UNAVAILABLE, _NO_JOURNAL, retryable=True)
    if error.code not in _CODES:
        raise error
    return UserError(
        UserErrorCode(error.code),
        str(error),
        system=error.system,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
    )


def _not_found(message: str, *path: str) -> UserError:
    return UserError(UserErrorCode.NOT_FOUND, message, path)
