"""Logs: one JSON line per event on standard error, with the request's id wherever there is one.

No line may hold a customer's value, so of an exception that was not raised on purpose only its class and its place are
logged: `KeyError: 'anna@…'` repeats the value that it was about.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import re
import sys
import time
import traceback
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, TextIO, TypeAlias, cast

import orjson
import structlog

from customer_gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from structlog.typing import EventDict

    ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

BySystem: TypeAlias = Literal["info", "warning", "critical"]

_CLASS: Final = re.compile(r"[A-Za-z_][\w.]*")
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The request that is being served: set at the door, it stands in every line written on its behalf."""


def configure_logs(*, plain: bool = False, level: BySystem = "info") -> None:
    """Set structlog up for this process; `plain` is for people, `level` is the least that is logged."""
    structlog.configure(
        processors=[
            _Circumstances(),
            _for_people() if plain else _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr) if plain else _lines_to(_standard_error()),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if not plain and not any(isinstance(handler, _FromLibraries) for handler in root.handlers):
        root.addHandler(_FromLibraries(logging.WARNING))


class _Circumstances:
    """Add to an event what is true around it: the request's id, the level, the time, the exception without its text.

    One processor for all of it: a line is written for every request and every upstream call. Times are UTC, ISO 8601
    with microseconds; all but those is made once a second.
    """

    def __init__(self) -> None:
        self._second = -1
        self._text = ""
        self._render_exception = structlog.processors.ExceptionRenderer(_what_and_where)

    def __call__(self, logger: object, method: str, event: EventDict) -> EventDict:
        request_id = REQUEST_ID.get()
        if request_id is not None and "request_id" not in event:
            event["request_id"] = request_id
        event["level"] = "error" if method == "exception" else method
        second, micros = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._second, self._text = second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        event["timestamp"] = f"{self._text}.{micros:06}Z"
        return self._render_exception(logger, method, event) if event.get("exc_info") else event


def _as_json(_logger: object, _method: str, event: EventDict) -> bytes:
    return orjson.dumps(event, default=str)


class _Lines:
    """Writes lines of bytes: those of one iteration of the event loop together, at its end; without a loop at once."""

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
        if not waiting:
            return
        data = b"".join(line + b"\n" for line in waiting)
        # Where lines cannot be written is nowhere to say so: a full disk or a reader that has gone ends no service.
        with suppress(OSError):
            while data and (written := self._file.write(data)):
                data = data[written:]


def _standard_error() -> BinaryIO:
    """Return standard error without a buffer, which would keep what it could not write, and fail again at the end.

    A process may have been started without one.
    """
    stream = cast("TextIO | None", sys.stderr)
    if stream is None:
        return Path(os.devnull).open("wb", buffering=0)
    return getattr(stream.buffer, "raw", stream.buffer)


def _lines_to(file: BinaryIO) -> Callable[..., _Lines]:
    """Return one writer for all loggers. A loop that ends with lines waiting leaves them to the end of the process."""
    lines = _Lines(file)
    atexit.register(lines.write)
    return lambda *_: lines


class _FromLibraries(logging.Handler):
    """What uvicorn and asyncio have to say, in the same form; the first line only, the others may repeat values."""

    def emit(self, record: logging.LogRecord) -> None:
        event = _first_line(record.getMessage())
        raised = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(record.levelno, event, logger=record.name, **raised)


def _first_line(text: str) -> str:
    """Return the class of the first exception of a traceback, as uvicorn logs one of a failed start."""
    first, _, rest = text.partition("\n")
    if "Traceback (most recent call last)" not in first:
        return first
    raised = next((line for line in rest.splitlines() if not line.startswith(" ")), "")
    name = raised.partition(":")[0]
    return f"failed by {name}" if _CLASS.fullmatch(name) else "failed by an exception"


def _what_and_where(exc_info: ExcInfo) -> str:
    """Return each exception of the chain by its class and its traceback, the first cause first, without their texts."""
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
