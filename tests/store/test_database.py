from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from postgres_server import NEEDS_POSTGRES, PASSWORD, PostgresServer
from sqlalchemy import insert, inspect, select, text

from customer_gateway.errors import DatabaseUnavailable
from customer_gateway.store.database import Database
from customer_gateway.store.tables import CHANGE_STAMPS

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio

ROW = {"name": "test", "stamp": "1"}


def sqlite(file: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{file}")


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def stamps(database: Database) -> list[str]:
    async with database.read_transaction() as connection:
        return sorted((await connection.execute(select(CHANGE_STAMPS.c.name))).scalars())


async def test_nothing_is_there_before_the_first_write(database: Database) -> None:
    assert not await database.is_there()
    assert await database.revision() is None
    async with database.write_transaction():
        pass

    assert await database.is_there()


async def test_what_is_written_is_read(database: Database) -> None:
    async with database.write_transaction() as connection:
        await connection.execute(insert(CHANGE_STAMPS).values(**ROW))

    assert "test" in await stamps(database)


async def test_a_body_that_raises_writes_nothing(database: Database) -> None:
    async def work() -> None:
        async with database.write_transaction() as connection:
            await connection.execute(insert(CHANGE_STAMPS).values(**ROW))
            raise KeyError

    with pytest.raises(KeyError):
        await work()
    assert "test" not in await stamps(database)


async def test_a_database_that_was_closed_may_be_used_again(database: Database) -> None:
    await database.upgrade()
    await database.aclose()

    assert await stamps(database) == ["api_keys"]


async def test_a_transaction_that_reads_sees_one_state(tmp_path: Path) -> None:
    database = sqlite(tmp_path / "gateway.db")
    await database.upgrade()

    async with database.read_transaction() as connection:
        before = len((await connection.execute(select(CHANGE_STAMPS))).all())
        async with database.write_transaction() as writer:
            await writer.execute(insert(CHANGE_STAMPS).values(**ROW))
        after = len((await connection.execute(select(CHANGE_STAMPS))).all())
    await database.aclose()

    assert (before, after) == (1, 1)


async def test_a_sqlite_file_is_its_user_s_alone_and_durable(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "customer-gateway"
    database = sqlite(folder / "gateway.db")

    async with database.write_transaction() as connection:
        await connection.execute(insert(CHANGE_STAMPS).values(**ROW))
        modes = modes_in(folder)
        synchronous = (await connection.execute(text("PRAGMA synchronous"))).scalar()
        journal = (await connection.execute(text("PRAGMA journal_mode"))).scalar()
    await database.aclose()

    assert modes == dict.fromkeys(["gateway.db", "gateway.db-wal", "gateway.db-shm"], 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (synchronous, journal) == (2, "wal")


async def test_what_may_be_lost_with_the_power_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    database = sqlite(tmp_path / "gateway.db")

    def synchronous(connection: Connection) -> object:
        return connection.execute(text("PRAGMA synchronous")).scalar()

    found = [await database.write(synchronous, durable=durable) for durable in (True, False, True, False, False)]
    await database.aclose()

    assert found == [2, 1, 2, 1, 1]


@pytest.mark.parametrize("mode", [0o644, 0o664, 0o600])
async def test_an_empty_file_becomes_its_user_s_alone_before_anything_is_written(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "gateway.db"
    file.touch()
    file.chmod(mode)
    database = sqlite(file)

    assert not await database.is_there()
    async with database.write_transaction():
        modes = modes_in(tmp_path)
    await database.aclose()

    assert modes == dict.fromkeys(["gateway.db", "gateway.db-wal", "gateway.db-shm"], 0o600)


async def test_the_mode_of_a_file_with_content_stays_as_its_operator_set_it(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE other (id INTEGER)")
    connection.close()
    file.chmod(0o640)
    database = sqlite(file)

    await database.upgrade()
    await database.aclose()

    assert stat.S_IMODE(file.stat().st_mode) == 0o640


async def test_who_reads_cannot_write_a_sqlite_file(tmp_path: Path) -> None:
    database = sqlite(tmp_path / "gateway.db")
    await database.upgrade()

    with pytest.raises(DatabaseUnavailable, match="readonly"):
        async with database.read_transaction() as connection:
            await connection.execute(insert(CHANGE_STAMPS).values(**ROW))
    await database.aclose()


async def test_writers_of_a_process_and_of_several_wait_for_each_other(tmp_path: Path) -> None:
    """Read, then write what follows from it: without the lock from the beginning some would fail, or be lost."""
    databases = [sqlite(tmp_path / "gateway.db") for _ in range(3)]

    async def count(database: Database) -> None:
        async with database.write_transaction() as connection:
            found = (await connection.execute(select(CHANGE_STAMPS.c.stamp))).scalar_one()
            number = int(found) if found.isdigit() else 0
            await asyncio.sleep(0.001)
            await connection.execute(CHANGE_STAMPS.update().values(stamp=str(number + 1)))

    await asyncio.gather(*(count(database) for database in databases * 10))
    async with databases[0].read_transaction() as connection:
        counted = (await connection.execute(select(CHANGE_STAMPS.c.stamp))).scalar_one()
    for database in databases:
        await database.aclose()

    assert counted == "30"


async def test_a_path_may_hold_any_character_of_a_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20ö&c=d"
    database = sqlite(folder / "gateway.db")

    await database.upgrade()
    await database.aclose()

    assert [file.name for file in folder.iterdir()] == ["gateway.db"]


async def test_an_empty_file_becomes_a_database_with_a_write_ahead_log(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.touch()
    database = sqlite(file)

    assert not await database.is_there()
    await database.upgrade()
    await database.aclose()

    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    file.write_text("some text, long enough to be looked at" * 30, encoding="utf-8")
    database = sqlite(file)

    for work in (database.is_there, database.upgrade, database.revision):
        with pytest.raises(DatabaseUnavailable) as raised:
            await work()
        assert str(raised.value) == (
            f"{file}: the database cannot be used: file is not a database; check [database] url, and that the database "
            "can be used by this user."
        )
    await database.aclose()


async def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = sqlite(tmp_path / "file" / "gateway.db")

    with pytest.raises(DatabaseUnavailable, match="Not a directory"):
        await database.upgrade()


@NEEDS_POSTGRES
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((PASSWORD, "secret-and-wrong"), "InvalidPasswordError"),
        (("/test_", "/other_"), "InvalidCatalogNameError"),
        (("127.0.0.1", "127.0.0.2"), "Connect call failed"),
    ],
)
async def test_a_postgresql_that_cannot_be_used_is_told_without_its_password(
    postgres: PostgresServer, change: tuple[str, str], reason: str
) -> None:
    url = f"postgresql+asyncpg://gateway:{PASSWORD}@127.0.0.1:{postgres.port}/test_"
    database = Database(url.replace(*change))

    with pytest.raises(DatabaseUnavailable) as raised:
        await database.is_there()
    await database.aclose()

    assert reason in str(raised.value)
    assert f":{postgres.port}/" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert PASSWORD not in str(raised.value)


@NEEDS_POSTGRES
async def test_a_postgresql_that_was_started_again_is_used_again() -> None:
    server = PostgresServer()
    try:
        await asyncio.to_thread(server.start)
        database = Database(await asyncio.to_thread(server.new_database))
        await database.upgrade()

        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        assert await stamps(database) == ["api_keys"]

        await asyncio.to_thread(server.stop)
        with pytest.raises(DatabaseUnavailable):
            await stamps(database)
        await asyncio.to_thread(server.start)

        assert await stamps(database) == ["api_keys"]
        await database.aclose()
    finally:
        await asyncio.to_thread(server.remove)


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e12) SELECT count(*) FROM n"
"""A statement that takes hours."""


async def test_reads_that_take_long_hold_up_no_other_and_end_when_nobody_waits_for_them(tmp_path: Path) -> None:
    database = sqlite(tmp_path / "gateway.db")
    await database.upgrade()

    def read(sql: str) -> asyncio.Task[int]:
        return asyncio.create_task(database.read(lambda connection: connection.execute(text(sql)).scalar_one()))

    long = [read(ENDLESS) for _ in range(3)]
    async with asyncio.timeout(20):
        assert await read("SELECT 1") == 1
        for each in long:
            each.cancel()
        assert [type(each) for each in await asyncio.gather(*long, return_exceptions=True)] == [
            asyncio.CancelledError
        ] * 3
        assert [await each for each in [read(f"SELECT {number}") for number in range(8)]] == list(range(8))
        await database.aclose()  # waits for what is under way


async def test_a_read_that_is_given_up_between_two_statements_ends_with_the_next(tmp_path: Path) -> None:
    database = sqlite(tmp_path / "gateway.db")
    await database.upgrade()
    begun, given_up = threading.Event(), threading.Event()

    def work(connection: Connection) -> object:
        begun.set()
        given_up.wait(10)
        return connection.execute(text(ENDLESS)).scalar_one()

    reading = asyncio.create_task(database.read(work))
    async with asyncio.timeout(20):
        await asyncio.to_thread(begun.wait)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await asyncio.sleep(0.05)
        given_up.set()
        await database.aclose()  # waits for what is under way


async def test_tables_that_somebody_has_dropped_are_made_again_by_the_next_that_writes(database: Database) -> None:
    await database.upgrade()
    async with database.write_transaction() as connection:
        for table in await connection.run_sync(lambda each: inspect(each).get_table_names()):
            await connection.execute(text(f"DROP TABLE {table}"))

    with pytest.raises(DatabaseUnavailable):
        await stamps(database)

    assert not await database.is_there()
    await database.upgrade()
    assert await stamps(database) == ["api_keys"]
