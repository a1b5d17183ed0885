"""Read API keys for those who keep them in memory; without SQLAlchemy as long as no database is there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from customer_gateway.model.callers import ApiKey
    from customer_gateway.store.api_keys import ApiKeys
    from customer_gateway.store.database import Database

_NO_DATABASE: Final = "no database"


class KeySource:
    """Say which API keys there are, and when that has changed. A database that is not there has none."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._keys: ApiKeys | None = None

    async def prepare(self) -> None:
        """Bring the tables up to date, where there are any."""
        await self._database.is_there()

    async def changes(self, known: str | None) -> tuple[str, list[ApiKey]] | None:
        """Return the stamp of the last change and every key, None where the stamp is `known`."""
        if await self._database.is_there():
            return await (await self._api_keys()).changes(known)
        return None if known == _NO_DATABASE else (_NO_DATABASE, [])

    async def record_use(self, uses: Mapping[str, datetime]) -> None:
        """Write when keys were last used, by their ids."""
        if await self._database.is_there():
            await (await self._api_keys()).record_use(uses)

    async def _api_keys(self) -> ApiKeys:
        if self._keys is None:
            self._keys = await asyncio.to_thread(_made, self._database)
        return self._keys


def _made(database: Database) -> ApiKeys:
    from customer_gateway.store.api_keys import ApiKeys

    return ApiKeys(database)
