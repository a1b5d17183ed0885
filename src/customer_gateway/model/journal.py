"""What is stored of operations, and the protocol of what stores it: `store.journal` keeps it in the database.

The intent of each call is stored before it is sent, its outcome after, so that another worker can find out what became
of it. Only the owner of an operation's lease changes it; who lost the lease gets `LeaseLost`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from customer_gateway.model.operations import OperationKind, OperationState, UserError, WriteStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A changed place. Values are JSON texts (numbers as they are spelled), None for a member that is absent."""

    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class StoredWrite:
    """One planned call. `resource` names the part of the document that it writes ("" the customer's own).

    `body` is the JSON text that is sent. `sent_at` is when it was about to be sent, None before. `key` is the record's
    key once it is known. `changes` and `body` are empty once they are purged; `places` stay.
    """

    resource: str
    method: str
    path: str
    template: str
    body: str
    places: Sequence[str]
    changes: Sequence[StoredChange]
    status: WriteStatus = WriteStatus.PLANNED
    sent_at: datetime | None = None
    verified: bool | None = None
    error: UserError | None = None


@dataclass(frozen=True, slots=True)
class StoredOperation:
    """An operation as it is stored.

    `private` is what else a take-over needs: JSON of strings and numbers (the patch's paths by place, the keys that a
    search found before a create). It, the writes' bodies and their changes are personal data: encrypted, and empty
    once they are purged. `idempotency` is a digest of the caller and its key, `input_digest` one of the input.
    """

    id: str
    kind: OperationKind
    system: str
    key: str | None
    actor: str
    state: OperationState
    started_at: datetime
    settled_at: datetime | None = None
    idempotency: str | None = None
    input_digest: str = ""
    writes: Sequence[StoredWrite] = ()
    errors: Sequence[UserError] = ()
    foreign_places: Sequence[str] = ()
    private: dict[str, Any] = field(default_factory=dict[str, Any])
    owner: str | None = None
    lease_until: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is left to be done or to be found out."""
        return self.settled_at is not None


@dataclass(frozen=True, slots=True)
class Begun:
    """What `begin` has done. `existing` is what has the idempotency key already: then nothing is stored.

    `has_record` says whether the lease of the record is acquired, too; then `unsettled` is what `unsettled_of` returns.
    """

    existing: StoredOperation | None = None
    has_record: bool = False
    unsettled: Sequence[StoredOperation] = ()


class Journal(Protocol):
    """Stores operations. Every method is one transaction, and raises `DatabaseUnavailable` where that fails."""

    def digest(self, text: str) -> str:
        """Return an HMAC of a text, by the journal's own key, as hexadecimal digits."""
        ...

    async def begin(self, operation: StoredOperation, now: datetime, record: str | None = None) -> Begun:
        """Store a new operation with its owner and lease, unless another one has its idempotency key.

        One that is settled and older than 24 h no longer holds its key. With a `record` its owner acquires the lease of
        that, too, until `lease_until`; where another owner has it the operation is stored all the same.
        """
        ...

    async def update(self, operation: StoredOperation, record: str | None = None) -> None:
        """Store the operation as it is now, its lease included; `owner` is who must hold it. Raises `LeaseLost`.

        With a `record` so must its owner hold the lease of that, which is renewed alike. An operation that is
        settled, or is stored without `lease_until`, releases its lease, and that of the record where it has it.
        """
        ...

    async def discard(self, operation: StoredOperation, record: str | None = None) -> None:
        """Delete an operation of which nothing was sent, and release the lease of its record. Raises `LeaseLost`."""
        ...

    async def renew(self, id: str, owner: str, until: datetime, record: str | None = None) -> bool:  # noqa: A002 - as everywhere in the model
        """Renew the lease of an operation, and of its record; return False where another owner has either."""
        ...

    async def take_over(self, id: str, owner: str, now: datetime, until: datetime) -> StoredOperation | None:  # noqa: A002
        """Take over an operation that is not settled and whose lease is expired; return it, None otherwise."""
        ...

    async def stranded(self, now: datetime, most: int, systems: Sequence[str]) -> Sequence[str]:
        """Return the ids of RUNNING operations of these systems whose lease is expired, the oldest first."""
        ...

    async def acquire_record(self, name: str, owner: str, now: datetime, until: datetime) -> bool:
        """Acquire, or renew, the lease of a record to be written; return False where another owner has it."""
        ...

    async def release_record(self, name: str, owner: str) -> None:
        """Release the lease of a record."""
        ...

    async def find(self, id: str) -> StoredOperation | None:  # noqa: A002
        """Return an operation."""
        ...

    async def unsettled_of(self, system: str, key: str) -> Sequence[StoredOperation]:
        """Return the operations on a record that are PENDING or UNKNOWN and not given up, the newest first."""
        ...

    async def page(
        self,
        first: int,
        after: tuple[datetime, str] | None = None,
        *,
        actor: str | None = None,
        states: Sequence[OperationState] = (),
        record: tuple[str, str] | None = None,
        systems: Sequence[str] | None = None,
        unsettled_at: datetime | None = None,
    ) -> Sequence[StoredOperation]:
        """Return operations, the newest first, those after a moment and an id: at most `first`.

        Those of an `actor`, in `states`, on a record (system, key), of `systems` alone, that were not settled before a
        moment, where these are given.
        """
        ...

    async def purge(self, now: datetime) -> int:
        """Delete the personal data of operations settled more than 24 h ago; return of how many.

        One that nobody has settled for 30 days is given up: it is settled as UNKNOWN, and its personal data go at once.
        """
        ...
