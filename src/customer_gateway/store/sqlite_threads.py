"""Run whole transactions on a SQLite file in threads: one that writes, some that read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

import orjson
from sqlalchemy import URL, StaticPool, create_engine, event

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from concurrent.futures import Future
    from pathlib import Path

    from sqlalchemy import Connection

BUSY_SECONDS: Final = 10.0
"""How long a writer waits for another process's transaction (SQLite), or for a connection."""
_INTERRUPT_SECONDS: Final = 0.01

T = TypeVar("T")


class SqliteThread:
    """Runs whole transactions in a thread of its own, one after the other.

    aiosqlite takes a turn of a thread for every step of a statement, some ten for a transaction; this takes one.
    Unless it `is_durable` no transaction waits until the disk has it.
    """

    def __init__(self, path: Path, pragmas: tuple[str, ...], begin: str, *, is_durable: bool = True) -> None:
        self._engine = create_engine(
            URL.create("sqlite", database=uri_of(path), query={"uri": "true"}),
            hide_parameters=True,
            poolclass=StaticPool,
            json_serializer=_json,
            json_deserializer=orjson.loads,
            connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        )
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._may_be_durable = self._is_durable = is_durable
        self._connection: Connection | None = None
        self._driver: sqlite3.Connection | None = None
        event.listen(self._engine, "connect", partial(prepare, (*pragmas, synchronous(durable=is_durable))))
        event.listen(self._engine, "connect", self._connected)
        event.listen(self._engine, "begin", partial(_begin, begin))

    async def run(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Return what the work returns, in a transaction that is committed unless it raises."""
        return await asyncio.wrap_future(self.submit(work, durable=durable))

    def submit(self, work: Callable[[Connection], T], *, durable: bool = True) -> Future[T]:
        """Begin a transaction when the one before has ended."""
        return self._thread.submit(self._run, work, durable and self._may_be_durable)

    def interrupt(self) -> None:
        """End the statement that runs now; the transaction raises."""
        if self._driver is not None:
            self._driver.interrupt()

    async def aclose(self) -> None:
        """Close the connection when what is under way has ended."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._dispose)
        self._thread.shutdown(wait=False)

    def _run(self, work: Callable[[Connection], T], durable: bool) -> T:  # noqa: FBT001 - an executor passes it
        if durable is not self._is_durable and self._driver is not None:  # within a transaction it is refused
            self._driver.execute(f"PRAGMA {synchronous(durable=durable)}")
            self._is_durable = durable
        # One connection of SQLAlchemy for all transactions: another one for each takes half of an empty one's time.
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            with self._connection.begin():
                return work(self._connection)
        except BaseException:
            self._give_back()
            raise

    def _give_back(self) -> None:
        """Let the pool roll back what a COMMIT that failed, or a ROLLBACK that was interrupted, has left open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _dispose(self) -> None:
        self._give_back()
        self._engine.dispose()

    def _connected(self, driver: Any, _record: object) -> None:
        self._driver, self._is_durable = driver, self._may_be_durable


class SqliteReaders:
    """Runs transactions that read side by side, each in a thread of its own with a connection of its own.

    One that is waited for no more, such as after a deadline, is ended: its thread is free for others then.
    """

    def __init__(self, path: Path, pragmas: tuple[str, ...], most: int) -> None:
        self._threads = [SqliteThread(path, pragmas, "BEGIN") for _ in range(most)]
        self._free = list(self._threads)
        self._semaphore = asyncio.Semaphore(most)
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns, in a transaction that reads."""
        await self._semaphore.acquire()
        thread = self._free.pop()
        loop = asyncio.get_running_loop()
        future = thread.submit(work)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._release, thread))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            ending = asyncio.create_task(self._end(thread, future))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)
            raise

    async def aclose(self) -> None:
        """Close the connections when what is under way has ended."""
        for _ in self._threads:
            await self._semaphore.acquire()
        for thread in self._threads:
            await thread.aclose()

    async def _end(self, thread: SqliteThread, future: Future[Any]) -> None:
        """Interrupt a transaction until it has ended: between two statements that does nothing.

        One that is done may have given its thread to another already.
        """
        while not future.done():
            thread.interrupt()
            await asyncio.sleep(_INTERRUPT_SECONDS)

    def _release(self, thread: SqliteThread) -> None:
        self._free.append(thread)
        self._semaphore.release()


def synchronous(*, durable: bool) -> str:
    """Return the setting by which a commit waits until the disk has it, or does not."""
    return "synchronous = FULL" if durable else "synchronous = NORMAL"


def uri_of(path: Path) -> str:
    """Return the address of a file that is there: none is made."""
    return f"file:{quote(str(path))}?mode=rw"


def prepare(pragmas: tuple[str, ...], connection: Any, _record: object) -> None:
    """Set up a new connection."""
    cursor = connection.cursor()
    for pragma in (*pragmas, "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _begin(statement: str, connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.execute(statement)  # without the work that SQLAlchemy has with a statement: each transaction begins with it
