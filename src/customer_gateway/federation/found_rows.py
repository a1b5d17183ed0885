"""Read the records of rows that were found: each system once, and what cannot be read stands as the index knows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.errors import UpstreamError
from customer_gateway.federation.cells import read_customers
from customer_gateway.federation.indexed import IndexedSystem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from customer_gateway.federation.cells import ReadCustomers
    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.catalog import FoundRow
    from customer_gateway.system import System

_KNOWN_WITHOUT_A_READ: Final = frozenset({"id", "records", "__typename"})
_OF_A_RECORD: Final = frozenset({"id", "key", "system", "__typename"})


class ReadRows(NamedTuple):
    """The customer of each row, None where its system knows the record no more; and why others could not be read."""

    customers: list[Customer | None]
    failures: list[UpstreamError]


def are_to_be_read(request: RequestContext) -> bool:
    """Return whether anything is selected of customers beyond what a row of the index tells of itself."""
    want = request.want
    records = ("CustomerRecord", *(system.kind.record.name for system in request.systems.values()))
    return not want.of("Customer") <= _KNOWN_WITHOUT_A_READ or any(
        not want.of(each) <= _OF_A_RECORD for each in records
    )


def as_indexed(request: RequestContext, rows: Sequence[FoundRow]) -> ReadRows:
    """Return the customers of rows as the index knows them: no system is asked."""
    systems = {name: IndexedSystem(request.systems[name]) for name in {row.ref.system for row in rows}}
    return ReadRows([systems[row.ref.system].customer(row) for row in rows], [])


async def read_rows(request: RequestContext, rows: Sequence[FoundRow]) -> ReadRows:
    """Return the customers of rows as their systems have them, side by side; those that fail as the index knows them.

    Records that a system knows no more are told to the request's observer.
    """
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.ref.system, []).append(place)
    mine = [(request.systems[name], [rows[each] for each in found]) for name, found in places.items()]
    read = await asyncio.gather(
        *(read_customers(request, system, [row.ref.key for row in of_one]) for system, of_one in mine)
    )
    customers: list[Customer | None] = [None] * len(rows)
    failures: list[UpstreamError] = []
    for (system, of_one), found, positions in zip(mine, read, places.values(), strict=True):
        failed = [each for each in found.customers if isinstance(each, UpstreamError)]
        failures += [*foremost(failed), *found.failures]
        for position, customer in zip(positions, _standing(system, of_one, found, failed), strict=True):
            customers[position] = customer
        _observe(request, system, of_one, found)
    return ReadRows(customers, failures)


def foremost(failures: Iterable[UpstreamError]) -> list[UpstreamError]:
    """Return one failure for each system: the first, with the longest wait that others of its code name."""
    found: dict[str, UpstreamError] = {}
    for each in failures:
        first = found.setdefault(each.system, each)
        if each.code == first.code and (each.retry_after_ms or 0) > (first.retry_after_ms or 0):
            found[each.system] = each
    return list(found.values())


def _standing(
    system: System, rows: Sequence[FoundRow], found: ReadCustomers, failed: Sequence[UpstreamError]
) -> list[Customer | None]:
    """Return the customers that were read, and those that could not be as the index knows them."""
    indexed = IndexedSystem(system, next(iter(foremost(failed)), None))
    return [
        indexed.customer(row) if isinstance(each, UpstreamError) else each
        for row, each in zip(rows, found.customers, strict=True)
    ]


def _observe(request: RequestContext, system: System, rows: Sequence[FoundRow], found: ReadCustomers) -> None:
    gone = [row.ref.key for row, each in zip(rows, found.customers, strict=True) if each is None]
    if gone and not request.is_over:
        request.observer.gone(system.name, gone, len(rows))
