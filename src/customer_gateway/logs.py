"""Logs: one JSON line per event on standard error, with the request's id wherever there is one.

No line may hold a customer's value, so of an exception that nobody raised on purpose only its kind and its place are
told: `KeyError: 'anna@…'` repeats what it stumbled over.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias, cast

import orjson
import structlog

from customer_gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from structlog.typing import EventDict

    ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

Level: TypeAlias = Literal["info", "warning", "critical"]


def configure_logs(*, plain: bool = False, level: Level = "info") -> None:
    """Set structlog up for this process; `plain` is for people, `level` is the least that is told."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _Stamp(),
            structlog.processors.ExceptionRenderer(_what_and_where),
            _for_people() if plain else structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr) if plain else _lines_to(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if not plain and not any(isinstance(handler, _FromLibraries) for handler in root.handlers):
        root.addHandler(_FromLibraries(logging.WARNING))


class _Stamp:
    """The time of an event in UTC, as ISO 8601 with microseconds; all but those are written once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        second, micros = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._second, self._text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        event["timestamp"] = f"{self._text}.{micros:06}Z"
        return event


class _Lines:
    """Writes lines of bytes: those of one turn of the event loop together, at its end; without a loop at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._waiting: list[bytes] = []
        self._due: asyncio.AbstractEventLoop | None = None

    def msg(self, line: bytes) -> None:
        self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.write()
            return
        if loop is not self._due:
            self._due = loop
            loop.call_soon(self.write)

    debug = info = warning = error = critical = exception = msg

    def write(self) -> None:
        self._due = None
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._file.write(b"\n".join(waiting) + b"\n")
            self._file.flush()


def _lines_to(file: BinaryIO) -> Callable[..., _Lines]:
    """One writer for all loggers. A loop that ends with lines waiting leaves them to the end of the process."""
    lines = _Lines(file)
    atexit.register(lines.write)
    return lambda *_: lines


class _FromLibraries(logging.Handler):
    """What uvicorn and asyncio have to say, in the same form; the first line only, the others may repeat values."""

    def emit(self, record: logging.LogRecord) -> None:
        event = record.getMessage().partition("\n")[0]
        structlog.get_logger().log(record.levelno, event, logger=record.name, exc_info=record.exc_info)


def _what_and_where(exc_info: ExcInfo) -> str:
    """Each exception of the chain by its class and its traceback, the first cause first, without their texts."""
    return "\n".join(_one(error) for error in reversed([*_chain(exc_info[1])]))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in cast("BaseExceptionGroup[BaseException]", error).exceptions:
                yield from _chain(part)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _one(error: BaseException) -> str:
    text = f": {error}" if isinstance(error, GatewayError) else ""  # those never carry a value
    return f"{type(error).__qualname__}{text}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
