"""Contain unexpected exceptions of reads: put a failure in place of each value, and one line in the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from customer_gateway.errors import ReadFault, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_log = structlog.get_logger("customer_gateway.reads")


def failure_of(error: Exception, system: str, read: str) -> UpstreamError:
    """Return what stands in place of the values of a read that raised `error`.

    That is the error itself where it was raised on purpose, else a `ReadFault`, and the log has the traceback.
    """
    if isinstance(error, UpstreamError):
        return error
    _log.error("read_failed", system=system, read=read, exc_info=error)
    return ReadFault(system, read)


def read_each(read: Callable[[Any], Any], items: Sequence[Any], system: str, what: str) -> list[Any]:
    """Read each item; one that `read` raises for has a failure in place of its value, and the others their values."""
    try:
        return list(map(read, items))
    except Exception as error:
        failure = failure_of(error, system, what)
    return [_or_failure(read, item, failure) for item in items]


def _or_failure(read: Callable[[Any], Any], item: Any, failure: UpstreamError) -> Any:
    try:
        return read(item)
    except UpstreamError as error:
        return error
    except Exception:
        return failure


async def read_all(
    read: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]], items: Sequence[Any], system: str, what: str
) -> Sequence[Any]:
    """Read many items together; where that raises, each by itself: a mistake costs its own items.

    What was read for them together is known to the request by then, and is not requested again.
    """
    try:
        return await _as_many(read, items)
    except UpstreamError as error:
        return [error] * len(items)
    except Exception as error:
        failure = failure_of(error, system, what)
    if len(items) == 1:
        return [failure]
    return await asyncio.gather(*(_alone_or_failure(read, item, failure) for item in items))


async def _as_many(read: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]], items: Sequence[Any]) -> Sequence[Any]:
    values = await read(items)
    if len(values) != len(items):
        raise RuntimeError(f"{len(values)} values for {len(items)} items")
    return values


async def _alone_or_failure(
    read: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]], item: Any, failure: UpstreamError
) -> Any:
    try:
        (value,) = await _as_many(read, [item])
    except UpstreamError as error:
        return error
    except Exception:
        return failure
    return value


async def read_singly(
    read: Callable[[Any], Awaitable[Any]], items: Sequence[Any], system: str, what: str
) -> dict[Any, Any]:
    """Read each item by a call of its own, side by side: the failure of a call is the value of its item.

    An item that is None there is left out.
    """

    async def outcome(item: Any) -> Any:
        try:
            return await read(item)
        except Exception as error:
            return failure_of(error, system, what)

    values = await asyncio.gather(*map(outcome, items))
    return {item: value for item, value in zip(items, values, strict=True) if value is not None}
