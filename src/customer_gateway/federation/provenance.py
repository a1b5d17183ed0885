"""Where each unified field's value came from, or why it is null."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.documents.structs import graphql_name
from customer_gateway.documents.values import UNREADABLE, is_empty
from customer_gateway.errors import BadUserInput, UpstreamError
from customer_gateway.federation.fields import UNITED, read_records, read_states
from customer_gateway.federation.indexed import SeenBefore
from customer_gateway.federation.names import listed
from customer_gateway.model.nouns import UNIFIED_FIELDS
from customer_gateway.model.required_scopes import redacted_fields

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.federation.customer import Customer, LinkedRecord
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.ids import RecordRef
    from customer_gateway.system import Reads, System


_MODEL_NAMES: Final = {graphql_name(name): name for name in UNIFIED_FIELDS}


class FieldState(Enum):
    VALUE = "VALUE"
    EMPTY = "EMPTY"
    NOT_IN_SYSTEM = "NOT_IN_SYSTEM"
    DENIED = "DENIED"
    REDACTED = "REDACTED"
    FAILED = "FAILED"
    UNREADABLE = "UNREADABLE"
    STALE = "STALE"


@dataclass(frozen=True, slots=True)
class FieldProvenance:
    """`record` supplied the value, holds nothing in the field, or could not be read; None where no system has it.

    UNREADABLE: the record holds something in the field that cannot be read as it. STALE: the record was not read, and
    the index knows the value, `seen_at` that moment.
    """

    field: str
    record: RecordRef | None
    state: FieldState
    seen_at: datetime | None = None


class _Cell(NamedTuple):
    """A record that a customer has: its system, and the error where it could not be read."""

    ref: RecordRef
    system: System
    failure: UpstreamError | None


class _Customers(NamedTuple):
    """Customers whose provenance is found together: of each its cells, and the records that were read; their systems.

    It is made once for all fields.
    """

    cells: Sequence[Sequence[_Cell]]
    records: Sequence[Sequence[LinkedRecord]]
    systems: frozenset[System]

    @classmethod
    def of(cls, customers: Sequence[Customer]) -> _Customers:
        records = [customer.records for customer in customers]
        return cls(
            list(map(_cells, customers)), records, frozenset(record.system for some in records for record in some)
        )


def _cells(customer: Customer) -> Sequence[_Cell]:
    return [
        _Cell(cell.ref, cell.system, cell.read if isinstance(cell.read, UpstreamError) else None)
        for cell in customer.cells
        if cell.read is not None
    ]


async def provenance(
    customers: Sequence[Customer], fields: Sequence[str] | None, request: RequestContext
) -> list[list[FieldProvenance]]:
    """Return for every customer the provenance of each of `fields` (GraphQL names; None: all), in their order."""
    if (reason := unknown_fields(fields)) is not None:
        raise BadUserInput(reason)
    wanted = list(_MODEL_NAMES) if fields is None else list(dict.fromkeys(fields))
    if not wanted:
        return [[] for _ in customers]
    redacted = redacted_fields(request.rights)
    together = _Customers.of(customers)
    columns = await asyncio.gather(
        *(
            _redacted(field, customers) if _MODEL_NAMES[field] in redacted else _states(field, together, request.reads)
            for field in wanted
        )
    )
    return [[state for states in of_one for state in states] for of_one in zip(*columns, strict=True)]


def unknown_fields(fields: Sequence[str] | None) -> str | None:
    """Why provenance cannot be told of these; None where it can."""
    unknown = sorted(set(fields or ()) - _MODEL_NAMES.keys())
    if not unknown:
        return None
    return f"provenance knows no field {listed(unknown)}; it knows: {', '.join(_MODEL_NAMES)}."


async def _redacted(field: str, customers: Sequence[Customer]) -> list[list[FieldProvenance]]:
    """Report a field that the caller may not read, alike for all customers: nothing is read for it."""
    return [[FieldProvenance(field, None, FieldState.REDACTED)]] * len(customers)


async def _states(field: str, together: _Customers, reads: Reads) -> list[list[FieldProvenance]]:
    name = _MODEL_NAMES[field]
    supplied = any(_supplies(system, name) for system in together.systems)
    nothing = [[None] * len(records) for records in together.records]
    values = await read_records(name, together.records, reads, read_states) if supplied else nothing
    return [_reported(field, cells, mine) for cells, mine in zip(together.cells, values, strict=True)]


def _reported(field: str, cells: Sequence[_Cell], values: Sequence[Any]) -> list[FieldProvenance]:
    """Report where the field came from, and which records could not be read for it.

    `values` are those of the records that were read. Of a list the records are reported that it lacks; of a single
    value those that were read and whose own would have come first.
    """
    name, read = _MODEL_NAMES[field], iter(values)
    told = [(cell, next(read) if cell.failure is None else cell.failure) for cell in cells]
    candidates = [(cell, value) for cell, value in told if _supplies(cell.system, name)]
    if not candidates:
        return [FieldProvenance(field, None, FieldState.NOT_IN_SYSTEM)]
    found = _found(field, candidates)
    if found.state is not FieldState.VALUE:
        return [found]
    lacking: list[FieldProvenance] = []
    for cell, value in candidates:
        if name not in UNITED and cell.ref == found.record:
            break
        if isinstance(value, UpstreamError) and (name in UNITED or cell.failure is None):
            lacking.append(FieldProvenance(field, cell.ref, FieldState.FAILED))
    return [found, *lacking]


def _found(field: str, candidates: Sequence[tuple[_Cell, Any]]) -> FieldProvenance:
    for cell, value in candidates:
        if isinstance(value, SeenBefore):
            return FieldProvenance(field, cell.ref, FieldState.STALE, value.seen_at)
        if not is_empty(value) and value is not UNREADABLE and not isinstance(value, UpstreamError):
            return FieldProvenance(field, cell.ref, FieldState.VALUE)
    for cell, value in candidates:
        if isinstance(value, UpstreamError):
            return FieldProvenance(field, cell.ref, FieldState.FAILED)
    for cell, value in candidates:
        if value is UNREADABLE:
            return FieldProvenance(field, cell.ref, FieldState.UNREADABLE)
    return FieldProvenance(field, candidates[0][0].ref, FieldState.EMPTY)


def _supplies(system: System, name: str) -> bool:
    return name in system.kind.supplies and name not in system.withheld
