from __future__ import annotations

from typing import TYPE_CHECKING

from processes import PATIENCE, python

if TYPE_CHECKING:
    from pathlib import Path

FOLLOW = """
import asyncio, sys
import customer_gateway.app
import customer_gateway.cli
from customer_gateway.http.callers.key_cache import KeyCache
from customer_gateway.store.database import Database
from customer_gateway.store.key_source import KeySource

async def main():
    async with KeyCache(KeySource(Database(sys.argv[1]))).following():
        await asyncio.sleep(0)

asyncio.run(main())
print(sorted({"sqlalchemy", "alembic", "aiosqlite", "asyncpg"} & sys.modules.keys()))
"""


def test_a_gateway_without_a_database_imports_none_of_what_one_takes(tmp_path: Path) -> None:
    with python("-c", FOLLOW, f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}") as process:
        assert process.communicate(timeout=PATIENCE) == ("[]\n", "")
