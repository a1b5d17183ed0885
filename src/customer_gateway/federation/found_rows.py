"""Read the records of rows that were found: each system once, and what cannot be read stands as the index knows it."""

from __future__ import annotations

from asyncio import CancelledError, ensure_future, wait
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from customer_gateway.catalog.suspicion import is_suspect_batch
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.federation.customer import read_customers
from customer_gateway.federation.fields import ColumnPart
from customer_gateway.federation.indexed import IndexedSystem

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Iterable, Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.catalog import FoundRow
    from customer_gateway.system import Selection, System

_KNOWN_WITHOUT_A_READ: Final = frozenset({"id", "records", "__typename"})
_PATIENCE: Final = 0.25
"""How much of the request's time slow systems have before the others go on: what is selected inside of customers needs
some, too.
"""
_OF_A_RECORD: Final = frozenset({"id", "key", "system", "__typename"})
_LEVELS: Final = 4
"""Edges, nodes, records and their fields; customers further below are others, as those that a record's system lists."""


class ReadRows(NamedTuple):
    """The customer of each row, None where its system knows the record no more; and why others could not be read."""

    customers: list[Customer | None]
    failures: list[UpstreamError]


class LateRow(NamedTuple):
    """A row whose system has not answered yet: its customer will stand at `place` of what is read."""

    customers: Future[list[Customer]]
    place: int


Found: TypeAlias = "Customer | LateRow | None"
"""The customer of a row: None where its system knows the record no more."""


def selection_at(request: RequestContext, path: Sequence[str | int]) -> Selection:
    """Return what is selected of the page at the path itself, and of no other customers of the operation."""
    return request.selection_below(str(path[0]), _LEVELS)


def are_to_be_read(request: RequestContext, selection: Selection) -> bool:
    """Return whether anything is selected of customers beyond the id and the reference of a row of the index."""
    records = ("CustomerRecord", *(system.kind.record.name for system in request.systems.values()))
    return not selection.of("Customer") <= _KNOWN_WITHOUT_A_READ or any(
        not selection.of(each) <= _OF_A_RECORD for each in records
    )


def as_indexed(request: RequestContext, rows: Sequence[FoundRow]) -> list[Found]:
    """Return the customers of rows as the index knows them: no system is asked."""
    systems = {name: IndexedSystem(request.systems[name]) for name in {row.ref.system for row in rows}}
    return [systems[row.ref.system].customer(row) for row in rows]


async def read_rows(request: RequestContext, rows: Sequence[FoundRow], path: Sequence[str | int]) -> list[Found]:
    """Return the customers of rows as their systems have them, side by side; those that fail as the index knows them.

    Systems that are slow hold up the others for a moment only: their rows are `LateRow`s then. What fails is noted
    with the `path`; the request's observer gets the records that a system knows no more.
    """
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.ref.system, []).append(place)
    reads = [
        ensure_future(_read_of_one(request, request.systems[name], [rows[each] for each in mine]))
        for name, mine in places.items()
    ]
    await _answered(request, reads)
    customers: list[Found] = [None] * len(rows)
    failures: list[UpstreamError] = []
    for read, positions in zip(reads, places.values(), strict=True):
        if read.done():
            found: Sequence[Found] = read.result().customers
            failures += read.result().failures
        else:
            late = ensure_future(_completed(request, read, [rows[each] for each in positions], path))
            found = [LateRow(late, place) for place in range(len(positions))]
        for position, customer in zip(positions, found, strict=True):
            customers[position] = customer
    request.note_incomplete(path, foremost(failures))
    return customers


async def _answered(request: RequestContext, reads: Sequence[Future[ReadRows]]) -> None:
    """Wait until all have answered, but not long for those that are slow."""
    patience = None if request.is_over else request.deadline.remaining() * _PATIENCE
    if not reads:
        return
    try:
        await wait(reads, timeout=patience)
    except CancelledError:
        for read in reads:
            read.cancel()
        raise


async def _completed(
    request: RequestContext, read: Future[ReadRows], rows: Sequence[FoundRow], path: Sequence[str | int]
) -> list[Customer]:
    """Return the customers of a slow system when they are there.

    None can be left out of the list by then: one whose record is gone stands as the index knows it, with an entry in
    `extensions.incomplete`. The index takes it for missing: until a pass proves it gone it is found again.
    """
    customers, failures = await read
    system = request.systems[rows[0].ref.system]
    gone = [row.ref.key for row, each in zip(rows, customers, strict=True) if each is None]
    if gone:
        failures = [*failures, _left_out(system, len(gone), len(rows), retryable=True)]
        request.note_read(system.name, gone)
    request.note_incomplete(path, foremost(failures))
    indexed = IndexedSystem(system, next(reversed(failures), None))
    return [indexed.customer(row) if each is None else each for row, each in zip(rows, customers, strict=True)]


def _left_out(system: System, gone: int, asked: int, *, retryable: bool = False) -> UpstreamBadResponse:
    message = f"it left out {gone} of {asked} customers that it had"
    return UpstreamBadResponse(system.name, message, retryable=retryable)


async def _read_of_one(request: RequestContext, system: System, rows: Sequence[FoundRow]) -> ReadRows:
    found = await read_customers(request, system, [row.ref.key for row in rows])
    read = list(found.customers)
    # That a record is still missing is nothing new: neither to the index nor to a doubt about the system.
    of_present = [(row, each) for row, each in zip(rows, read, strict=True) if not row.is_missing]
    gone = [row.ref.key for row, each in of_present if each is None]
    if gone:
        answered = sum(not isinstance(each, UpstreamError) for _, each in of_present)
        if not request.is_over:
            began = request.reads.read_at(system.customers(request.selection))
            request.observer.note_missing(system.name, gone, answered, began)
        if is_suspect_batch(answered, len(gone)):  # that so many are gone at once is not believed
            left_out = _left_out(system, len(gone), answered)
            read = [
                left_out if each is None and not row.is_missing else each for row, each in zip(rows, read, strict=True)
            ]
    failed = foremost(each for each in read if isinstance(each, UpstreamError))
    indexed = IndexedSystem(system, next(iter(failed), None))
    customers = [
        indexed.customer(row) if isinstance(each, UpstreamError) else each for row, each in zip(rows, read, strict=True)
    ]
    shown = [row.ref.key for row, each in zip(rows, customers, strict=True) if each is not None]
    request.note_read(system.name, shown)
    return ReadRows(customers, [*failed, *found.failures])


def in_parts(nodes: Sequence[Any]) -> list[ColumnPart]:
    """Return nodes in parts: those at hand, and those of each read that is under way."""
    if LateRow not in set(map(type, nodes)):
        return [ColumnPart(range(len(nodes)), nodes)]
    late: dict[Future[list[Customer]], list[int]] = {}
    at_hand: list[int] = []
    for position, node in enumerate(nodes):
        (late.setdefault(node.customers, []) if isinstance(node, LateRow) else at_hand).append(position)
    parts = [ColumnPart(mine, _arrived(read, [nodes[each].place for each in mine])) for read, mine in late.items()]
    return [*parts, *([ColumnPart(at_hand, [nodes[each] for each in at_hand])] if at_hand else [])]


async def _arrived(read: Future[list[Customer]], places: Sequence[int]) -> list[Customer]:
    customers = await read
    return [customers[place] for place in places]


def foremost(failures: Iterable[UpstreamError]) -> list[UpstreamError]:
    """Return one failure for each system: the first, with the longest wait that others of its code name."""
    found: dict[str, UpstreamError] = {}
    for each in failures:
        first = found.setdefault(each.system, each)
        if each.code == first.code and (each.retry_after_ms or 0) > (first.retry_after_ms or 0):
            found[each.system] = each
    return list(found.values())
