"""Make the changes of the index of records: the indexed fields of many customers of one system, read at once."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.documents.values import is_empty
from customer_gateway.errors import UpstreamError
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.reads import ReadsSoFar, RequestReads
from customer_gateway.model.catalog import ADDRESS_KIND, ADDRESS_PARTS, UNIFIED_SOURCES, RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.system import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from customer_gateway.federation.request import Federation
    from customer_gateway.model import nouns
    from customer_gateway.model.value_objects import Address
    from customer_gateway.system import Reads, System, WrittenDocument
    from customer_gateway.work.deadline import Deadline

_log: Any = structlog.get_logger("customer_gateway.federation")

INDEXED: Final = Selection({"Customer": frozenset(UNIFIED_SOURCES), "Address": frozenset({*ADDRESS_PARTS, "kind"})})
"""What is selected of customers that are read for the index alone."""


async def indexed(system: System, views: Sequence[nouns.Customer], reads: Reads) -> Sequence[RecordChange]:
    """Return the changes that records of one system make to the index.

    A field that the system has no source for is not known of any. One whose read failed is left out of its record,
    whose change is not `whole` then.
    """
    told = system.kind.supplies - system.withheld
    columns: dict[str, Any] = {name: read_views(name, system, views, reads) for name in UNIFIED_SOURCES if name in told}
    waited = [name for name, values in columns.items() if inspect.isawaitable(values)]
    columns.update(zip(waited, await asyncio.gather(*(columns[name] for name in waited)), strict=True))
    return changes_of(system, views, columns, ADDRESS_PARTS, is_all=True)


def written_customer(
    system: System, key: str, written: WrittenDocument, reads: RequestReads | ReadsSoFar
) -> nouns.Customer | None:
    """Return the customer of a document that shows what was written; None where it is to be read from its system.

    What was read beside it is remembered, too. An unexpected exception is logged: the customer can be read all
    the same.
    """
    try:
        view = system.customer_in(written.document)
        beside = system.read_by_writer(written.answers)
    except Exception:  # noqa: BLE001 - see above
        _log.exception("written_document_not_taken", system=system.name)
        return None
    if view is None or view.key != key:
        return None
    for route, value in beside.items():
        reads.prime(route, {key: value})
    return view


def changes_of(
    system: System,
    views: Sequence[nouns.Customer],
    columns: Mapping[str, Sequence[Any]],
    parts: Sequence[str],
    *,
    is_all: bool,
) -> list[RecordChange]:
    """Return the changes of records from the columns of their unified fields, of the address these parts alone.

    `is_all` says that the columns are all that the system has; one of which a value failed is not whole all the same.
    """

    def change(at: int, view: nouns.Customer) -> RecordChange:
        read = {name: column[at] for name, column in columns.items()}
        known = {name: value for name, value in read.items() if not isinstance(value, Exception)}
        whole = is_all and len(known) == len(read)
        if "address" in known:
            known |= _of_address(known.pop("address"), parts)
        values = {name: None if is_empty(value) else value for name, value in known.items()}
        return RecordChange(RecordRef(system.name, view.key), values, whole)

    return [change(at, view) for at, view in enumerate(views)]


def _of_address(address: Address | None, parts: Sequence[str]) -> dict[str, Any]:
    """Return what a row has of a main address that was read: its kind beside the parts, nothing where there is none."""
    if address is None:
        return dict.fromkeys((*ADDRESS_PARTS, ADDRESS_KIND))
    return {ADDRESS_KIND: address.kind, **{part: getattr(address, part) for part in parts}}


async def read_indexed(
    federation: Federation, system: str, key: str, deadline: Deadline, written: WrittenDocument | None = None
) -> tuple[RecordChange | None, datetime]:
    """Return the change that one record makes to the index, None where there is none any more, and since when it is so.

    Where its document is not given it is read from its system, by a call that may have begun for another request.
    Raises `UpstreamError`.
    """
    reads = RequestReads(federation.batchers, INDEXED, deadline)
    of = federation.systems[system]
    route = of.customers(INDEXED)
    if written is not None and (shown := written_customer(of, key, written, reads)) is not None:
        (change,) = await indexed(of, [shown], reads)
        return change, written.read_at
    (view,) = await reads.load(route, [key])
    read_at = reads.read_at(route)
    if isinstance(view, UpstreamError):
        raise view
    if view is None:
        return None, read_at
    (change,) = await indexed(of, [view], reads)
    return change, read_at
