"""The entry points of reading."""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from customer_gateway.api import finding
from customer_gateway.api import operations as journal
from customer_gateway.api.connections import After, CustomerConnection, First
from customer_gateway.api.customer import Customer
from customer_gateway.api.declare import CHECK, merged
from customer_gateway.api.nouns import Node
from customer_gateway.api.system import System
from customer_gateway.errors import BadUserInput
from customer_gateway.federation import nodes
from customer_gateway.federation.finding import CustomersAsked, find_customers
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from customer_gateway.federation.request import RequestContext

MOST_IDS = 100


@strawberry.input(description="A record by its system and the vendor's own key.")
class RecordRefInput:
    system: str = strawberry.field(description="The system's configured name.")
    key: str = strawberry.field(description="The vendor's own key.")


@strawberry.input(one_of=True, description="How a customer is named: by one of these.")
class CustomerBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    record: RecordRefInput | None = strawberry.field(default=strawberry.UNSET, description="One of its records.")


def _request(info: strawberry.Info[Any, Any]) -> RequestContext:
    return cast("RequestContext", info.context)


def _unknown_systems(request: RequestContext, names: list[str] | None = None) -> str | None:
    return request.unknown_systems(names or (), "systems(names:)")


@strawberry.type(description="Reading: live from the systems, batched, within the request's deadline.")
class Query:
    @strawberry.field(
        description="What the id names, read live: null if its system has none such, an error if it is not configured."
    )
    async def node(
        self,
        info: strawberry.Info[Any, Any],
        id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")],  # noqa: A002 - Relay's name
    ) -> Node | None:
        return await nodes.node(_request(info), nodes.named(_request(info), id), info.path.as_list())

    @strawberry.field(
        description="At most 100 ids, in the order asked; null for what its system does not have, and, with an error, "
        "for an id that is malformed or of a system that is not configured."
    )
    async def nodes(
        self,
        info: strawberry.Info[Any, Any],
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids of any types.")],
    ) -> list[Node | None]:
        if len(ids) > MOST_IDS:
            raise BadUserInput(f"nodes takes at most {MOST_IDS} ids, these are {len(ids)}; ask in several requests.")
        found = merged(nodes.nodes(_request(info), ids, info.path.as_list()), len(ids))
        return cast("list[Node | None]", await found if isawaitable(found) else found)

    @strawberry.field(
        description="A customer by its global id or by one of its records: null if its system has none such, an error "
        "if that is not configured."
    )
    async def customer(
        self,
        info: strawberry.Info[Any, Any],
        by: Annotated[CustomerBy, strawberry.argument(description="Its id, or one of its records.")],
    ) -> Customer | None:
        request = _request(info)
        if by.record:
            ref = RecordRef(by.record.system, by.record.key)
            found = await nodes.customer_of_record(request, ref, "by.record", info.path.as_list())
        else:
            found = await nodes.customer(request, by.id or "", info.path.as_list())
        return cast("Customer | None", found)

    @strawberry.field(
        description="Customers of all systems, found in the index and read from their systems. first or last is "
        "required, 1 to 100. A system that does not answer leaves its rows as the index knows them: STALE in "
        "provenance, and one entry in `extensions.incomplete`. Selecting only id, the records' keys, cursors and "
        "totalCount asks no system, nor does `live: false`."
    )
    async def customers(  # noqa: PLR0913, PLR0917 - the arguments of the schema's field
        self,
        info: strawberry.Info[Any, Any],
        first: finding.First = None,
        after: finding.After = None,
        last: finding.Last = None,
        before: finding.Before = None,
        search: finding.Search = None,
        filter: finding.Filters = None,  # noqa: A002 - as in the schema
        order_by: finding.Ordered = None,
        live: finding.Live = True,  # noqa: FBT002 - as in the schema
    ) -> CustomerConnection:
        asked = CustomersAsked(
            finding.question_of(search, filter, order_by),
            finding.systems_of(filter),
            first,
            after,
            last,
            before,
            live,
        )
        found = await find_customers(_request(info), asked, info.path.as_list())
        return cast("CustomerConnection", found)

    @strawberry.field(description="The configured systems, all or those named.", metadata={CHECK: _unknown_systems})
    def systems(
        self,
        info: strawberry.Info[Any, Any],
        names: Annotated[
            list[str] | None, strawberry.argument(description="Configured names; all if left out.")
        ] = None,
    ) -> list[System]:
        request = _request(info)
        if names is None:
            return cast("list[System]", list(request.systems.values()))
        return cast("list[System]", [request.systems[name] for name in names])

    @strawberry.field(description="The system of that name; null, with an error, if none is configured under it.")
    def system(
        self,
        info: strawberry.Info[Any, Any],
        name: Annotated[str, strawberry.argument(description="A configured name.")],
    ) -> System | None:
        return cast("System", _request(info).system(name, "system(name:)"))

    @strawberry.field(
        description="An operation: the caller's own, or anybody's with operations:read; null if there is none."
    )
    async def operation(
        self,
        info: strawberry.Info[Any, Any],
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],  # noqa: A002 - as in the schema
    ) -> journal.Operation | None:
        return cast("journal.Operation | None", await journal.find(_request(info), id))

    @strawberry.field(
        description="Newest first: the caller's own, or everybody's with the scope operations:read. first: 1 to 100."
    )
    async def operations(
        self,
        info: strawberry.Info[Any, Any],
        first: First,
        after: After = None,
        state: journal.States = None,
        customer_id: journal.CustomerId = None,
    ) -> journal.OperationConnection:
        found = await journal.page(_request(info), first, after, state, customer_id)
        return cast("journal.OperationConnection", found)
