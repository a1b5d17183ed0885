"""What the nouns around a customer are joined with, by system: the users of agreements, the details of invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.federation.fields import ColumnPart
from customer_gateway.model.nouns import Invoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.nouns import Agreement
    from customer_gateway.system import Route


def responsible_users(agreements: Sequence[Agreement], request: RequestContext) -> list[ColumnPart]:
    """Return the user responsible for each agreement; None where its system names none, or has no users."""
    routes = [
        request.systems[agreement.system].users if agreement.responsible_key is not None else None
        for agreement in agreements
    ]
    return [
        ColumnPart(positions, [None] * len(positions))
        if route is None
        else ColumnPart(positions, request.reads.load(route, _keys([agreements[each] for each in positions])))
        for route, positions in _by_route(routes).items()
    ]


def _keys(agreements: Sequence[Agreement]) -> list[str]:
    return [each.responsible_key for each in agreements if each.responsible_key is not None]


def invoice_field(name: str, invoices: Sequence[Invoice], request: RequestContext) -> list[ColumnPart]:
    """Return a field of each invoice, by a look-up of its own where the customer's list of invoices lacks it."""
    values = [getattr(invoice, name) for invoice in invoices]
    routes = [
        request.systems[invoice.system].invoice_details if value is None else None
        for invoice, value in zip(invoices, values, strict=True)
    ]
    return [
        ColumnPart(positions, [values[each] for each in positions])
        if route is None
        else ColumnPart(positions, _details(name, route, [invoices[each].key for each in positions], request))
        for route, positions in _by_route(routes).items()
    ]


async def _details(name: str, route: Route[Any], keys: Sequence[str], request: RequestContext) -> list[Any]:
    found = await request.reads.load(route, keys)
    return [getattr(each, name) if isinstance(each, Invoice) else each for each in found]


def _by_route(routes: Sequence[Route[Any] | None]) -> dict[Route[Any] | None, list[int]]:
    """Return the positions of each route; those that need none stand under None."""
    positions: dict[Route[Any] | None, list[int]] = {}
    for position, route in enumerate(routes):
        positions.setdefault(route, []).append(position)
    return positions
