from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from store.journal_rows import NOW, a_journal, an_operation

from customer_gateway.errors import DatabaseNewer
from customer_gateway.model.journal import Begun
from customer_gateway.store.database import Database
from customer_gateway.store.tables import METADATA, REVISION

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

UPGRADE = """
import asyncio, sys
from customer_gateway.store.database import Database

async def main():
    database = Database(sys.argv[1])
    sys.stdin.readline()
    print(await database.upgrade(), flush=True)
    await database.aclose()

sys.stdout.write("ready\\n")
sys.stdout.flush()
asyncio.run(main())
"""


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", "customer_gateway.store:migrations")
    return config


async def test_an_empty_database_is_brought_up_to_date_and_then_is(database: Database) -> None:
    assert await database.revision() is None
    assert await database.upgrade() is None
    assert await database.upgrade() == REVISION
    assert await database.revision() == REVISION


async def test_a_newer_database_is_refused_whatever_is_wanted_of_it(database: Database, database_url: str) -> None:
    async with database.write_transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    another = Database(database_url)

    for work in (another.is_there, another.upgrade):
        with pytest.raises(DatabaseNewer) as raised:
            await work()
        assert str(raised.value) == (
            f"{another.location}: the database is of version 9999, which this program does not know: it knows those up "
            f"to {REVISION}. Run the newer program, or name another database in [database] url."
        )
    with pytest.raises(DatabaseNewer):
        async with another.write_transaction():
            pass
    assert await another.revision() == "9999"
    await another.aclose()


async def test_a_running_program_goes_on_while_the_database_becomes_newer(database: Database) -> None:
    async with database.write_transaction() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert await database.is_there()


async def test_processes_that_upgrade_at_once_do_it_once(database: Database, database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            UPGRADE,
            database_url,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"

    said = await asyncio.gather(*(process.communicate(b"\n") for process in processes))

    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(out for out, _ in said) == [REVISION.encode() + b"\n"] * 3 + [b"None\n"]
    assert await database.revision() == REVISION


async def test_the_migrations_lead_to_the_tables_of_the_code(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)

    await database.upgrade()
    async with database.read_transaction() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_database_of_before_the_journal_gets_it_and_keeps_what_it_has(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    def upgrade(connection: Connection) -> None:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    (tmp_path / "state").mkdir()
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
        await connection.execute(text("UPDATE change_stamps SET stamp = 'kept'"))
    await engine.dispose()

    assert await database.revision() == "0001"
    assert await a_journal(database).begin(an_operation(), NOW) == Begun()
    async with database.read_transaction() as connection:
        assert (await connection.execute(text("SELECT stamp FROM change_stamps"))).scalars().all() == ["kept"]


async def test_the_newest_migration_is_the_revision_of_the_tables() -> None:
    assert ScriptDirectory.from_config(migrations()).get_heads() == [REVISION]
