"""One request's reads: every key once, the keys of one event-loop tick together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.errors import UpstreamError
    from customer_gateway.federation.batcher import Batchers
    from customer_gateway.model.deadline import Deadline
    from customer_gateway.system import Route, Want

V = TypeVar("V")


class _Column:
    """What one request knows of one route, and the keys it is about to ask for."""

    __slots__ = ("boarding", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.boarding: tuple[dict[str, None], asyncio.Future[None]] | None = None


class RequestReads:
    """The `Reads` of one request, over the process-wide batchers.

    Whole levels of a query ask here at once (one future a call, not one a key: docs/adr/0006-level-loaders.md);
    resolvers that run object by object come through `loaders.py`.
    """

    def __init__(self, batchers: Batchers, want: Want, deadline: Deadline) -> None:
        self.want = want
        self.deadline = deadline
        self._batchers = batchers
        self._columns: dict[Route[Any], _Column] = {}

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        """The values of `keys` in their order: None where the vendor knows no such key, or what failed in its place."""
        column = self._column(route)
        values = column.values
        missing = [key for key in keys if key not in values]
        if missing:
            await self._fill(route, column, missing)
        return [values[key] for key in keys]

    def prime(self, route: Route[V], key: str, value: V) -> None:
        """Remember a value that came with another read, such as a list."""
        self._column(route).values.setdefault(key, value)

    def _column(self, route: Route[Any]) -> _Column:
        column = self._columns.get(route)
        if column is None:
            column = self._columns[route] = _Column()
        return column

    async def _fill(self, route: Route[Any], column: _Column, missing: Sequence[str]) -> None:
        if column.boarding is not None:
            keys, landed = column.boarding
            keys.update(dict.fromkeys(missing))
            await asyncio.shield(landed)
            return
        keys = dict.fromkeys(missing)
        landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        column.boarding = (keys, landed)
        try:
            await asyncio.sleep(0)  # the siblings of this level ask in the same tick: they board too
            column.boarding = None
            column.values.update(await self._batchers.of(route).load(list(keys), self.deadline))
            landed.set_result(None)
        except BaseException as error:
            column.boarding = None if column.boarding and column.boarding[1] is landed else column.boarding
            landed.set_exception(RuntimeError(f"the read of {route.name} that this one joined was given up"))
            landed.exception()  # nobody may have joined: then nobody will ask
            raise error from None
