"""Read a customer again after it was written, and wait until the index knows it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from customer_gateway.federation.customer import read_customers
from customer_gateway.federation.indexing import written_customer
from customer_gateway.federation.reads import RequestReads

if TYPE_CHECKING:
    from datetime import datetime

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.system import System, WrittenDocument


class ReadAfterWrite:
    """Reads a customer for the answer to a mutation: beside what is still to be stored of the write.

    The document that shows the write is taken for it, as the index takes it, unless the vendor's own text (`raw`) is
    selected. Where there is none, the index reads the record from the same moment on: where it needs the same of the
    system, both join one call.
    """

    def __init__(self, request: RequestContext, system: System) -> None:
        self._request = request
        self._system = system
        self._is_open = True
        self._task: asyncio.Task[None] | None = None

    def begin(self, key: str | None, written: WrittenDocument | None = None) -> None:
        """Begin to read the customer, anew where it was begun before: it was just written. None has no record yet.

        `written` is the document that shows the write, where it was read.
        """
        if key is None or not self._is_open:  # the write may outlast its request
            return
        if self._task is not None:
            self._task.cancel()
        _forget_customer(self._request, self._system, key)
        read_at = None if written is None else _take(self._request, self._system, key, written)
        self._task = asyncio.create_task(_read_again(self._request, self._system, key, read_at))

    async def wait(self, key: str) -> None:
        """Wait until the customer was read and the index has it, by the deadline; nothing is begun from then on."""
        if self._task is None:
            self.begin(key)
        self._is_open = False
        if self._task is not None:
            await self._task

    def end(self) -> None:
        """Give up what nobody waits for any more."""
        self._is_open = False
        if self._task is not None:
            self._task.cancel()


def _forget_customer(request: RequestContext, system: System, key: str) -> None:
    """Forget what is known of a customer in this request, and what calls in flight bring of it."""
    reads = request.reads
    if isinstance(reads, RequestReads):
        reads.forget(system.customers(request.selection), [key])
        reads.forget_of(system.name, key)
    request.answers.clear()


def _take(request: RequestContext, system: System, key: str, written: WrittenDocument) -> datetime | None:
    """Take the customer from a document; return when that was read, None where the customer is to be read instead."""
    if request.selection.tells_raw(system.kind.record):
        return None
    if (view := written_customer(system, key, written, request.reads)) is None:
        return None
    request.reads.prime(system.customers(request.selection), {key: view})
    return written.read_at


async def _read_again(request: RequestContext, system: System, key: str, read_at: datetime | None) -> None:
    """Read a customer, and wait until the index has it, by the deadline; `read_at` is when the document was read that
    it was taken from.
    """
    indexing = asyncio.ensure_future(request.observer.wait_stored(system.name, key))
    try:
        if request.selection.of("Customer"):
            await read_customers(request, system, [key], read_at)
        async with request.deadline.enforce():
            await indexing
    except TimeoutError:
        pass  # it is stored later: the answer is not held up
    finally:
        indexing.cancel()
