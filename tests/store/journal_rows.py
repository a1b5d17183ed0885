"""Operations and journals for the tests of the journal."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from customer_gateway.model.journal import StoredChange, StoredOperation, StoredWrite
from customer_gateway.model.operations import OperationKind, OperationState, UserError, UserErrorCode, WriteStatus
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECRET = bytes(range(32))
NAME_OF_SOMEBODY = "Erika Musterfrau"

ERROR = UserError(
    UserErrorCode.UPSTREAM_REJECTED, "refused", ("input", "name"), "pland", retryable=True, retry_after_ms=5
)
WRITE = StoredWrite(
    resource="",
    method="PATCH",
    path="/customers/17",
    template="/customers/{key}",
    body=f'{{"name":"{NAME_OF_SOMEBODY}","discount":1.10}}',
    places=("name", "discount"),
    changes=(StoredChange("name", None, f'"{NAME_OF_SOMEBODY}"'), StoredChange("discount", "1.1", "1.10")),
    status=WriteStatus.APPLIED,
    sent_at=NOW + SECOND,
    verified=True,
    error=ERROR,
)


def an_operation(id: str = "op-1", **more: Any) -> StoredOperation:  # noqa: A002 - as in the model
    """Return one that runs, with a lease of 30 s, whose every member says something."""
    whole = StoredOperation(
        id=id,
        kind=OperationKind.UPDATE,
        system="pland",
        key="17",
        actor="key:shop",
        state=OperationState.RUNNING,
        started_at=NOW,
        input_digest="d1",
        writes=(WRITE,),
        errors=(ERROR,),
        foreign_places=("address.city",),
        private={"paths": {"name": ["input", "name"]}, "found": [1, "2"]},
        owner="worker-1",
        lease_until=NOW + 30 * SECOND,
    )
    return replace(whole, **more)


def settled(operation: StoredOperation, at: datetime) -> StoredOperation:
    """Return the operation as its worker stores it at its end."""
    return replace(operation, state=OperationState.APPLIED, settled_at=at)


def a_journal(database: Database, secret: bytes = SECRET) -> OperationJournal:
    """Return the journal of a database with a key."""
    return OperationJournal(database, PrivateKeySource(secret, lambda: None))


@asynccontextmanager
async def journals(url: str, most: int) -> AsyncGenerator[list[OperationJournal]]:
    """Yield journals with connections of their own to one database, as workers have."""
    databases = [Database(url) for _ in range(most)]
    try:
        yield [a_journal(each) for each in databases]
    finally:
        for each in databases:
            await each.aclose()
