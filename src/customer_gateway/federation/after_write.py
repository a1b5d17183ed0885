"""Forget what was read of a customer, after it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.federation.reads import RequestReads

if TYPE_CHECKING:
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import System


def forget_customer(request: RequestContext, system: System, key: str) -> None:
    """Forget what is known of a customer in this request, and what calls in flight bring of it: it is read again."""
    reads = request.reads
    if isinstance(reads, RequestReads):
        reads.forget(system.customers(request.want), [key])
        reads.forget_of(system.name, key)
    request.answers.clear()
