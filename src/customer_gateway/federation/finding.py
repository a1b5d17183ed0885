"""Customers of all systems, found in the index and read from their systems: `Query.customers`.

Systems that a caller may not see are not asked about: they are in no row, no count, no cursor and no notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog

from customer_gateway.catalog.questions import Question, search_of
from customer_gateway.documents.structs import graphql_name
from customer_gateway.errors import (
    BadUserInput,
    CatalogUnavailable,
    DatabaseNewer,
    DatabaseUnavailable,
    FilterNotSupported,
    SyncIncomplete,
)
from customer_gateway.federation.binding import binding
from customer_gateway.federation.capabilities import can_be_filtered
from customer_gateway.federation.found_connection import FoundConnection
from customer_gateway.federation.found_rows import LateRow, are_to_be_read, as_indexed, read_rows, selection_at
from customer_gateway.federation.listing import demand_size
from customer_gateway.federation.sealed_cursors import SealedCursors
from customer_gateway.model.catalog import PageOfRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.catalog.questions import Filter
    from customer_gateway.federation.found_rows import Found
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.catalog import FoundPage, FoundRow, Search
    from customer_gateway.system import System

_NOT_CONFIGURED: Final = (
    "This gateway has no index of customers: its configuration has no [database], or [catalog] enabled is false. "
    "Use `system(name:) { customers }`, which needs none."
)
_NO_ANSWER: Final = "The index of customers does not answer; try again later."
_LATE: Final = "The index of customers has not answered before the deadline; try again later."

_log = structlog.get_logger("customer_gateway.finding")


@dataclass(frozen=True, slots=True)
class CustomersAsked:
    """The arguments of `customers`: a question, of which systems, and which page of the answer; None is not given.

    Without `is_live` no system is asked.
    """

    question: Question = field(default_factory=Question)
    systems: Sequence[str] | None = None
    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    is_live: bool = True


async def find_customers(request: RequestContext, asked: CustomersAsked, path: Sequence[str | int]) -> FoundConnection:
    """Return a page of the customers that fit, in their order; what it lacks is noted with its `path`.

    Raises `BadUserInput`, `InvalidCursor`, `FilterNotSupported` and `CatalogUnavailable`.
    """
    size, cursor, is_backward = _page_of(asked)
    systems = _systems(request, asked.systems)
    _refuse_unsupported(systems, asked.question.filter)
    search = search_of(asked.question, [system.name for system in systems])
    bound_to, cursors = binding(asked.question, asked.systems), SealedCursors(request.cursors)
    start = None if cursor is None else cursors.decode(cursor, bound_to, "before" if is_backward else "after")
    index = _Index(request, search, bound_to)
    selection = selection_at(request, path)
    is_counted = selection.selects("CustomerConnection", "total_count")
    page = await index.page(PageOfRows(size, start, is_backward), count=is_counted)
    request.note_incomplete(path, list(map(SyncIncomplete.of, page.unfilled)))
    is_live = asked.is_live and are_to_be_read(request, selection)
    rows, customers, has_more = await _read(request, index, page, path, is_backward=is_backward, is_live=is_live)
    return FoundConnection(
        lambda position: cursors.encode(position, bound_to),
        rows,
        customers,
        has_next_page=start is not None if is_backward else has_more,
        has_previous_page=has_more if is_backward else start is not None,
        total_count=page.total,
    )


def _page_of(asked: CustomersAsked) -> tuple[int, str | None, bool]:
    """Return how many, from which cursor, and whether backward. Raises `BadUserInput`."""
    if (asked.first is None) == (asked.last is None):
        raise BadUserInput("customers takes either first or last, a number from 1 to 100.")
    if asked.first is not None:
        if asked.before is not None:
            raise BadUserInput("before goes with last; give after with first.")
        demand_size(asked.first)
        return asked.first, asked.after, False
    if asked.after is not None:
        raise BadUserInput("after goes with first; give before with last.")
    demand_size(asked.last or 0, "last")
    return asked.last or 0, asked.before, True


def _systems(request: RequestContext, names: Sequence[str] | None) -> list[System]:
    """Return the systems that are asked about, in the order of the configuration, which says nothing."""
    if names is None:
        return list(request.systems.values())
    if (reason := request.unknown_systems(names, "filter.systems")) is not None:
        raise BadUserInput(reason)
    return [system for name, system in request.systems.items() if name in names]


def _refuse_unsupported(systems: Sequence[System], asked: Filter) -> None:
    for name in asked.names:
        if systems and not any(can_be_filtered(system.kind, name, system.withheld) for system in systems):
            of_these = ", ".join(system.name for system in systems)
            raise FilterNotSupported(f"No customer has {graphql_name(name)} in {of_these}: leave it out of the filter.")


class _Index:
    """One search of one request; what the index has answered is kept for an answer that is given before the end."""

    def __init__(self, request: RequestContext, search: Search, bound_to: bytes) -> None:
        self._request = request
        self._search = search
        self._bound_to = bound_to

    async def page(self, page: PageOfRows, *, count: bool = False) -> FoundPage:
        """Return a page of rows, by the request's deadline. Raises `CatalogUnavailable`."""
        index = self._request.index
        if index is None:
            raise CatalogUnavailable(_NOT_CONFIGURED, retryable=False)
        answers, key = self._request.answers, ("found", self._bound_to, tuple(self._search.systems), page, count)
        if key in answers:
            return answers[key]
        if self._request.is_over:
            raise CatalogUnavailable(_LATE)
        try:
            async with self._request.deadline.enforce():
                answers[key] = await index.find(self._search, page, count=count)
        except TimeoutError:
            raise CatalogUnavailable(_LATE) from None
        except (DatabaseUnavailable, DatabaseNewer) as error:
            _log.warning("catalog_unavailable", reason=str(error))
            raise CatalogUnavailable(_NO_ANSWER) from None
        return answers[key]


async def _read(
    request: RequestContext,
    index: _Index,
    page: FoundPage,
    path: Sequence[str | int],
    *,
    is_backward: bool,
    is_live: bool,
) -> tuple[Sequence[FoundRow], Sequence[Found], bool]:
    """Return the rows that were looked at, in their order, the customer of each, and whether there are more.

    A page from which records are gone is filled up once, unless a system is slow; it is short where the index answers
    no second time.
    """
    if not page.rows or not is_live:
        for row in page.rows:
            request.note_read(row.ref.system, [row.ref.key])
        return page.rows, as_indexed(request, page.rows), page.has_more
    customers = await read_rows(request, page.rows, path)
    gone = customers.count(None)
    is_late = any(isinstance(each, LateRow) for each in customers)
    if not gone or is_late or not page.has_more or request.is_over:
        return page.rows, customers, page.has_more
    edge = page.rows[0 if is_backward else -1].position
    try:
        more = await index.page(PageOfRows(gone, edge, is_backward))
    except CatalogUnavailable:
        return page.rows, customers, page.has_more
    further = await read_rows(request, more.rows, path)
    if is_backward:
        return [*more.rows, *page.rows], [*further, *customers], more.has_more
    return [*page.rows, *more.rows], [*customers, *further], more.has_more
