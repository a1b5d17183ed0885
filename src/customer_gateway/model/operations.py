"""What becomes of a write: operations, their calls, and why something was not written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class OperationState(Enum):
    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    APPLIED = "APPLIED"
    PENDING = "PENDING"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class WriteStatus(Enum):
    PLANNED = "PLANNED"
    APPLIED = "APPLIED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


class OperationKind(Enum):
    """The mutation that an operation carries out."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    ARCHIVE = "ARCHIVE"
    RESTORE = "RESTORE"


class UserErrorCode(Enum):
    NOT_WRITABLE = "NOT_WRITABLE"
    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    EXCLUSIVE = "EXCLUSIVE"
    VERSION_REQUIRED = "VERSION_REQUIRED"
    CONFLICT = "CONFLICT"
    PENDING = "PENDING"
    ARCHIVED = "ARCHIVED"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    UPSTREAM_REJECTED = "UPSTREAM_REJECTED"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    UPSTREAM_RATE_LIMITED = "UPSTREAM_RATE_LIMITED"
    UPSTREAM_UNAUTHORIZED = "UPSTREAM_UNAUTHORIZED"
    UPSTREAM_BAD_RESPONSE = "UPSTREAM_BAD_RESPONSE"


@dataclass(frozen=True, slots=True)
class UserError:
    """Why something was not written. `field` is the path into the input, by GraphQL names. Names no value."""

    code: UserErrorCode
    message: str
    field: tuple[str, ...] | None = None
    system: str | None = None
    retryable: bool = False
    retry_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place of a vendor's document, by its path there. Values are those of JSON; None where redacted."""

    field: str
    before: Any = None
    after: Any = None
    redacted: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One call of an operation: what it is to change, and what became of it.

    `verified` says whether the record, read again, shows what was written; None where it was not read again.
    """

    system: str
    key: str | None
    method: str
    path: str
    changes: Sequence[FieldChange]
    status: WriteStatus = WriteStatus.PLANNED
    verified: bool | None = None
    error: UserError | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """A write from its plan to its outcome. `id` is None for a dry run, which is not stored.

    `system` and `key` name the record; the key of a new one is None until it is known. `actor` is who asked, as
    `KIND:NAME`. `errors` are the reasons for what was not written.
    """

    id: str | None
    kind: OperationKind
    system: str
    key: str | None
    state: OperationState
    actor: str
    writes: Sequence[Write]
    started_at: datetime | None = None
    settled_at: datetime | None = None
    replayed: bool = False
    foreign_changes: Sequence[FieldChange] = ()
    errors: Sequence[UserError] = field(default_factory=tuple)

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is left to be done or to be found out."""
        return self.settled_at is not None
