"""The configured systems, read side by side: whether they are reachable, and a page of their customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.errors import UpstreamError
from customer_gateway.federation import listing
from customer_gateway.federation.fields import ColumnPart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import System


def reachable(systems: Sequence[System], request: RequestContext) -> list[ColumnPart]:
    """Return whether each system is reachable; what is not known when the request's time is up counts as not."""
    return _side_by_side(systems, lambda system: _is_reachable(system, request))


def customers(systems: Sequence[System], request: RequestContext, first: int, after: str | None) -> list[ColumnPart]:
    """Return one live page of customers of each system."""
    return _side_by_side(systems, lambda system: listing.customers_of(request, system, first, after))


def _side_by_side(systems: Sequence[System], read: Callable[[System], Awaitable[Any]]) -> list[ColumnPart]:
    """Return a value of each system, none of which waits for another."""

    async def alone(system: System) -> list[Any]:
        return [await read(system)]

    return [ColumnPart([position], alone(system)) for position, system in enumerate(systems)]


async def _is_reachable(system: System, request: RequestContext) -> bool:
    await request.wait_idle(system.name)
    try:
        return await request.memoized(system.name, "a sign of life", (system.name, "reachable"), system.reachable)
    except UpstreamError:
        return False
