"""Write operations: a table or lines for people, JSON for programs. Personal values stand there where asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.cli.columns import columns_text
from customer_gateway.cli.key_options import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.model.journal import StoredChange, StoredOperation, StoredWrite
    from customer_gateway.model.operations import UserError

_NAMES: Final = ("started", "state", "kind", "system", "key", "actor", "settled", "id")
_NONE: Final = "No operation is there.\n"
_NO_VALUES: Final = "values are not there: purged, or encrypted by another key than [database] key"
_ABSENT: Final = "(absent)"


def table_text(operations: Sequence[StoredOperation]) -> str:
    """Return a table with a line for each operation."""
    return columns_text(_NAMES, (_summary(each).values() for each in operations)) if operations else _NONE


def list_json(operations: Sequence[StoredOperation]) -> str:
    """Return a list of objects."""
    return json.dumps([_summary(each) for each in operations], indent=2) + "\n"


def operation_json(operation: StoredOperation, *, values: bool) -> str:
    """Return an object: the operation, its writes and errors. Values are JSON texts, null where a member is absent."""
    facts = {
        **_summary(operation),
        "writes": [_write_facts(write, values=values) for write in operation.writes],
        "errors": [_error_facts(error) for error in operation.errors],
        "foreignPlaces": list(operation.foreign_places),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def operation_text(operation: StoredOperation, *, values: bool) -> str:
    """Return lines: the operation, then each of its calls, then why something was not written."""
    names = zip(_NAMES, _summary(operation).values(), strict=True)
    lines = [f"{name:<8} {'-' if value is None else value}" for name, value in names]
    for number, write in enumerate(operation.writes, start=1):
        lines += [f"write {number}  {line}" for line in _write_lines(write, values=values)]
    lines += [f"error    {_error_line(error)}" for error in operation.errors]
    if operation.foreign_places:
        lines.append(f"changed by others: {', '.join(operation.foreign_places)}")
    return "\n".join(lines) + "\n"


def _summary(operation: StoredOperation) -> dict[str, Any]:
    return {
        "startedAt": written(operation.started_at),
        "state": operation.state.value,
        "kind": operation.kind.value,
        "system": operation.system,
        "key": operation.key,
        "actor": operation.actor,
        "settledAt": _moment(operation.settled_at),
        "id": operation.id,
    }


def _write_lines(write: StoredWrite, *, values: bool) -> Iterator[str]:
    verified = {None: "", True: ", verified", False: ", not as written when read again"}[write.verified]
    sent = "not sent" if write.sent_at is None else f"sent {written(write.sent_at)}"
    yield f"{write.method} {write.path}: {write.status.value}, {sent}{verified}"
    yield f"places: {', '.join(write.places) or 'none'}"
    if values:
        yield from (_change_line(change) for change in write.changes)
        if write.places and not write.changes:
            yield _NO_VALUES
    if write.error is not None:
        yield f"error: {_error_line(write.error)}"


def _change_line(change: StoredChange) -> str:
    before, after = (_ABSENT if text is None else text for text in (change.before, change.after))
    return f"{change.place}: {before} -> {after}"


def _error_line(error: UserError) -> str:
    place = f" {'.'.join(error.field)}" if error.field else ""
    return f"{error.code.value}{place}: {error.message}"


def _write_facts(write: StoredWrite, *, values: bool) -> Mapping[str, Any]:
    facts: dict[str, Any] = {
        "resource": write.resource,
        "method": write.method,
        "path": write.path,
        "places": list(write.places),
        "status": write.status.value,
        "sentAt": _moment(write.sent_at),
        "verified": write.verified,
        "error": None if write.error is None else _error_facts(write.error),
    }
    if values:
        changes = [{"place": each.place, "before": each.before, "after": each.after} for each in write.changes]
        facts["changes"] = changes or None
    return facts


def _error_facts(error: UserError) -> Mapping[str, Any]:
    return {
        "code": error.code.value,
        "field": None if error.field is None else list(error.field),
        "message": error.message,
        "system": error.system,
        "retryable": error.retryable,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else written(moment)
