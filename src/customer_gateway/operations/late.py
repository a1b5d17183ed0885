"""Merge what a process that was paused knows of its calls into its operation, or report it as another operation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from customer_gateway.model.operations import OperationState, UserError, UserErrorCode, WriteStatus
from customer_gateway.operations import clock
from customer_gateway.operations.stored import new_operation_id

if TYPE_CHECKING:
    from customer_gateway.model.journal import StoredOperation

_DONE = frozenset({WriteStatus.APPLIED, WriteStatus.PENDING, WriteStatus.UNKNOWN})
_KNOWN = frozenset({WriteStatus.APPLIED, WriteStatus.PENDING, WriteStatus.REJECTED})
_OPEN = frozenset({WriteStatus.PLANNED, WriteStatus.UNKNOWN})


def with_known(taken: StoredOperation, mine: StoredOperation | None) -> StoredOperation:
    """Return an operation that was taken back, with what its process has seen itself of calls that are open still."""
    if mine is None:
        return taken
    writes = [
        one if one.status in _KNOWN and other.status in _OPEN else other
        for one, other in zip(mine.writes, taken.writes, strict=False)
    ]
    private = {**taken.private, **mine.private}
    return replace(taken, key=taken.key or mine.key, writes=writes, foreign_places=mine.foreign_places, private=private)


def sent_late(mine: StoredOperation, settled: StoredOperation) -> StoredOperation | None:
    """Return an operation that reports the calls of `mine` that were sent although they are settled as not applied.

    None where there are none: what the other process left open its own look-up finds.
    """
    if not settled.is_settled:
        return None
    late = [
        index
        for index, (one, other) in enumerate(zip(mine.writes, settled.writes, strict=False))
        if one.status in _DONE and other.status not in _DONE
    ]
    if not late:
        return None
    now = clock.now()
    unknown = any(mine.writes[index].status is WriteStatus.UNKNOWN for index in late)
    keys = "" if settled.key in (None, mine.key) else f" The keys are {settled.key} and {mine.key}."
    message = (
        f"The process that sent this write was paused: {mine.system} got it after the operation {mine.id} had been "
        f"settled without it.{keys} Check the record, and undo what was applied twice or too late."
    )
    error = UserError(UserErrorCode.UPSTREAM_TIMEOUT, message, system=mine.system)
    return replace(
        mine,
        id=new_operation_id(),
        state=OperationState.UNKNOWN if unknown else OperationState.APPLIED,
        idempotency=None,
        started_at=now,
        settled_at=None if unknown else now,
        errors=[error],
        owner=None,
        lease_until=None,
    )
