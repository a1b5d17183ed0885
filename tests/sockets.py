"""The door on a real socket, and clients that speak to it in bytes."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from customer_gateway.server.serving import Ending, Timeouts, listen, serve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.types import ASGIApp


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncGenerator[int]:
    """The port of a small gateway, which ends with the context; what is under way then has a second."""
    ending, started = Ending(), asyncio.Event()
    with listen("127.0.0.1", 0) as connection:
        serving = asyncio.create_task(serve(app, connection, ending, timeouts=Timeouts(1), started=started.set))
        await started.wait()
        yield connection.getsockname()[1]
        assert ending.server is not None
        ending.server.should_exit = True
        await serving


async def answered(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the gateway hangs up; the pieces arrive one by one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.01)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
