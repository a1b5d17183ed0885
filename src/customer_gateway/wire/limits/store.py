"""The store of budgets: one conversation with a Redis that several processes share, and whether it answers.

A store that is sick is never waited for: an exchange has `ANSWER_SECONDS`, then the store counts as lost, everything
asked of it fails at once with `StoreLost`, and it is tried again every `RETRY_SECONDS`, on nobody's time.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import structlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from redis.asyncio import Redis

ANSWER_SECONDS: Final = 0.1
RETRY_SECONDS: Final = 2.0
_LAG_SECONDS: Final = 0.02  # so late may a timer be in a process that is there
_CONNECT_SECONDS: Final = 1.0  # to connect or to hang up: while nobody waits, or at the start


class StoreLost(Exception):
    """The store does not answer."""


class _Errand(NamedTuple):
    script: str
    keys: Sequence[str]
    arguments: Sequence[str | int]
    answer: asyncio.Future[list[int]]


class BudgetStore:
    """Runs scripts in the Redis at `url`, those of one moment in one exchange, in the order of asking.

    `losses` counts how often it was lost, `lost_at` and `back_at` are the last times on `clock`, `lost_to` is the class
    of the error it is lost to now. Both changes are one log line each, "budget_store", without anything of the URL but
    host and port.
    """

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic, log: Any = None) -> None:
        self.losses = 0
        self.lost_at = self.back_at = float("-inf")
        self.lost_to: str | None = None
        self._url = url
        self._clock = clock
        self._log: Any = log or structlog.get_logger()
        self._redis: Redis | None = None
        self._is_new = True
        self._is_up = True
        self._is_closed = False
        self._tried_at = 0.0
        self._errands: list[_Errand] = []
        self._conversation: asyncio.Task[None] | None = None
        self._name = secrets.token_hex(6)
        self._numbers = count()

    @property
    def is_up(self) -> bool:
        """Whether the last exchange was answered; yes before the first, no after the end."""
        return self._is_up and not self._is_closed

    @property
    def is_worth_asking(self) -> bool:
        """Whether it is up, or may be again by now."""
        if self._is_closed:
            return False
        return self._is_up or (self._conversation is None and self._clock() >= self._tried_at + RETRY_SECONDS)

    def new_name(self) -> str:
        """A name for a call that no other call of any process has."""
        return f"{self._name}-{next(self._numbers)}"

    def ask(self, script: str, keys: Sequence[str], arguments: Sequence[str | int]) -> asyncio.Future[list[int]]:
        """What the script answers; `StoreLost` when nothing does. Nobody needs to await it."""
        answer: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        if not self.is_worth_asking:
            answer.set_exception(StoreLost())
            return answer
        self._errands.append(_Errand(script, keys, arguments, answer))
        if self._conversation is None:
            self._conversation = asyncio.create_task(self._converse())
        return answer

    async def open(self) -> None:
        """Try it once, so that the log tells at the start whether it is there."""
        with suppress(StoreLost):
            await self.ask("return 0", (), ())

    async def aclose(self) -> None:
        """Let what was asked last be answered, or be given up as always, and hang up."""
        self._is_closed = True
        if self._conversation is not None:
            await self._conversation
        await self._hang_up()

    async def _converse(self) -> None:
        errands: list[_Errand] = []
        try:
            while self._errands:
                errands, self._errands = self._errands, []
                try:
                    answers = await self._exchange(errands)
                except Exception as error:  # noqa: BLE001 - however it is sick, it is lost
                    await self._lose(error, errands)
                else:
                    self._regain()
                    for errand, answer in zip(errands, answers, strict=True):
                        if not errand.answer.done():
                            errand.answer.set_result(answer)
        finally:
            self._conversation = None
            _fail([*errands, *self._errands])
            self._errands = []

    async def _exchange(self, errands: Sequence[_Errand]) -> list[Any]:
        if self._redis is None:
            self._redis = _connected_to(self._url)
        seconds = ANSWER_SECONDS if self._is_up and not self._is_new else _CONNECT_SECONDS
        pipeline = self._redis.pipeline(transaction=False)
        for errand in errands:
            pipeline.eval(errand.script, len(errand.keys), *errand.keys, *errand.arguments)
        answers = await _within(seconds, pipeline.execute())
        self._is_new = False
        return answers

    async def _lose(self, error: Exception, errands: Sequence[_Errand]) -> None:
        self._tried_at = self._clock()
        if self._is_up:
            self._is_up = False
            self.losses += 1
            self.lost_at = self._tried_at
            self.lost_to = type(error).__name__
            self._log.warning("budget_store", state="lost", store=place_of(self._url), reason=self.lost_to)
        _fail([*errands, *self._errands])
        self._errands = []
        await self._hang_up()

    def _regain(self) -> None:
        if not self._is_up:
            self._is_up = True
            self.lost_to = None
            self.back_at = self._clock()
            self._log.warning("budget_store", state="back", store=place_of(self._url), reason=None)

    async def _hang_up(self) -> None:
        redis, self._redis = self._redis, None
        if redis is not None:
            with suppress(Exception):  # it is given up either way
                async with asyncio.timeout(_CONNECT_SECONDS):
                    await redis.aclose()


def place_of(url: str) -> str:
    """`HOST:PORT` of a URL, nothing else of it: the rest may be a secret."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "localhost"
    return f"{host}:{parts.port or 6379}"


def _connected_to(url: str) -> Redis:
    """A client that connects when it is first asked, and repeats nothing: whether to is not its to decide."""
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(  # pyright: ignore[reportUnknownMemberType] - redis leaves its options untyped
        url, protocol=2, retry=Retry(NoBackoff(), 0), driver_info=None
    )


async def _within(seconds: float, exchange: Awaitable[list[Any]]) -> list[Any]:
    """What the store answers within so many seconds, in which this process was there to hear it; else TimeoutError.

    A process that computes, or gets no CPU, hears nothing meanwhile. That is no fault of the store, which is given the
    time again, up to `_CONNECT_SECONDS` in all.
    """
    loop = asyncio.get_running_loop()
    asked = asyncio.ensure_future(exchange)
    asked.add_done_callback(_seen)
    last = loop.time() + _CONNECT_SECONDS
    try:
        while True:
            due = loop.time() + seconds
            await asyncio.wait([asked], timeout=seconds)
            if asked.done():
                return asked.result()
            if loop.time() < due + _LAG_SECONDS or due >= last:
                raise TimeoutError
    finally:
        asked.cancel()
        await asyncio.wait([asked])  # its connection is put away before anything else is done with it


def _fail(errands: Sequence[_Errand]) -> None:
    for errand in errands:
        if not errand.answer.done():
            errand.answer.set_exception(StoreLost())


def _seen(answer: asyncio.Future[list[int]]) -> None:
    if not answer.cancelled():
        answer.exception()
