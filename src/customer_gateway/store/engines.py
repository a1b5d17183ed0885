"""Make the engines of SQLAlchemy: for SQLite some that write and some that read; else one for both."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import URL, NullPool, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from customer_gateway.store.sqlite_threads import (
    BUSY_SECONDS,
    SqliteReaders,
    SqliteThread,
    prepare,
    synchronous,
    uri_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    import aiosqlite
    from sqlalchemy import Connection

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 30.0
"""The most a command on PostgreSQL may take; migrations have no bound."""
_READERS: Final = 4
_READING: Final = ("query_only = ON",)
# Of what can be read again, an index of up to gigabytes: pages are read from the system's own cache, where they stand
# once for all workers.
_WRITING_AN_INDEX: Final = ("cache_size = -65536", "wal_autocheckpoint = 16000")
_READING_AN_INDEX: Final = (*_READING, "cache_size = -16384", "mmap_size = 4294967296")
_NO_JIT: Final = "SET jit = off"
"""PostgreSQL would compile a search of many rows for longer than that runs: up to two seconds."""
_BEGIN_WRITING: Final = "BEGIN IMMEDIATE"

_CONNECTIONS: Final = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Engines:
    """Hold an engine for transactions that write, one for those that read, one for migrations; some are the same.

    Those in threads, of SQLite, are for transactions that are one turn of a thread.
    """

    writing: AsyncEngine
    reading: AsyncEngine
    migrating: AsyncEngine
    writing_in_thread: SqliteThread | None = None
    reading_in_threads: SqliteReaders | None = None

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run the work in a transaction that reads."""
        if self.reading_in_threads is not None:
            return await self.reading_in_threads.run(work)
        async with self.reading.begin() as connection:
            return await connection.run_sync(work)

    async def write(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Run the work in a transaction that writes; on PostgreSQL each is durable."""
        if self.writing_in_thread is not None:
            return await self.writing_in_thread.run(work, durable=durable)
        async with self.writing.begin() as connection:
            return await connection.run_sync(work)

    async def aclose(self) -> None:
        """Close every connection."""
        for thread in (self.writing_in_thread, self.reading_in_threads):
            if thread is not None:
                await thread.aclose()
        for engine in {self.writing, self.reading, self.migrating}:
            await engine.dispose()


def sqlite_engines(path: Path, *, is_durable: bool = True) -> Engines:
    """Return the engines of a SQLite file that is there: none of their connections makes one."""
    for_writing, for_reading = ((), _READING) if is_durable else (_WRITING_AN_INDEX, _READING_AN_INDEX)
    writing = _sqlite(path, size=1, pragmas=(*for_writing, synchronous(durable=is_durable)), begin=_BEGIN_WRITING)
    reading = _sqlite(path, size=_READERS, pragmas=for_reading, begin="BEGIN")
    in_threads = (
        SqliteThread(path, for_writing, _BEGIN_WRITING, is_durable=is_durable),
        SqliteReaders(path, for_reading, _READERS),
    )
    return Engines(writing, reading, writing, *in_threads)


def postgresql_engines(url: str) -> Engines:
    """Return the engines of a PostgreSQL database; they connect with the first transaction."""
    connect = {"timeout": CONNECT_SECONDS, "server_settings": {"application_name": "customer-gateway"}}
    engine = create_async_engine(
        url,
        hide_parameters=True,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        connect_args={**connect, "command_timeout": COMMAND_SECONDS},
    )
    event.listen(engine.sync_engine, "connect", _without_jit)
    return Engines(
        engine, engine, create_async_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=connect)
    )


def _without_jit(connection: Any, _record: object) -> None:
    """Switch JIT off, past the transaction of the connection; a pooler before PostgreSQL may refuse it as an option."""

    def execute(driver: Any) -> Coroutine[Any, Any, object]:
        return driver.execute(_NO_JIT)

    connection.run_async(execute)


def make_sqlite_file(path: Path) -> None:
    """Make the file unless it is there, readable to this user alone, and let it keep a write-ahead log (WAL).

    One that is there and empty gets that mode, too; of one with content the mode stays.
    Several processes may do so at once. SQLite gives the files beside it (`-wal`, `-shm`) the same mode.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        # By its path: closing a descriptor of the file would drop the locks that this process's connections hold.
        if path.stat().st_size == 0:
            path.chmod(0o600)
    until = time.monotonic() + BUSY_SECONDS
    with closing(sqlite3.connect(uri_of(path), uri=True)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself here.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def remove_sqlite_file(path: Path) -> None:
    """Remove the file, and then those beside it: by then nobody opens them any more."""
    file = path.resolve()  # of a link SQLite has those beside what it leads to
    for each in (file, *(file.with_name(f"{file.name}{end}") for end in ("-wal", "-shm"))):
        each.unlink(missing_ok=True)


def _sqlite(path: Path, *, size: int, pragmas: tuple[str, ...], begin: str) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=uri_of(path), query={"uri": "true"}),
        hide_parameters=True,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        # Transactions begin by `begin`: Python's own module would begin one at the first change.
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None},
    )

    def execute(driver: aiosqlite.Connection) -> Coroutine[Any, Any, object]:
        return driver.execute_fetchall(begin)

    def begin_transaction(connection: Connection) -> None:
        # One turn of the connection's thread instead of the three of a statement: each write waits for it.
        connection.connection.run_async(execute)

    event.listen(engine.sync_engine, "connect", partial(prepare, pragmas))
    event.listen(engine.sync_engine, "begin", begin_transaction)
    return engine
