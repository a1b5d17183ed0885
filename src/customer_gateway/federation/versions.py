"""The versions of customers, read as a field: of some systems another call tells a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.errors import UpstreamError
from customer_gateway.federation.fields import read_records
from customer_gateway.federation.indexed import is_indexed
from customer_gateway.model.versions import version_of_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.customer import Customer
    from customer_gateway.federation.request import RequestContext


async def read_versions(customers: Sequence[Customer], request: RequestContext) -> Sequence[Any]:
    """Return the version of each customer, which changes whenever one of its records does.

    None while one of them was not read; the failure where what another call tells of one could not be.
    """
    are_whole = [not customer.failures and not is_indexed(customer.read) for customer in customers]
    whole = [customer for customer, is_whole in zip(customers, are_whole, strict=True) if is_whole]
    told = iter(await read_records("version", [customer.records for customer in whole], request.reads))
    return [
        _version(customer, next(told)) if is_whole else None
        for customer, is_whole in zip(customers, are_whole, strict=True)
    ]


def _version(customer: Customer, versions: Sequence[Any]) -> str | UpstreamError:
    failed = next((each for each in versions if isinstance(each, UpstreamError)), None)
    records = zip(customer.records, versions, strict=True)
    return failed or version_of_records((system.name, view.key, version) for (system, view), version in records)
