"""The journal of writes: operations in the database, each change of one by the owner of its lease alone.

This module imports no SQLAlchemy, nor cryptography: a gateway that never wrote reads an empty journal without them.
Where there is a database, `Database` has imported SQLAlchemy, in a thread, by the time that statements are needed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from customer_gateway.errors import LeaseLost
from customer_gateway.model.journal import Begun
from customer_gateway.store.operation_rows import has_private_values, sealed_values, stored_operation, values_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType

    from sqlalchemy import Connection

    from customer_gateway.model.journal import StoredOperation
    from customer_gateway.model.operations import OperationState
    from customer_gateway.store.database import Database
    from customer_gateway.store.private_key import PrivateKeySource
    from customer_gateway.store.private_values import PrivateKey

T = TypeVar("T")


class OperationJournal:
    """Keeps the operations of a database; `model.journal.Journal` says what each method does.

    Those that store raise `PrivateKeyMissing` where no key for personal values is configured, and `ConfigInvalid` where
    its file cannot be used. Those that read make neither a database nor a key.
    """

    def __init__(self, database: Database, keys: PrivateKeySource) -> None:
        self._database = database
        self._keys = keys

    def digest(self, text: str) -> str:
        """Return an HMAC of a text as hexadecimal digits. The first one reads the key's file, or makes it."""
        return self._keys.needed().digest(text)

    async def begin(self, operation: StoredOperation, now: datetime, record: str | None = None) -> Begun:
        """Store a new operation with its lease, and acquire that of its record."""
        key = await self._needed_key()
        lease = {"owner": operation.owner, "lease_until": operation.lease_until}
        values = {**values_of(operation), **lease, "private": None}
        if has_private_values(operation):
            values["private"] = sealed_values(operation, key)
        is_sent = any(write.sent_at is not None for write in operation.writes)  # one that is reported late
        return await self._database.write(
            lambda connection: _begin(connection, values, record, now, key), durable=is_sent
        )

    async def update(self, operation: StoredOperation, record: str | None = None) -> None:
        """Store the operation as it is now. Without `lease_until`, or settled, it releases its leases.

        Personal values that the operation does not have stay as they are stored.
        """
        values = values_of(operation)
        is_over = operation.settled_at is not None or operation.lease_until is None
        values["owner"], values["lease_until"] = (None, None) if is_over else (operation.owner, operation.lease_until)
        if has_private_values(operation):
            values["private"] = sealed_values(operation, await self._needed_key())
        await self._database.write(lambda connection: _update(connection, operation, values, record))

    async def discard(self, operation: StoredOperation, record: str | None = None) -> None:
        """Delete an operation of which nothing was sent, and release the lease of its record."""
        await self._write_unsynced(lambda connection: _discard(connection, operation, record))

    async def renew(self, id: str, owner: str, until: datetime, record: str | None = None) -> bool:  # noqa: A002 - as in the protocol
        """Renew the lease of an operation, and of its record; return False where another owner has either."""
        try:
            await self._write_unsynced(lambda connection: _renew(connection, id, owner, until, record))
        except LeaseLost:
            return False
        return True

    async def take_over(self, id: str, owner: str, now: datetime, until: datetime) -> StoredOperation | None:  # noqa: A002 - as in the protocol
        """Take over an operation that is not settled and whose lease is expired; return it, None otherwise."""
        if not await self._database.is_there():
            return None
        row = await self._write_unsynced(lambda connection: _operations().take_over(connection, id, owner, now, until))
        return None if row is None else stored_operation(row, await self._key_of([row]))

    async def stranded(self, now: datetime, most: int, systems: Sequence[str]) -> Sequence[str]:
        """Return the ids of RUNNING operations of these systems whose lease is expired, the oldest first."""
        if not await self._database.is_there():
            return []
        return await self._database.read(lambda connection: _operations().stranded_ids(connection, now, most, systems))

    async def acquire_record(self, name: str, owner: str, now: datetime, until: datetime) -> bool:
        """Acquire, or renew, the lease of a record to be written; return False where another owner has it."""
        return await self._write_unsynced(lambda connection: _leases().acquire(connection, name, owner, now, until))

    async def release_record(self, name: str, owner: str) -> None:
        """Release the lease of a record."""
        await self._write_unsynced(lambda connection: _leases().release(connection, name, owner))

    async def find(self, id: str) -> StoredOperation | None:  # noqa: A002 - as in the protocol
        """Return an operation."""
        if not await self._database.is_there():
            return None
        row = await self._database.read(lambda connection: _operations().one(connection, id))
        return None if row is None else stored_operation(row, await self._key_of([row]))

    async def unsettled_of(self, system: str, key: str) -> Sequence[StoredOperation]:
        """Return the operations on a record that are PENDING or UNKNOWN and not given up, the newest first."""
        if not await self._database.is_there():
            return []
        rows = await self._database.read(lambda connection: _operations().open_rows(connection, system, key))
        return await self._stored_operations(rows)

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
        """Return operations, the newest first, those after a moment and an id: at most `first`."""
        if not await self._database.is_there():
            return []
        conditions = {
            "actor": actor,
            "states": [state.value for state in states],
            "record": record,
            "systems": systems,
            "unsettled_at": unsettled_at,
        }
        rows = await self._database.read(
            lambda connection: _operations().newest(connection, first, after, **conditions)
        )
        return await self._stored_operations(rows)

    async def purge(self, now: datetime) -> int:
        """Delete the personal values of operations settled more than 24 h ago; return of how many.

        Those that nobody has settled for 30 days are given up. Operations that were settled 90 days ago go as a whole,
        and so do leases of records that are expired.
        """
        if not await self._database.is_there():
            return 0
        if not await self._database.read(lambda connection: _is_anything_to_purge(connection, now)):
            return 0
        return await self._database.write(lambda connection: _purge(connection, now))

    async def _write_unsynced(self, work: Callable[[Connection], T]) -> T:
        """Store what a loss of power may cost: it says nothing of a call, and no process that knows it is left then.

        What is stored before a call is sent is synced to the disk, and this with it.
        """
        return await self._database.write(work, durable=False)

    async def _stored_operations(self, rows: Sequence[Mapping[str, Any]]) -> list[StoredOperation]:
        key = await self._key_of(rows)
        return [stored_operation(row, key) for row in rows]

    async def _needed_key(self) -> PrivateKey:
        return self._keys.needed() if self._keys.is_found else await asyncio.to_thread(self._keys.needed)

    async def _key_of(self, rows: Iterable[Mapping[str, Any]]) -> PrivateKey | None:
        """Return the key for rows, None where none is there, or none of them has anything sealed."""
        if all(row["private"] is None for row in rows):
            return None
        return self._keys.present() if self._keys.is_found else await asyncio.to_thread(self._keys.present)


def _operations() -> ModuleType:
    from customer_gateway.store import operation_table

    return operation_table


def _leases() -> ModuleType:
    from customer_gateway.store import record_leases

    return record_leases


def _begin(connection: Connection, values: Any, record: str | None, now: datetime, key: PrivateKey) -> Begun:
    """Insert an operation and acquire the lease of its record; what is unsettled of that is asked under the lease."""
    row: Mapping[str, Any] | None = _operations().insert(connection, values, now)
    if row is not None:
        return Begun(stored_operation(row, key))
    if record is None or not _leases().acquire(connection, record, values["owner"], now, values["lease_until"]):
        return Begun()
    rows = _operations().open_rows(connection, values["system"], values["record_key"])
    return Begun(has_record=True, unsettled=tuple(stored_operation(each, key) for each in rows))


def _update(connection: Connection, operation: StoredOperation, values: Any, record: str | None) -> None:
    """Store an operation; nothing of it where its owner has lost the lease of it, or of the record it goes on with."""
    if not _operations().change(connection, operation.id, operation.owner, values):
        raise _lost(operation.id)
    if record is None:
        return
    if values["lease_until"] is None:
        _leases().release(connection, record, operation.owner)
    elif not _leases().renew(connection, record, operation.owner, operation.lease_until):
        raise _lost(operation.id)


def _discard(connection: Connection, operation: StoredOperation, record: str | None) -> None:
    if not _operations().remove(connection, operation.id, operation.owner):
        raise _lost(operation.id)
    if record is not None:
        _leases().release(connection, record, operation.owner)


def _renew(connection: Connection, id_: str, owner: str, until: datetime, record: str | None) -> None:
    """Renew the lease of an operation, then its record's: in the order of every other statement on both."""
    if not _operations().change(connection, id_, owner, {"lease_until": until}):
        raise _lost(id_)
    if record is not None and not _leases().renew(connection, record, owner, until):
        raise _lost(id_)


def _is_anything_to_purge(connection: Connection, now: datetime) -> bool:
    return _operations().is_anything_to_purge(connection, now) or _leases().is_any_expired(connection, now)


def _purge(connection: Connection, now: datetime) -> int:
    _leases().delete_expired(connection, now)
    return _operations().purge(connection, now)


def _lost(id_: str) -> LeaseLost:
    return LeaseLost(f"operation {id_}: another worker has taken it over")
