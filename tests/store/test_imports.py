from __future__ import annotations

from typing import TYPE_CHECKING

from processes import PATIENCE, python

if TYPE_CHECKING:
    from pathlib import Path

FOLLOW = """
import asyncio, sys
import customer_gateway.app
import customer_gateway.cli
from datetime import UTC, datetime
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.store.database import Database
from customer_gateway.store.key_source import KeySource

async def main():
    database = Database(sys.argv[1])
    journal = customer_gateway.app.build_journal(Settings(ServerSettings(), {}), database)
    async with KeyCache(KeySource(database)).following():
        assert await journal.stranded(datetime.now(UTC), 9, ["pland"]) == []
        assert await journal.purge(datetime.now(UTC)) == 0

asyncio.run(main())
print(sorted({"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "cryptography"} & sys.modules.keys()))
"""


def test_a_gateway_without_a_database_imports_none_of_what_one_takes(tmp_path: Path) -> None:
    with python("-c", FOLLOW, f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}") as process:
        assert process.communicate(timeout=PATIENCE) == ("[]\n", "")
