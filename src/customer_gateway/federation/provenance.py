"""Where each unified field's value came from, or why it is null."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

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

    from customer_gateway.federation.customer import Customer
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
    columns = await asyncio.gather(
        *(
            _redacted(field, customers) if _MODEL_NAMES[field] in redacted else _states(field, customers, request.reads)
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


async def _states(field: str, customers: Sequence[Customer], reads: Reads) -> list[list[FieldProvenance]]:
    name = _MODEL_NAMES[field]
    supplied = any(_supplies(record.system, name) for customer in customers for record in customer.records)
    nothing = [[None] * len(customer.records) for customer in customers]
    values = await read_records(name, customers, reads, read_states) if supplied else nothing
    return [_reported(field, customer, mine) for customer, mine in zip(customers, values, strict=True)]


def _reported(field: str, customer: Customer, values: Sequence[Any]) -> list[FieldProvenance]:
    """Report where the field came from, and which records could not be read for it.

    Of a list those are all that it lacks; of a single value those that were read and whose own would have come first.
    """
    name = _MODEL_NAMES[field]
    read = iter(values)
    cells = [
        (cell, cell.read if isinstance(cell.read, UpstreamError) else next(read))
        for cell in customer.cells
        if cell.read is not None
    ]
    candidates = [(cell.ref, value) for cell, value in cells if _supplies(cell.system, name)]
    if not candidates:
        return [FieldProvenance(field, None, FieldState.NOT_IN_SYSTEM)]
    found = _found(field, candidates)
    if found.state is not FieldState.VALUE:
        return [found]
    lacking = [cell.ref for cell, value in cells if isinstance(value, UpstreamError) and _supplies(cell.system, name)]
    if name not in UNITED:
        before = list(takewhile(lambda cell: cell.ref != found.record, customer.cells))
        lacking = [cell.ref for cell in before if cell.ref in lacking and not isinstance(cell.read, UpstreamError)]
    return [found, *(FieldProvenance(field, ref, FieldState.FAILED) for ref in lacking)]


def _found(field: str, candidates: Sequence[tuple[RecordRef, Any]]) -> FieldProvenance:
    for ref, value in candidates:
        if isinstance(value, SeenBefore):
            return FieldProvenance(field, ref, FieldState.STALE, value.seen_at)
        if not is_empty(value) and value is not UNREADABLE and not isinstance(value, UpstreamError):
            return FieldProvenance(field, ref, FieldState.VALUE)
    for ref, value in candidates:
        if isinstance(value, UpstreamError):
            return FieldProvenance(field, ref, FieldState.FAILED)
    for ref, value in candidates:
        if value is UNREADABLE:
            return FieldProvenance(field, ref, FieldState.UNREADABLE)
    return FieldProvenance(field, candidates[0][0], FieldState.EMPTY)


def _supplies(system: System, name: str) -> bool:
    return name in system.kind.supplies and name not in system.withheld
