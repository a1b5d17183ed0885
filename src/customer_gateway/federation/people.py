"""A live page of a system's users, and what its fields may be that hold an id of a list."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from customer_gateway.documents.structs import graphql_name
from customer_gateway.federation.fields import ColumnPart
from customer_gateway.federation.listing import Connection, demand_size, position_after, position_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.writing import Choice, Writes
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import Page, System


def users(systems: Sequence[System], request: RequestContext, first: int, after: str | None) -> list[ColumnPart]:
    """Return one live page of the users of each system; None where it has none."""
    demand_size(first)
    return [
        ColumnPart([position], _alone(_users(system, request, first, after))) for position, system in enumerate(systems)
    ]


def choices(systems: Sequence[System], request: RequestContext, field: str) -> list[ColumnPart]:
    """Return what a field may be in each system, by its GraphQL name or the vendor's; None where it is of no list."""
    return [ColumnPart([position], _alone(_choices(system, request, field))) for position, system in enumerate(systems)]


async def _alone(value: Any) -> list[Any]:
    return [await value]


async def _users(system: System, request: RequestContext, first: int, after: str | None) -> Connection | None:
    listing = f"systems/{system.name}/users"
    start, goes_on = (0, "") if after is None else position_after(request, listing, after)
    page = await _page(system, request, start, first, goes_on)
    if page is None:
        return None
    rows = page.places[:first]
    places = [(start + place, user) for place, user in enumerate(rows) if user is not None]

    def cursor(place: int) -> str:
        return request.cursors.encode(listing, position_text(page, place, start))

    return Connection(
        [user for _, user in places],
        lambda at: cursor(places[at][0]),
        has_next_page=await _goes_on(system, request, page, start),
        has_previous_page=start > 0,
        total_count=None,
        end=partial(cursor, start + len(rows) - 1) if rows else None,
    )


async def _page(system: System, request: RequestContext, start: int, size: int, after: str = "") -> Page[Any] | None:
    key = (system.name, "users", start, size, after)
    return await request.memoized(
        system.name, "users", key, lambda deadline: system.people(start, size, deadline, after), keep=True
    )


async def _goes_on(system: System, request: RequestContext, page: Page[Any], start: int) -> bool:
    """Return whether more users follow; asked for only where that is selected and the page does not tell."""
    if page.has_next is not None:
        return page.has_next
    if not (
        request.selection.selects("UserConnection", "page_info")
        and request.selection.selects("PageInfo", "has_next_page")
    ):
        return False
    count = len(page.places)
    after = page.after(count - 1) if page.after is not None and count else ""
    following = await _page(system, request, start + count, 1, after)
    return following is not None and bool(following.places)


async def _choices(system: System, request: RequestContext, field: str) -> Sequence[Choice] | None:
    writer = system.writer
    if writer is None:
        return None
    place = place_of(writer.writes, field)
    if place is None:
        return None
    key = (system.name, "choices", place)
    found = await request.memoized(
        system.name, "choices", key, lambda deadline: writer.choices([place], deadline), keep=True
    )
    return found.get(place)


def place_of(writes: Writes, field: str) -> str | None:
    """Return where a field stands that holds an id of a list: named as in a patch (`billing.paymentTermsId`), or as the
    vendor names it.
    """
    places = [each.vendor for each in writes.record.fields if field in (each.vendor, each.name)]
    for name, write in writes.fields.items():
        if field == ".".join(map(graphql_name, name.split("."))):
            places += write.places
    return next((place for place in places if place in writes.lists), None)
