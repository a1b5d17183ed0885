"""Loaders for resolvers that run object by object: the only home of aiodataloader.

The reference executor (graphql-core) asks for one object at a time. A `LevelLoader` collects the objects that ask for
one field in one event-loop tick and hands them to the field's batched resolver together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiodataloader import DataLoader

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


class LevelLoader(DataLoader[Any, Any]):
    """Objects in, the values of one field out; an exception returned as a value fails its own object only."""

    def __init__(self, resolve: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]) -> None:
        super().__init__(cache=False)
        self._resolve = resolve

    async def batch_load_fn(self, keys: list[Any]) -> list[Any]:
        return list(await self._resolve(keys))
