"""Relay connections as GraphQL types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from customer_gateway.api.declare import attribute, batched, merged
from customer_gateway.api.nouns import Invoice, User
from customer_gateway.federation.found_rows import in_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.api.customer import Customer
    from customer_gateway.federation.listing import Connection, Edge
    from customer_gateway.federation.request import RequestContext

    LazyCustomer: TypeAlias = Customer
else:
    LazyCustomer = Annotated["Customer", strawberry.lazy("customer_gateway.api.customer")]

First: TypeAlias = Annotated[int, strawberry.argument(description="How many, 1 to 100.")]
After: TypeAlias = Annotated[str | None, strawberry.argument(description="The cursor of the item before the page.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = attribute("Whether more follows; costs an extra call only where the vendor does not say.")
    has_previous_page: bool = attribute("Whether something precedes.")
    start_cursor: str | None = attribute("Cursor of the first item.")
    end_cursor: str | None = attribute("Cursor of the last item: give it as `after` for the next page.")


def _node_of_each(edges: Sequence[Edge], _request: RequestContext) -> Any:
    return merged(in_parts([edge.node for edge in edges]), len(edges))


def _nodes_of_each(connections: Sequence[Connection], _request: RequestContext) -> list[Any]:
    return [merged(in_parts(each.nodes), len(each.nodes)) for each in connections]


@strawberry.type(description="A customer and its place in the list.")
class CustomerEdge:
    cursor: str = attribute(
        "The customer's place, bound to this list, or to search, filter and order; valid after a restart."
    )
    node: LazyCustomer | None = batched(_node_of_each, "The customer.")


@strawberry.type(description="A page of customers.")
class CustomerConnection:
    edges: list[CustomerEdge] = attribute("The customers with their places.")
    nodes: list[LazyCustomer | None] = batched(_nodes_of_each, "The customers.")
    page_info: PageInfo = attribute("Where the page stands.")
    total_count: int | None = attribute(
        "Null where the system does not know; costs an extra call only when selected and not in the page's answer."
    )


@strawberry.type(description="An invoice and its place in the list.")
class InvoiceEdge:
    cursor: str = attribute("The invoice's place.")
    node: Invoice | None = attribute("The invoice.")


@strawberry.type(description="A page of a customer's invoices, newest first.")
class InvoiceConnection:
    edges: list[InvoiceEdge] = attribute("The invoices with their places.")
    nodes: list[Invoice | None] = attribute("The invoices.")
    page_info: PageInfo = attribute("Where the page stands.")
    total_count: int | None = attribute("How many invoices the customer has.")


@strawberry.type(description="A user and its place in the list.")
class UserEdge:
    cursor: str = attribute("The user's place.")
    node: User | None = attribute("The user.")


@strawberry.type(description="A page of a system's users, in its own order.")
class UserConnection:
    edges: list[UserEdge] = attribute("The users with their places.")
    nodes: list[User | None] = attribute("The users.")
    page_info: PageInfo = attribute("Where the page stands.")
