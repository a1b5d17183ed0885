"""What the index of records is told of customers: their indexed fields, read for many records of one system at once."""

from __future__ import annotations

import asyncio
import inspect
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.catalog.rows import encode_values, microseconds
from customer_gateway.errors import UpstreamError
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.reads import RequestReads
from customer_gateway.model.catalog import INDEXED_FIELDS, RecordChange
from customer_gateway.model.ids import RecordRef
from customer_gateway.system import Selection

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.federation.request import Federation
    from customer_gateway.model import nouns
    from customer_gateway.system import Reads, System
    from customer_gateway.work.deadline import Deadline

_OF_THE_ADDRESS: Final = {"country_code": "country_code", "city": "city"}
"""Indexed fields that are those of the main address."""
_READ: Final = (*(name for name in INDEXED_FIELDS if name not in _OF_THE_ADDRESS), "address")

INDEXED: Final = Selection({"Customer": frozenset(_READ), "Address": frozenset(_OF_THE_ADDRESS.values())})
"""What is selected of customers that are read for the index alone."""


async def indexed(system: System, views: Sequence[nouns.Customer], reads: Reads) -> Sequence[RecordChange]:
    """Return what the index is told of records of one system.

    A field that the system has no source for is not known of any. One whose read failed is left out of its record,
    whose change is not `whole` then.
    """
    names = [name for name in _READ if name in system.kind.supplies and name not in system.withheld]
    columns = await asyncio.gather(*(_column(name, system, views, reads) for name in names))
    by_name = dict(zip(names, columns, strict=True))
    return [_change(system.name, view, {name: by_name[name][at] for name in names}) for at, view in enumerate(views)]


async def _column(name: str, system: System, views: Sequence[nouns.Customer], reads: Reads) -> Sequence[Any]:
    values = read_views(name, system, views, reads)
    return await values if inspect.isawaitable(values) else values


def _change(system: str, view: nouns.Customer, read: Mapping[str, Any]) -> RecordChange:
    known = {name: value for name, value in read.items() if not isinstance(value, UpstreamError)}
    whole = len(known) == len(read)
    if "address" in known:
        address = known.pop("address")
        known |= {name: getattr(address, part, None) for name, part in _OF_THE_ADDRESS.items()}
    return RecordChange(RecordRef(system, view.key), known, stamp_of(known), whole)


async def read_indexed(federation: Federation, system: str, key: str, deadline: Deadline) -> RecordChange | None:
    """Return what the index is told of one record, read from its system; None where there is none any more.

    Raises `UpstreamError`.
    """
    reads = RequestReads(federation.batchers, INDEXED, deadline)
    of = federation.systems[system]
    (view,) = await reads.load(of.customers(INDEXED), [key])
    if isinstance(view, UpstreamError):
        raise view
    if view is None:
        return None
    (change,) = await indexed(of, [view], reads)
    return change


def stamp_of(values: Mapping[str, Any]) -> str:
    """Return what tells one state of a record from another: the vendor's own stamp, else a hash of the values."""
    changed = values.get("updated_at")
    if changed is not None:
        return str(microseconds(changed))
    return blake2b(encode_values(values).encode(), digest_size=12).hexdigest()
