"""Operations as GraphQL types: what became of a write, call by call."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from customer_gateway.api.connections import PageInfo
from customer_gateway.api.declare import attribute, described_enum
from customer_gateway.api.scalars import JSON
from customer_gateway.api.writing import writing_of
from customer_gateway.errors import BadUserInput
from customer_gateway.federation.listing import Connection, demand_size
from customer_gateway.model import operations
from customer_gateway.model.ids import decode_id
from customer_gateway.model.signed_cursors import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.request import RequestContext

described_enum(
    operations.OperationState,
    "Where an operation stands.",
    PLANNED="A dry run: nothing was written.",
    RUNNING="Its calls are under way.",
    APPLIED="All of it is written.",
    PENDING="The vendor has accepted it, and reviews it still.",
    PARTIAL="Some calls were applied, some were not.",
    REJECTED="Nothing is written.",
    UNKNOWN="The outcome is open: operationSettle finds it out.",
)
described_enum(
    operations.WriteStatus,
    "What became of a call.",
    PLANNED="It is not sent yet, or in a dry run would be.",
    APPLIED="The vendor has done it.",
    PENDING="The vendor has accepted it, and reviews it still.",
    REJECTED="The vendor has refused it, or it did not reach the vendor.",
    SKIPPED="It was not sent, since one before it failed.",
    UNKNOWN="It was sent, and nothing certain was answered.",
)
described_enum(
    operations.UserErrorCode,
    "Why something was not written.",
    NOT_WRITABLE="The system has no place for the field, or makes it itself.",
    REQUIRED="The system demands a value.",
    INVALID="The value is none of those that the field takes.",
    TOO_LONG="The text is longer than the system takes.",
    EXCLUSIVE="Two ways to the same place were given, or two flags that exclude each other.",
    VERSION_REQUIRED="Give the version that you have read, or force.",
    CONFLICT="The customer has changed since that version; it is in the payload as it stands.",
    PENDING="An earlier change of the customer is under review, or its outcome is open.",
    ARCHIVED="The vendor takes no change of a customer that is archived.",
    NOT_FOUND="There is no such customer, system or operation.",
    FORBIDDEN="The caller lacks a scope.",
    IDEMPOTENCY_MISMATCH="The idempotency key came with another input before.",
    IDEMPOTENCY_IN_PROGRESS="The operation with that idempotency key is still running.",
    UPSTREAM_REJECTED="The vendor has refused the call.",
    UPSTREAM_UNAVAILABLE="The vendor could not be reached, or the gateway's own database.",
    UPSTREAM_TIMEOUT="The vendor did not answer in time.",
    UPSTREAM_RATE_LIMITED="The vendor's rate limit leaves no call in time.",
    UPSTREAM_UNAUTHORIZED="The vendor refuses the gateway's credentials.",
    UPSTREAM_BAD_RESPONSE="The vendor's answer is not the one asked for.",
)


@strawberry.type(description="Why something was not written. Names no value.")
class UserError:
    code: operations.UserErrorCode = attribute("Its kind, of a closed list.")
    message: str = attribute("What is wrong, and what to do.")
    field: list[str] | None = attribute('Path into the input, such as ["patch", "address", "city"].')
    system: str | None = attribute("The system that it is about.")
    retryable: bool = attribute("Whether the same request may succeed later.")
    retry_after_ms: int | None = attribute("How long to wait before that, where it is known.")


@strawberry.type(
    description="One place of the vendor's document, by its path there. Values that the caller may not read are null "
    "and redacted."
)
class FieldChange:
    field: str = attribute("The place in the vendor's document.")
    before: JSON | None = attribute("What stood there; null where nothing did.")
    after: JSON | None = attribute("What is to stand there; null where nothing is.")
    redacted: bool = attribute("Whether the values are kept from the caller.")


@strawberry.type(description="One call of an operation.")
class Write:
    system: str = attribute("The system that is called.")
    key: str | None = attribute("The vendor's own key of the customer; null before it is made.")
    method: str = attribute("The HTTP method.")
    path: str = attribute("The path at the vendor's API.")
    changes: list[FieldChange] = attribute("What the call changes.")
    status: operations.WriteStatus = attribute("What became of it.")
    verified: bool | None = attribute("Whether the re-read showed what was written; null where nothing was read again.")
    error: UserError | None = attribute("Why it was not done.")


@strawberry.type(description="A write, from its plan to its outcome.")
class Operation:
    id: strawberry.ID | None = attribute("To look it up by; null on a dry run, which is not stored.")
    state: operations.OperationState = attribute("Where it stands.")
    replayed: bool = attribute("Whether this is the outcome of an earlier request with the same key.")
    actor: str | None = attribute("Who asked, as KIND:NAME.")
    started_at: datetime | None = attribute("When it began.")
    settled_at: datetime | None = attribute(
        "Since when nothing is left to be done or found out: of a write that a read confirms, when that began."
    )
    writes: list[Write] = attribute("The calls, in the order in which they are, were or would be sent.")
    foreign_changes: list[FieldChange] = attribute(
        "Places that changed between our read and our re-read and that we did not write."
    )


@strawberry.type(description="An operation and its place in the list.")
class OperationEdge:
    cursor: str = attribute("The operation's place.")
    node: Operation = attribute("The operation.")


@strawberry.type(description="A page of operations, newest first.")
class OperationConnection:
    edges: list[OperationEdge] = attribute("The operations with their places.")
    nodes: list[Operation] = attribute("The operations.")
    page_info: PageInfo = attribute("Where the page stands.")


States = Annotated[
    list[operations.OperationState] | None,
    strawberry.argument(description="Those in these states alone; all if empty."),
]
CustomerId = Annotated[
    strawberry.ID | None, strawberry.argument(description="Those on this customer alone, by its global id.")
]


async def find(request: RequestContext, id: str) -> Any:  # noqa: A002 - as in the schema
    """Return an operation that the caller may see, None where there is none such."""
    writing = writing_of(request)
    return await writing.operations.find(id, writing.asker.actor, request.rights)


async def page(
    request: RequestContext,
    first: int,
    after: str | None,
    states: Sequence[operations.OperationState] | None,
    customer: str | None,
) -> Connection:
    """Return a page of the operations that the caller may see, newest first."""
    demand_size(first)
    writing = writing_of(request)
    record = _record(request, customer)
    chosen = tuple(sorted(set(states or ()), key=lambda state: state.name))
    listing = "/".join(("operations", *(state.name for state in chosen), *(record or ())))
    start = None if after is None else _moment_and_id(request.cursors.decode(listing, after))
    found = await writing.operations.page(
        first + 1, start, writing.asker.actor, request.rights, states=chosen, record=record
    )
    shown = found[:first]
    return Connection(
        shown,
        lambda at: request.cursors.encode(listing, _moment_and_id_text(shown[at])),
        has_next_page=len(found) > first,
        has_previous_page=after is not None,
        total_count=None,
    )


def _record(request: RequestContext, customer: str | None) -> tuple[str, str] | None:
    if customer is None:
        return None
    asked = decode_id(customer)
    if asked.type != "Customer":
        raise BadUserInput(f"This id names a {asked.type}, not a Customer; give the id of a customer.")
    return request.system(asked.system, "customerId").name, asked.key


def _moment_and_id_text(operation: operations.Operation) -> str:
    return f"{operation.started_at.isoformat() if operation.started_at else ''} {operation.id}"


def _moment_and_id(position: str) -> tuple[datetime, str]:
    moment, _, id_ = position.partition(" ")
    try:
        return datetime.fromisoformat(moment), id_
    except ValueError:
        raise refused() from None
