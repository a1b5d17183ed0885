"""A column that is put together when its parts are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator


class DeferredColumn:
    """`put_together(*arguments)`, begun when it is awaited and not before.

    Who waits for several columns waits for one after the other, and may be cancelled while it does: a coroutine made
    in advance for one of the others would then be left behind, never awaited.
    """

    __slots__ = ("_arguments", "_put_together")

    def __init__(self, put_together: Callable[..., Coroutine[Any, Any, list[Any]]], *arguments: Any) -> None:
        self._put_together = put_together
        self._arguments = arguments

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        return self._put_together(*self._arguments).__await__()


def then(column: list[Any] | Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> Any:
    """Return `finish(column)`, now or when the column is there. `finish` puts together: it never begins new work."""
    if isinstance(column, list):
        return finish(column)
    return DeferredColumn(_finish_later, column, finish)


async def _finish_later(column: Awaitable[list[Any]], finish: Callable[[list[Any]], list[Any]]) -> list[Any]:
    return finish(await column)
