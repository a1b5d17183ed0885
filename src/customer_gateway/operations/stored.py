"""Plans as they are stored, stored operations as they are told: values as JSON texts, and redacted by scopes."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from customer_gateway.documents import exact
from customer_gateway.documents.changes import ABSENT
from customer_gateway.documents.structs import Struct
from customer_gateway.model.journal import StoredChange, StoredOperation, StoredWrite
from customer_gateway.model.operations import FieldChange, Operation, Write
from customer_gateway.model.required_scopes import READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from customer_gateway.documents.changes import Change
    from customer_gateway.documents.writing import Writes
    from customer_gateway.model.callers import Rights
    from customer_gateway.operations.plan import PlannedWrite

_RANDOM_BYTES: Final = 10


def new_operation_id() -> str:
    """Return a new id; those of later milliseconds sort after it."""
    return f"op_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(_RANDOM_BYTES)}"


def new_owner() -> str:
    """Return a name for the owner of a lease, which no other attempt has."""
    return secrets.token_hex(8)


def stored_writes(plan: Iterable[PlannedWrite]) -> list[StoredWrite]:
    """Return planned calls as they are stored."""
    return [
        StoredWrite(
            resource=each.resource,
            method=each.method,
            path=each.path,
            template=each.template,
            body=exact.encode(each.body).decode(),
            places=[change.place for change in each.changes],
            changes=[_stored_change(change) for change in each.changes],
        )
        for each in plan
    ]


def _stored_change(change: Change) -> StoredChange:
    return StoredChange(change.place, text_of(change.before), text_of(change.after))


def text_of(value: Any) -> str | None:
    """Return a value of a document as JSON text; None for `ABSENT`."""
    return None if value is ABSENT else exact.encode(value).decode()


def value_of(text: str | None) -> Any:
    """Return the value of a stored text, exact; `ABSENT` for a member that is absent."""
    return ABSENT if text is None else exact.decode(text.encode())


def operation_as_seen(
    operation: StoredOperation, writes: Writes | None, rights: Rights, *, replayed: bool = False
) -> Operation:
    """Return a stored operation as its caller may see it."""
    shown = _Redaction(writes, rights)
    return Operation(
        id=operation.id or None,
        kind=operation.kind,
        system=operation.system,
        key=operation.key,
        state=operation.state,
        actor=operation.actor,
        writes=[_write(operation, each, shown) for each in operation.writes],
        started_at=operation.started_at,
        settled_at=operation.settled_at,
        replayed=replayed,
        foreign_changes=[shown.foreign(operation, place) for place in operation.foreign_places],
        errors=list(operation.errors),
    )


def _write(operation: StoredOperation, write: StoredWrite, shown: _Redaction) -> Write:
    known = {change.place: change for change in write.changes}
    return Write(
        system=operation.system,
        key=operation.key,
        method=write.method,
        path=write.path,
        changes=[shown.change(place, known.get(place)) for place in write.places],
        status=write.status,
        verified=write.verified,
        error=write.error,
    )


class _Redaction:
    """Hides the values of places whose vendor field needs scopes that a caller lacks, and those that were purged."""

    def __init__(self, writes: Writes | None, rights: Rights) -> None:
        self._record = None if writes is None else writes.record
        self._scopes = rights.scopes

    def change(self, place: str, stored: StoredChange | None) -> FieldChange:
        """Return a changed place."""
        if stored is None or not self._may_read(place):
            return FieldChange(place, redacted=True)
        return FieldChange(place, _json(stored.before), _json(stored.after))

    def foreign(self, operation: StoredOperation, place: str) -> FieldChange:
        """Return a place that somebody else changed."""
        values: dict[str, Any] = operation.private.get("foreign", {})
        before, after = values.get(place, (None, None))
        return self.change(place, StoredChange(place, before, after) if place in values else None)

    def _may_read(self, place: str) -> bool:
        if not self._scopes >= READ:
            return False
        struct: Any = self._record
        for name in place.split("."):
            field = struct.by_vendor_name.get(name) if isinstance(struct, Struct) else None
            if field is None:
                return True  # a part with calls of its own: an address
            if not (field.scopes <= self._scopes and _inner_scopes(field.type) <= self._scopes):
                return False
            struct = field.type
        return True


def _inner_scopes(field_type: object) -> frozenset[str]:
    if not isinstance(field_type, Struct):
        return frozenset()
    return frozenset[str]().union(*(each.scopes | _inner_scopes(each.type) for each in field_type.fields))


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def with_write(operation: StoredOperation, index: int, **changes: Any) -> StoredOperation:
    """Return the operation with one of its writes changed."""
    writes: Sequence[StoredWrite] = [
        replace(each, **changes) if position == index else each for position, each in enumerate(operation.writes)
    ]
    return replace(operation, writes=writes)
