"""What the store imports, and when: SQLAlchemy only where there is a database, and by no two threads by halves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from processes import PATIENCE, python

if TYPE_CHECKING:
    from pathlib import Path

BY_TWO_THREADS = """
import sys, threading
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader

import sqlalchemy

half, done, failed = threading.Event(), threading.Event(), []

class PausingLoader(SourceFileLoader):
    # Stops in the midst of SQLAlchemy's ORM, until the other thread has done its import, or waits for this one.
    def exec_module(self, module):
        if hasattr(sys.modules.get("sqlalchemy.orm.base"), "_class_to_mapper") and not half.is_set():
            half.set()
            done.wait(1)
        super().exec_module(module)

sys.path_hooks.insert(0, FileFinder.path_hook((PausingLoader, [".py"]), (ExtensionFileLoader, EXTENSION_SUFFIXES)))
sys.path_importer_cache.clear()

def engines():
    import customer_gateway.store.engines

def rows():
    half.wait()
    try:
        import customer_gateway.store.catalog_rows
    except AttributeError as error:
        failed.append(str(error))
    done.set()

threads = [threading.Thread(target=each) for each in (engines, rows)]
for each in threads:
    each.start()
for each in threads:
    each.join()
print(half.is_set(), failed)
"""
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


def test_statements_are_made_while_another_thread_imports_sqlalchemy() -> None:
    """A first read finds no database, and makes rows, while the index of another is opened for the first time."""
    with python("-c", BY_TWO_THREADS) as process:
        assert process.communicate(timeout=PATIENCE) == ("True []\n", "")


def test_a_gateway_without_a_database_imports_none_of_what_one_takes(tmp_path: Path) -> None:
    with python("-c", FOLLOW, f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}") as process:
        assert process.communicate(timeout=PATIENCE) == ("[]\n", "")
