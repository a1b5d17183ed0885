"""Logs: one JSON line per event on standard error, with the request's id wherever there is one."""

from __future__ import annotations

import sys
from typing import Literal, TypeAlias

import orjson
import structlog

Level: TypeAlias = Literal["info", "warning", "critical"]


def configure_logs(*, plain: bool = False, level: Level = "info") -> None:
    """Set structlog up for this process; `plain` is for people, `level` is the least that is told."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _for_people() if plain else structlog.processors.JSONRenderer(serializer=orjson.dumps, default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # A line of bytes per event: the text machinery of print costs as much again as making the line.
        logger_factory=structlog.PrintLoggerFactory(sys.stderr)
        if plain
        else structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _for_people() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
