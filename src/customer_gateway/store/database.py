"""Open the database: transactions that read, transactions that write, and its tables brought up to date before.

This module imports no SQLAlchemy: where no database is there yet, none is needed.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, TypeVar

from customer_gateway.errors import DatabaseDamaged, DatabaseUnavailable, GatewayError
from customer_gateway.store.address import location_of, sqlite_path
from customer_gateway.store.schema import STORE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection

    from customer_gateway.store.engines import Engines
    from customer_gateway.store.schema import Schema

T = TypeVar("T")


class Database:
    """Hold the connections to one database; of all processes one writes to a SQLite file at a time.

    A SQLite file is made by the first that writes; tables of an older version are brought up to date by the first that
    reads or writes. Every method raises `DatabaseUnavailable` where the database does not answer, and `DatabaseNewer`
    where its tables are of a newer version than this program. One event loop uses it.
    """

    def __init__(self, url: str, schema: Schema = STORE) -> None:
        self.location = location_of(url)
        self._schema = schema
        self._url = url
        self.path = sqlite_path(url)
        self._file: tuple[int, int] | None = None
        self._engines: Engines | None = None
        self._is_up_to_date = False
        self._preparing = asyncio.Lock()

    @property
    def is_file(self) -> bool:
        """Return whether it is a file of SQLite."""
        return self.path is not None

    async def is_there(self) -> bool:
        """Return whether there are tables to read; where there are none, nothing was ever written."""
        with self._reported():
            if self._is_ready():
                return True
            async with self._preparing:
                if not await self._has_file():
                    return False
                if not self._is_up_to_date and await self._revision() is None:
                    return False
                await self._upgrade()
                return True

    @asynccontextmanager
    async def read_transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Yield a connection in a transaction that reads; for a database that `is_there`."""
        with self._reported():
            async with (await self._connected()).reading.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write_transaction(self) -> AsyncGenerator[AsyncConnection]:
        """Yield a connection in a transaction that is committed after the body, unless that raises."""
        await self.upgrade()
        with self._reported():
            async with (await self._connected()).writing.begin() as connection:
                yield connection

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Return what the work returns, in a transaction that reads; for a database that `is_there`."""
        with self._reported():
            return await (await self._connected()).read(work)

    async def write(self, work: Callable[[Connection], T], *, durable: bool = True) -> T:
        """Return what the work returns, in a transaction that is committed unless it raises.

        The work is run in one go, on SQLite in a thread: it costs one turn of that, not one a statement. One that is
        not `durable` costs no fsync there: a loss of power may undo it until the next that is durable.
        """
        await self.upgrade()
        with self._reported():
            return await (await self._connected()).write(work, durable=durable)

    async def upgrade(self) -> str | None:
        """Make the file and the tables, or bring them up to date; return the revision before."""
        with self._reported():
            if self._is_ready():
                return self._schema.newest()
            async with self._preparing:
                # A file without tables may be what a process left that was killed meanwhile.
                if not await self._has_file() or (not self._is_up_to_date and await self._revision() is None):
                    await asyncio.to_thread(self._make_file)
                    await self._has_file()
                return await self._upgrade()

    async def revision(self) -> str | None:
        """Return the revision of the tables as they are, None where there are none. Nothing is changed."""
        async with self._preparing:
            with self._reported():
                return await self._revision() if await self._has_file() else None

    async def remove_file(self) -> None:
        """Remove the file where all that is in it can be read again from elsewhere; other databases stay.

        Processes that have it open go on with the next one.
        """
        if self.path is None or self._schema.is_durable:
            return
        async with self._preparing:
            with self._reported():
                await self.aclose()
                from customer_gateway.store.engines import remove_sqlite_file

                await asyncio.to_thread(remove_sqlite_file, self.path)

    async def aclose(self) -> None:
        """Close every connection."""
        engines, self._engines, self._is_up_to_date = self._engines, None, False
        if engines is not None:
            await engines.aclose()

    def _is_ready(self) -> bool:
        """Return whether the tables were found as they have to be, and the file is the one that they were found in."""
        return self._is_up_to_date and self._found_file() == self._file

    async def _has_file(self) -> bool:
        """Return whether there is a file, where there has to be one. Of another than before nothing is known yet."""
        if self.path is None:
            return True
        if (file := self._found_file()) != self._file:
            await self.aclose()
            self._file = file
        return file is not None

    def _found_file(self) -> tuple[int, int] | None:
        """Return what tells the file that is there from another one of its name."""
        if self.path is None:
            return None
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _make_file(self) -> None:
        from customer_gateway.store.engines import make_sqlite_file

        if self.path is not None:
            make_sqlite_file(self.path)

    async def _connected(self) -> Engines:
        if self._engines is None:
            self._engines = await asyncio.to_thread(self._make_engines)
        return self._engines

    def _make_engines(self) -> Engines:
        """Import SQLAlchemy in a thread: it takes long, and requests go on meanwhile."""
        from customer_gateway.store.engines import postgresql_engines, sqlite_engines

        if self.path is None:
            return postgresql_engines(self._url)
        return sqlite_engines(self.path, is_durable=self._schema.is_durable)

    async def _revision(self) -> str | None:
        engines = await self._connected()
        async with engines.reading.connect() as connection:
            return await connection.run_sync(self._schema.revision_of)

    async def _upgrade(self) -> str | None:
        engines = await self._connected()
        newest = self._schema.newest()
        if self._is_up_to_date:
            return newest
        before = await self._revision()
        if before != newest:
            upgrade = await asyncio.to_thread(self._schema.load)
            async with engines.migrating.begin() as connection:
                before = await connection.run_sync(upgrade, self.location)
        self._is_up_to_date = True
        return before

    @contextmanager
    def _reported(self) -> Generator[None]:
        try:
            yield
        except GatewayError:
            raise
        except Exception as error:
            from customer_gateway.store.failure_reason import is_damaged, lacks_table, reason_of

            damaged = is_damaged(error)
            if damaged or lacks_table(error):  # the next use looks what there is by then, by connections of its own
                self._file, self._is_up_to_date = None, False
            if (reason := reason_of(error)) is None:
                raise
            found = f"{self.location}: the database cannot be used: {reason}"
            if damaged:
                raise DatabaseDamaged(f"{found}; {self._schema.remedy_of_damage}.", reason) from None
            raise DatabaseUnavailable(f"{found}; {self._schema.remedy}.", reason) from None
