"""Forget what was read of a customer after it was written, and wait until the index knows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.federation.customer import read_customers
from customer_gateway.federation.reads import RequestReads

if TYPE_CHECKING:
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import System


def forget_customer(request: RequestContext, system: System, key: str) -> None:
    """Forget what is known of a customer in this request, and what calls in flight bring of it: it is read again."""
    reads = request.reads
    if isinstance(reads, RequestReads):
        reads.forget(system.customers(request.selection), [key])
        reads.forget_of(system.name, key)
    request.answers.clear()


async def index_written(request: RequestContext, system: System, key: str) -> None:
    """Wait until the index has what was written of a customer, by the deadline; its read joins that of the answer."""
    indexing = asyncio.ensure_future(request.observer.wait_stored(system.name, key))
    try:
        if request.selection.of("Customer"):
            await read_customers(request, system, [key])
        async with request.deadline.enforce():
            await indexing
    except TimeoutError:
        pass  # it is stored later: the answer is not held up
    finally:
        indexing.cancel()
