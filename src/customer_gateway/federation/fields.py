"""Unified fields, read for many customers at once: from their own documents where they stand there, else by readers.

A field's answer is a list of `ColumnPart`s, one a system: the values of some of the customers, at once or awaited.
A slow system holds up its own part only.
"""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.documents.values import UNREADABLE, is_empty
from customer_gateway.errors import UpstreamError
from customer_gateway.federation.indexed import IndexedSystem, is_indexed
from customer_gateway.work.faults import read_all, read_each

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from customer_gateway.federation.customer import Customer, LinkedRecord
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model import nouns
    from customer_gateway.system import Reads, System

KEYED: Final = frozenset({"owner", "updater", "creator", "invoices"})
"""Fields that no document tells by itself: without a reader there are none."""

LISTS: Final = frozenset(
    {"emails", "phones", "addresses", "notes", "external_ids", "contacts", "accounts", "agreements"}
    | {"billing.recipients"}
)
"""List fields: empty where a system has no such field; a linked customer's hold the items of all its records."""

UNITED: Final = LISTS | {"invoices"}
"""Fields in which a linked customer has what all its records have."""

_BILLING: Final = "billing."


class ColumnPart(NamedTuple):
    """The values of one field for the customers at `positions`."""

    positions: Sequence[int]
    values: Sequence[Any] | Awaitable[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A value without that of some records, and why it is not whole.

    The executors put the value in its place, and the answer's extensions have the failures, with its path.
    """

    value: Any
    failures: Sequence[UpstreamError]

    def __located__(self, context: RequestContext, path: Sequence[str | int]) -> Any:
        context.note_incomplete(path, self.failures)
        return self.value


def located(value: Any, context: RequestContext, path: Sequence[str | int]) -> Any:
    """Return the value itself; what it lacks is noted with the path."""
    return value.__located__(context, path) if isinstance(value, Incomplete) else value


def partly(value: Any, failures: Sequence[UpstreamError]) -> Any:
    """Return the value, as `Incomplete` where anything failed."""
    return Incomplete(value, failures) if failures else value


def read_field(name: str, customers: Sequence[Customer], request: RequestContext) -> list[ColumnPart]:
    """Return the unified field `name` (a model name, or `billing.payment_terms`) of every customer."""
    by_system = request.by_system(customers)
    parts = [
        ColumnPart(positions, read_views(name, system, views, request.reads))
        for system, positions, views in by_system.single
    ]
    if by_system.linked:
        linked = [customers[each] for each in by_system.linked]
        parts.append(ColumnPart(by_system.linked, _golden(name, linked, request.reads)))
    return parts


def read_record_field(name: str, views: Sequence[nouns.Customer], request: RequestContext) -> list[ColumnPart]:
    """Return the field `name` of records of any systems, as `read_views` gives it."""
    places: dict[str, list[int]] = {}
    unread: list[int] = []
    for place, view in enumerate(views):
        (unread if is_indexed(view) else places.setdefault(view.context.system, [])).append(place)
    nothing = [ColumnPart(unread, [None] * len(unread))] if unread else []
    return nothing + [
        ColumnPart(mine, read_views(name, request.systems[system], [views[place] for place in mine], request.reads))
        for system, mine in places.items()
    ]


def read_views(
    name: str, system: System, views: Sequence[nouns.Customer], reads: Reads
) -> Sequence[Any] | Awaitable[Sequence[Any]]:
    """Return the field of many records of one system: a list where the documents have it, else the reader's answer.

    Neither raises: an unexpected exception costs the field of the records for which it was raised.
    """
    if isinstance(system, IndexedSystem):
        return system.values(name, views)
    reader = system.readers.get(name)
    if name in system.withheld:
        values: Sequence[Any] = [None] * len(views)
    elif reader is not None:
        return _without_unreadable(name, read_all(lambda some: reader(some, reads), views, system.name, name))
    elif name in KEYED:
        return [None] * len(views)  # a system that has such users has a reader for them
    elif name.startswith(_BILLING):
        told = name.removeprefix(_BILLING)
        values = read_each(lambda view: getattr(view.billing, told, None), views, system.name, name)
    else:
        values = read_each(attrgetter(name), views, system.name, name)
    return [[] if value is None else value for value in values] if name in LISTS else values


async def _without_unreadable(name: str, values: Awaitable[Sequence[Any]]) -> Sequence[Any]:
    """Return a reader's values with nothing in the place of those that it could not read."""
    found = await values
    if UNREADABLE not in found:
        return found
    return [([] if name in LISTS else None) if value is UNREADABLE else value for value in found]


async def read_states(name: str, system: System, views: Sequence[nouns.Customer], reads: Reads) -> Sequence[Any]:
    """Return the field of many records of one system; `UNREADABLE` where it is null because it could not be read."""
    if isinstance(system, IndexedSystem):
        return system.states(name, views)
    if name in system.withheld:
        return [None] * len(views)
    reader = system.readers.get(name)
    read = None if reader is None else read_all(lambda some: reader(some, reads), views, system.name, name)
    values = await (read or _awaited(read_views(name, system, views, reads)))
    stated = f"{name}_key" if name in KEYED else name
    told = getattr(type(views[0]), stated, None) is not None

    def state(read: tuple[nouns.Customer, Any]) -> Any:
        view, value = read
        return UNREADABLE if told and is_empty(value) and view.unreadable(stated) else value

    return read_each(state, list(zip(views, values, strict=True)), system.name, name)


async def _golden(name: str, customers: Sequence[Customer], reads: Reads) -> Sequence[Any]:
    """Linked customers: the field of each record that was read, then one value of them.

    A record that failed leaves its customer `Incomplete`, and no field of it is an error for that.
    """
    per_record = await read_records(name, [customer.records for customer in customers], reads)
    choose = _united if name in UNITED else _first
    return [choose(values) for values in per_record]


async def read_records(
    name: str,
    records: Sequence[Sequence[LinkedRecord]],
    reads: Reads,
    read: Callable[..., Any] = read_views,
) -> list[list[Any]]:
    """Return the field of every record that was read of every customer, as `read` gives it, in their order."""
    views: dict[System, list[nouns.Customer]] = {}
    for system, view in chain.from_iterable(records):
        views.setdefault(system, []).append(view)
    answers = await asyncio.gather(*(_awaited(read(name, system, mine, reads)) for system, mine in views.items()))
    columns = {system: iter(values) for system, values in zip(views, answers, strict=True)}
    return [[next(columns[system]) for system, _ in of_one] for of_one in records]


async def _awaited(values: Sequence[Any] | Awaitable[Sequence[Any]]) -> Sequence[Any]:
    return await values if inspect.isawaitable(values) else values


def _first(values: Sequence[Any]) -> Any:
    """Return the first non-empty value, `Incomplete` where a read before it failed; without one the first failure."""
    failures: list[UpstreamError] = []
    for value in values:
        if isinstance(value, UpstreamError):
            failures.append(value)
        elif not is_empty(value):
            return partly(value, failures)
    return failures[0] if failures else None


def _united(values: Sequence[Any]) -> Any:
    """Return the items of all records, `Incomplete` where some could not be read; a failure where none could."""
    lists = [value for value in values if value is not None and not isinstance(value, UpstreamError)]
    if not lists:
        return _first(values)
    failures = [value for value in values if isinstance(value, UpstreamError)]
    return partly([item for items in lists for item in items], failures)
