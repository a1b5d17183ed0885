"""Turn operations into rows and back. The personal values of an operation are one sealed column of its row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog

from customer_gateway.model.journal import StoredChange, StoredOperation, StoredWrite
from customer_gateway.model.operations import OperationKind, OperationState, UserError, UserErrorCode, WriteStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.store.private_values import PrivateKey

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NOTHING: Final[dict[str, Any]] = {"private": {}, "bodies": [], "changes": []}


def values_of(operation: StoredOperation) -> dict[str, Any]:
    """Return the columns of an operation, but for the sealed one and its lease."""
    return {
        "id": operation.id,
        "kind": operation.kind.value,
        "system": operation.system,
        "record_key": operation.key,
        "actor": operation.actor,
        "state": operation.state.value,
        "started_at": operation.started_at,
        "settled_at": operation.settled_at,
        "idempotency": operation.idempotency,
        "input_digest": operation.input_digest,
        "writes": [_write_values(write) for write in operation.writes],
        "errors": [_error_values(error) for error in operation.errors],
        "foreign_places": list(operation.foreign_places),
    }


def has_private_values(operation: StoredOperation) -> bool:
    """Return whether there is anything to seal: not where the values are purged, or could not be opened."""
    return bool(operation.private or any(write.body or write.changes for write in operation.writes))


def sealed_values(operation: StoredOperation, key: PrivateKey) -> bytes:
    """Return the sealed column of an operation."""
    values = {
        "private": operation.private,
        "bodies": [write.body for write in operation.writes],
        "changes": [
            [{"place": each.place, "before": each.before, "after": each.after} for each in write.changes]
            for write in operation.writes
        ],
    }
    return key.seal(orjson.dumps(values), operation.id.encode())


def stored_operation(row: Mapping[str, Any], key: PrivateKey | None) -> StoredOperation:
    """Return the operation of a row; without its personal values where they are purged, or the key is another one."""
    opened = _opened(row, key)
    bodies, changes = opened["bodies"], opened["changes"]
    return StoredOperation(
        id=row["id"],
        kind=OperationKind(row["kind"]),
        system=row["system"],
        key=row["record_key"],
        actor=row["actor"],
        state=OperationState(row["state"]),
        started_at=row["started_at"],
        settled_at=row["settled_at"],
        idempotency=row["idempotency"],
        input_digest=row["input_digest"],
        writes=tuple(
            _write(values, bodies[index] if bodies else "", changes[index] if changes else ())
            for index, values in enumerate(row["writes"])
        ),
        errors=tuple(_error(values) for values in row["errors"]),
        foreign_places=tuple(row["foreign_places"]),
        private=opened["private"],
        owner=row["owner"],
        lease_until=row["lease_until"],
    )


def _opened(row: Mapping[str, Any], key: PrivateKey | None) -> dict[str, Any]:
    sealed: bytes | None = row["private"]
    if sealed is None:
        return _NOTHING | {"private": {}}
    opened = None if key is None else key.open(sealed, row["id"].encode())
    if opened is None:
        structlog.get_logger("customer_gateway.store").warning(
            "private_values_unreadable",
            operation=row["id"],
            reason="no key of the database is there" if key is None else "they were encrypted by another key",
        )
        return _NOTHING | {"private": {}}
    return orjson.loads(opened)


def _write_values(write: StoredWrite) -> dict[str, Any]:
    return {
        "resource": write.resource,
        "method": write.method,
        "path": write.path,
        "template": write.template,
        "places": list(write.places),
        "status": write.status.value,
        "sent_at": None if write.sent_at is None else (write.sent_at - _EPOCH) // _MILLISECOND,
        "verified": write.verified,
        "error": None if write.error is None else _error_values(write.error),
    }


def _write(values: Mapping[str, Any], body: str, changes: Sequence[Mapping[str, Any]]) -> StoredWrite:
    sent_at, error = values["sent_at"], values["error"]
    return StoredWrite(
        resource=values["resource"],
        method=values["method"],
        path=values["path"],
        template=values["template"],
        body=body,
        places=tuple(values["places"]),
        changes=tuple(StoredChange(each["place"], each["before"], each["after"]) for each in changes),
        status=WriteStatus(values["status"]),
        sent_at=None if sent_at is None else _EPOCH + sent_at * _MILLISECOND,
        verified=values["verified"],
        error=None if error is None else _error(error),
    )


def _error_values(error: UserError) -> dict[str, Any]:
    return {
        "code": error.code.value,
        "message": error.message,
        "field": None if error.field is None else list(error.field),
        "system": error.system,
        "retryable": error.retryable,
        "retry_after_ms": error.retry_after_ms,
    }


def _error(values: Mapping[str, Any]) -> UserError:
    field = values["field"]
    return UserError(
        code=UserErrorCode(values["code"]),
        message=values["message"],
        field=None if field is None else tuple(field),
        system=values["system"],
        retryable=values["retryable"],
        retry_after_ms=values["retry_after_ms"],
    )
