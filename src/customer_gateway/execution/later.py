"""A column that is put together when its parts are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator


class Later:
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
