"""Relay connections: a live page of a system's customers, and the invoices of a customer."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.errors import BadUserInput, UpstreamBadResponse, UpstreamError
from customer_gateway.federation.customer import read_customers
from customer_gateway.federation.fields import ColumnPart, Incomplete, partly, read_field
from customer_gateway.federation.indexed import is_indexed
from customer_gateway.model.signed_cursors import refused
from customer_gateway.work.kept_reads import age_of_kept_calls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.nouns import Invoice
    from customer_gateway.system import Page, System
    from customer_gateway.work.deadline import Deadline

MOST: Final = 100
_COUNTS: Final = range(2**31)  # what GraphQL's Int can tell, of those that count something


@dataclass(frozen=True, slots=True)
class Edge:
    """One item of a connection and where it stands."""

    connection: Connection
    place: int

    @property
    def node(self) -> Any:
        return self.connection.nodes[self.place]

    @property
    def cursor(self) -> str:
        return self.connection.cursor(self.place)


class Connection:
    """Some `nodes` of a list; what it says of the rest is told only when asked.

    `cursor` returns the cursor of a node by its place among these; `end` that of the page's last row, where it is not
    that of a node. No cursor is made before it is selected.
    """

    __slots__ = ("_end", "cursor", "has_next_page", "has_previous_page", "nodes", "total_count")

    def __init__(
        self,
        nodes: Sequence[Any],
        cursor: Callable[[int], str],
        *,
        has_next_page: bool,
        has_previous_page: bool,
        total_count: int | UpstreamError | None,
        end: Callable[[], str] | None = None,
    ) -> None:
        self.nodes = nodes
        self.cursor = cursor
        self.has_next_page = has_next_page
        self.has_previous_page = has_previous_page
        self.total_count = total_count
        self._end = end

    @property
    def edges(self) -> list[Edge]:
        return [Edge(self, place) for place in range(len(self.nodes))]

    @property
    def page_info(self) -> Connection:
        return self

    @property
    def start_cursor(self) -> str | None:
        return self.cursor(0) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        if self._end is not None:
            return self._end()
        return self.cursor(len(self.nodes) - 1) if self.nodes else None


async def customers_of(request: RequestContext, system: System, first: int, after: str | None) -> Any:
    """Return one live page of a system's customers in its own order, inactive ones included.

    A `Connection`, `Incomplete` where other records of these customers could not be read.
    `hasNextPage` and `totalCount` are asked for only when the operation selects them and the page does not tell.
    """
    demand_size(first)
    listing = f"systems/{system.name}/customers"
    start, goes_on = position_after(request, listing, after) if after is not None else (0, "")
    read_at, page = await _page(request, system, start, first, goes_on)
    views, places = _without_repeats(page.places[:first], start)
    request.reads.prime(system.customers(request.selection), views)
    customers, failures = await read_customers(request, system, list(views), read_at)
    last = start + len(page.places[:first]) - 1

    def cursor(place: int) -> str:
        return request.cursors.encode(listing, position_text(page, place, start))

    connection = Connection(
        customers,
        lambda at: cursor(places[at]),
        has_next_page=bool(page.has_next),
        has_previous_page=start > 0,
        total_count=await _total(request, system, page, start),
        end=partial(cursor, last) if page.places else None,
    )
    return partly(connection, failures)


def _without_repeats(items: Sequence[Any], start: int) -> tuple[dict[str, Any], Sequence[int]]:
    """Return the views of a page by their keys, and the place of each in the system's list.

    A vendor may repeat a row, or a customer slip over a page's border meanwhile: who is there already is left out and
    leaves the others in their places, so that no cursor passes over anybody. So does a row that has no key.
    """
    views: dict[str, Any] = {}
    places: list[int] = []
    for place, view in enumerate(items, start):
        if view is not None and view.key not in views:
            views[view.key] = view
            places.append(place)
    return views, places


async def _page(
    request: RequestContext, system: System, start: int, first: int, after: str
) -> tuple[datetime, Page[Any]]:
    """Return a page, and when its calls began: they may be another request's, or kept ones of a minute or two ago."""
    selection = request.selection  # invoices have a PageInfo too
    ask_next = selection.selects("CustomerConnection", "page_info") and selection.selects("PageInfo", "has_next_page")
    route = system.customers(request.selection)

    async def read(deadline: Deadline) -> tuple[datetime, Page[Any]]:
        began = datetime.now(UTC)
        page = await system.page(start, first, request.selection, deadline, ask_next=ask_next, after=after)
        return began - age_of_kept_calls(), page

    key = (route, start, first, ask_next, after)
    return await request.memoized(system.name, "customers", key, read, keep=True)


async def _total(request: RequestContext, system: System, page: Page[Any], start: int) -> int | UpstreamError | None:
    """Return the vendor's own count; a failed count fails that field, not the page, and so does one that cannot be."""
    total = page.total
    if total is None and request.selection.selects("CustomerConnection", "total_count"):
        try:
            what, key = "the number of customers", (system.name, "count")
            total = await request.memoized(system.name, what, key, system.count, keep=True)
        except UpstreamError as error:
            return error
    if total is None:
        return None
    if total not in _COUNTS:
        return UpstreamBadResponse(system.name, "the number of customers that it tells cannot be one")
    fits = total >= start + len(page.places) if page.places else total <= start
    return total if fits else UpstreamBadResponse(system.name, "the number of customers is not that of those it lists")


def invoices(customers: Sequence[Customer], request: RequestContext, first: int, after: str | None) -> list[ColumnPart]:
    """Return a page of the invoices of each customer."""
    demand_size(first)
    return [
        ColumnPart(positions, _pages(request, [customers[each] for each in positions], values, first, after))
        for positions, values in read_field("invoices", customers, request)
    ]


async def _pages(
    request: RequestContext,
    customers: Sequence[Customer],
    values: Sequence[Any] | Awaitable[Sequence[Any]],
    first: int,
    after: str | None,
) -> list[Any]:
    found: Sequence[Any] = await values if inspect.isawaitable(values) else values

    def page(customer: Customer, invoices: Any) -> Any:
        if isinstance(invoices, UpstreamError):
            return invoices
        if is_indexed(customer.read):
            return None
        try:
            if isinstance(invoices, Incomplete):
                return replace(
                    invoices, value=invoices_of(request, customer, invoices.value, first, after, whole=False)
                )
            whole = invoices is not None and not customer.failures  # a system without invoices knows of none
            return invoices_of(request, customer, invoices or (), first, after, whole=whole)
        except Exception as error:  # noqa: BLE001 - whatever is raised costs this customer's page alone
            return error

    # A customer may stand in the column many times, as a noun's customer does.
    pages: dict[Hashable, Any] = {}
    column: list[Any] = []
    for customer, each in zip(customers, found, strict=True):
        same = (customer.system.name, customer.key, id(each), not customer.failures)
        if same not in pages:
            pages[same] = page(customer, each)
        column.append(pages[same])
    return column


def invoices_of(
    request: RequestContext,
    customer: Customer,
    invoices: Sequence[Invoice],
    first: int,
    after: str | None,
    *,
    whole: bool = True,
) -> Connection:
    """Return a page of a customer's invoices, newest first: by date, then by id; undated ones last, by id.

    How many there are is not known where the list is not `whole`.
    """
    demand_size(first)
    ordered = sorted(invoices, key=_recency, reverse=True)
    listing = f"systems/{customer.system.name}/customers/{customer.key}/invoices"
    start = 0
    if after is not None:
        last = _recency_at(request.cursors.decode(listing, after))
        start = sum(_recency(each) >= last for each in ordered)  # the invoice of the cursor may be gone
    page = ordered[start : start + first]
    return Connection(
        page,
        lambda at: request.cursors.encode(listing, _recency_text(page[at])),
        has_next_page=start + first < len(ordered),
        has_previous_page=start > 0,
        total_count=len(ordered) if whole else None,
    )


def demand_size(size: int, argument: str = "first") -> None:
    """Refuse a page size outside 1..100."""
    if not 1 <= size <= MOST:
        raise BadUserInput(f"{argument} is {size}; give a number from 1 to {MOST}.")


def position_text(page: Page[Any], place: int, start: int) -> str:
    """Return what a cursor says: the place, and what the vendor goes on by after it, where it counts no places."""
    return str(place) if page.after is None else f"{place}:{page.after(place - start)}"


def position_after(request: RequestContext, listing: str, after: str) -> tuple[int, str]:
    """Return the place after that of a cursor, and what the vendor goes on by."""
    place, _, goes_on = request.cursors.decode(listing, after).partition(":")
    if not place.isdecimal():
        raise refused()
    return int(place) + 1, goes_on


def _day(invoice: Invoice) -> str:
    return invoice.date.isoformat() if invoice.date else ""


def _recency_text(invoice: Invoice) -> str:
    return f"{_day(invoice)}/{invoice.system}/{invoice.key}"


def _recency(invoice: Invoice) -> tuple[str, int, str, str]:
    return (_day(invoice), len(invoice.key), invoice.key, invoice.system)


def _recency_at(position: str) -> tuple[str, int, str, str]:
    day, system, key = position.split("/", 2)
    return (day, len(key), key, system)
