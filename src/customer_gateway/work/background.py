"""Do something beside a body of code, as long as that lasts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine


@asynccontextmanager
async def in_background(*work: Coroutine[Any, Any, object]) -> AsyncGenerator[None]:
    """Run each of these in a task of its own within the body; cancel them at its end, and wait until they have ended.

    What one of them has raised meanwhile is raised then.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
