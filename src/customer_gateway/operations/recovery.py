"""Take over what other processes left, now and then, and delete personal data whose time is over."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from customer_gateway.operations.service import Operations

RECOVERY_SECONDS: Final = 10.0
_PURGE_SECONDS: Final = 600.0

_log: Any = structlog.get_logger("customer_gateway.operations")


@asynccontextmanager
async def recovering(operations: Operations, seconds: float = RECOVERY_SECONDS) -> AsyncGenerator[None]:
    """Take over stranded operations within the body; at its end wait for those that this process has begun."""
    tasks = [
        asyncio.create_task(_every(seconds, operations.recover)),
        asyncio.create_task(_every(_PURGE_SECONDS, operations.purge)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await operations.aclose()


async def _every(seconds: float, work: Callable[[], Awaitable[int]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except GatewayError as failure:  # the database does not answer: the next turn tries again
            _log.warning("operations_not_recovered", reason=type(failure).__name__)
        except Exception:  # noqa: BLE001 - a mistake of ours in one turn is logged; the next turns go on
            _log.exception("operations_not_recovered")
