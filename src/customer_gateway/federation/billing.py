"""A customer's billing: what its own document tells, and what other calls tell."""

from __future__ import annotations

import inspect
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.errors import UpstreamError
from customer_gateway.federation.fields import ColumnPart, read_field
from customer_gateway.model import value_objects

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext

_IN_DOCUMENTS: Final = frozenset(each.name for each in fields(value_objects.Billing))


class BilledCustomer(NamedTuple):
    """A customer's billing as its own document tells it, and the customer, for what other calls tell."""

    customer: Customer
    billing: value_objects.Billing


def billing(customers: Sequence[Customer], request: RequestContext) -> list[ColumnPart]:
    """Return a `BilledCustomer` for each customer; None where its documents tell no billing."""
    return [
        ColumnPart(positions, _billed([customers[each] for each in positions], values))
        for positions, values in read_field("billing", customers, request)
    ]


def billing_field(name: str, parents: Sequence[BilledCustomer], request: RequestContext) -> list[ColumnPart]:
    """Return a field of billing: the document's own, or what the reader `billing.<name>` of a system tells."""
    field = f"billing.{name}"
    if name in _IN_DOCUMENTS and not any(_is_elsewhere(field, parent.customer) for parent in parents):
        return [ColumnPart(range(len(parents)), list(map(attrgetter(field), parents)))]
    return read_field(field, [parent.customer for parent in parents], request)


def _is_elsewhere(field: str, customer: Customer) -> bool:
    """Return whether a reader, or another record, may have the field."""
    return bool(customer.others) or field in customer.system.readers


def _billed(owners: Sequence[Customer], values: Sequence[Any] | Awaitable[Sequence[Any]]) -> Any:
    if inspect.isawaitable(values):
        return _billed_later(owners, values)
    return [
        value if value is None or isinstance(value, UpstreamError) else BilledCustomer(owner, value)
        for owner, value in zip(owners, values, strict=True)
    ]


async def _billed_later(owners: Sequence[Customer], values: Awaitable[Sequence[Any]]) -> Any:
    return _billed(owners, await values)
