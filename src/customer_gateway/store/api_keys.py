"""Keep API keys: add, list, rotate and revoke them, and say when they have changed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from customer_gateway.model.callers import ApiKey, Rights
from customer_gateway.model.key_text import new_key_id
from customer_gateway.store.tables import API_KEYS, CHANGE_STAMPS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from customer_gateway.store.database import Database

USE_INTERVAL: Final = timedelta(minutes=1)
"""The last use of a key is written at most so often, whoever notices it."""
KEPT: Final = timedelta(days=30)
"""Keys stay so long after they were revoked or expired, to be listed and to say why they are refused."""
_NAME: Final = "api_keys"
_KEY: Final = API_KEYS.c


@dataclass(frozen=True, slots=True)
class StoredKey:
    """Hold an API key and its history. `replaced_at` is when a rotation gave the next secret out."""

    key: ApiKey
    created_at: datetime
    replaced_at: datetime | None
    last_used_at: datetime | None

    @property
    def is_current(self) -> bool:
        """Return whether it is the one that its name stands for."""
        return self.replaced_at is None and self.key.revoked_at is None


class ApiKeys:
    """Read and write the API keys of a database. Changes are made one after the other, also by processes.

    Each change deletes the keys that ended longer ago than `KEPT`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey, now: datetime) -> bool:
        """Add a key; return False where another current one has its name."""
        async with self._database.write_transaction() as connection:
            await _change(connection)
            await _purge(connection, now)  # before: the name of one that is deleted is free
            if await _current(connection, key.name) is not None:
                return False
            await connection.execute(insert(API_KEYS).values(**_values(key), created_at=now))
        return True

    async def rotate(
        self, name: str, digest: bytes, now: datetime, overlap: timedelta, expires_at: datetime | None
    ) -> bool:
        """Give the key of a name another secret; those before are taken until the overlap ends, or they expire before.

        Return False where no current key has the name.
        """
        async with self._database.write_transaction() as connection:
            await _change(connection)
            row = await _current(connection, name)
            if row is None:
                return False
            before, ends = _stored_key(row).key, now + overlap
            await connection.execute(update(API_KEYS).where(_KEY.id == before.id).values(replaced_at=now))
            # Those that were replaced before, too: a secret that leaked may be any of them.
            taken_longer = or_(_KEY.expires_at.is_(None), _KEY.expires_at > ends)
            of_name = update(API_KEYS).where(_KEY.name == name, _KEY.revoked_at.is_(None), taken_longer)
            await connection.execute(of_name.values(expires_at=ends))
            after = {**_values(before), "id": new_key_id(), "digest": digest, "expires_at": expires_at}
            await connection.execute(insert(API_KEYS).values(**after, created_at=now))
            await _purge(connection, now)
        return True

    async def revoke(self, name: str, now: datetime) -> bool:
        """Revoke every secret of a name; return False where there is none that is not revoked."""
        async with self._database.write_transaction() as connection:
            await _change(connection)
            revoked = await connection.execute(
                update(API_KEYS).where(_KEY.name == name, _KEY.revoked_at.is_(None)).values(revoked_at=now)
            )
            await _purge(connection, now)
            return revoked.rowcount > 0

    async def list_all(self) -> list[StoredKey]:
        """Return every key that is kept, by name, the oldest first."""
        if not await self._database.is_there():
            return []
        async with self._database.read_transaction() as connection:
            return await _all(connection)

    async def changes(self, known: str | None) -> tuple[str, list[ApiKey]] | None:
        """Return the stamp of the last change and every key, None where the stamp is `known`."""
        async with self._database.read_transaction() as connection:
            # Read before the keys: a change in between is then read again, not missed.
            found = await connection.execute(select(CHANGE_STAMPS.c.stamp).where(CHANGE_STAMPS.c.name == _NAME))
            stamp = found.scalar_one()
            return None if stamp == known else (stamp, [stored.key for stored in await _all(connection)])

    async def record_use(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were last used, by their ids, where what is written is older by `USE_INTERVAL`."""
        written = _KEY.last_used_at
        statement = (
            update(API_KEYS)
            .where(_KEY.id == bindparam("key"), or_(written.is_(None), written <= bindparam("before")))
            .values(last_used_at=bindparam("moment"))
        )
        rows = [{"key": key, "moment": at, "before": at - USE_INTERVAL} for key, at in uses.items()]
        async with self._database.write_transaction() as connection:
            await connection.execute(statement, rows)


async def _change(connection: AsyncConnection) -> None:
    """Set another stamp; the row is locked by it, so that those who change keys do it one after the other."""
    stamp = secrets.token_hex(8)
    await connection.execute(update(CHANGE_STAMPS).where(CHANGE_STAMPS.c.name == _NAME).values(stamp=stamp))


async def _purge(connection: AsyncConnection, now: datetime) -> None:
    """Delete the keys that ended longer ago than `KEPT`."""
    before = now - KEPT
    await connection.execute(delete(API_KEYS).where(or_(_KEY.revoked_at <= before, _KEY.expires_at <= before)))


async def _current(connection: AsyncConnection, name: str) -> RowMapping | None:
    statement = select(API_KEYS).where(_KEY.name == name, _KEY.replaced_at.is_(None), _KEY.revoked_at.is_(None))
    return (await connection.execute(statement)).mappings().one_or_none()


async def _all(connection: AsyncConnection) -> list[StoredKey]:
    found = await connection.execute(select(API_KEYS).order_by(func.lower(_KEY.name), _KEY.created_at, _KEY.id))
    return [_stored_key(row) for row in found.mappings()]


def _values(key: ApiKey) -> dict[str, Any]:
    systems = key.rights.systems
    return {
        "id": key.id,
        "name": key.name,
        "digest": key.digest,
        "scopes": sorted(key.rights.scopes),
        "systems": None if systems is None else sorted(systems),
        "rate_class": key.rate_class,
        "addresses": list(key.addresses),
        "expires_at": key.expires_at,
    }


def _stored_key(row: RowMapping) -> StoredKey:
    systems = row["systems"]
    key = ApiKey(
        id=row["id"],
        name=row["name"],
        digest=row["digest"],
        rights=Rights(frozenset(row["scopes"]), None if systems is None else frozenset(systems)),
        rate_class=row["rate_class"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
        addresses=tuple(row["addresses"]),
    )
    return StoredKey(key, row["created_at"], row["replaced_at"], row["last_used_at"])
