"""Run the script of the budgets in a Redis that several processes share, and notice when it does not answer."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog

from customer_gateway.wire.shared_limits.script import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ANSWER_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 2.0
_CONNECT_SECONDS: Final = 1.0  # to connect, or to disconnect


class BudgetStore:
    """Run scripts in one Redis, at `url`.

    After twice `ANSWER_SECONDS` without an answer it is lost, and scripts are not run. It is tried again every
    `RETRY_SECONDS`, by scripts that no call waits for. `lost_to` is the class of the error it is lost to, `back_at` the
    moment of its last return; `on_loss` is called at each loss. Both changes are one log line each, "budget_store",
    without anything of the URL but host and port.
    """

    def __init__(self, url: str, log: Any = None) -> None:
        self.name = secrets.token_hex(6)
        self.lost_to: str | None = None
        self.back_at = float("-inf")
        self.on_loss: list[Callable[[], None]] = []
        self._url = url
        self._log: Any = log or structlog.get_logger()
        self._redis: Any = None
        self._retry_at = 0.0
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[list[int] | None]] = set()

    @property
    def is_up(self) -> bool:
        """Return whether the last script was answered; yes before the first, no after the end."""
        return self.lost_to is None

    def run(
        self, keys: Sequence[str], arguments: Sequence[str | int], script: str = SCRIPT
    ) -> asyncio.Task[list[int] | None]:
        """Run the script after those before; None when it is not answered. The task need not be awaited."""
        task = asyncio.create_task(self._run(keys, arguments, script))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def open(self) -> None:
        """Try it once, so that the log says at the start whether it answers."""
        await self.run((), (), "return {}")

    async def aclose(self) -> None:
        """Disconnect, after the last scripts are answered or failed."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.lost_to, self._retry_at = "closed", float("inf")
        if self._redis is not None:
            with suppress(Exception):  # it is abandoned either way
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await self._redis.aclose()

    async def _run(self, keys: Sequence[str], arguments: Sequence[str | int], script: str) -> list[int] | None:
        async with self._one_at_a_time:
            if not self.is_up and time.monotonic() < self._retry_at:
                return None
            try:
                self._redis = self._redis or _connected_to(self._url)
                answer: list[int] = await self._redis.eval(script, len(keys), *keys, *arguments)
            except Exception as error:  # noqa: BLE001 - whatever it raises, it is lost
                self._lose(type(error).__name__)
                return None
            if not self.is_up:
                self.lost_to, self.back_at = None, time.monotonic()
                self._log.warning("budget_store", state="back", store=location_of(self._url), reason=None)
            return answer

    def _lose(self, reason: str) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if self.is_up:
            self.lost_to = reason
            self._log.warning("budget_store", state="lost", store=location_of(self._url), reason=reason)
            for lost in self.on_loss:
                lost()


def location_of(url: str) -> str:
    """Return `HOST:PORT` of a URL, nothing else of it: the rest may be a secret."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "localhost"
    return f"{host}:{parts.port or 6379}"


def _connected_to(url: str) -> Any:
    """Return a client, whose commands redis types as if they were not asynchronous; it connects with the first one.

    A command is repeated once where no answer was read in time: a process that computes, or gets no CPU, reads nothing
    meanwhile, which is no fault of Redis. At worst a call is counted twice.
    """
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import TimeoutError as NoAnswer

    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - redis leaves its options untyped
        url,
        protocol=2,
        driver_info=None,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=_CONNECT_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(NoAnswer,)),
    )
