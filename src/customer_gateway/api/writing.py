"""What mutations go on by: the operations of the gateway, who asks, and the key of the header Idempotency-Key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from customer_gateway.errors import BadUserInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.callers import Rights
    from customer_gateway.model.operations import Operation, OperationState
    from customer_gateway.operations.requests import Outcome, WriteRequest
    from customer_gateway.work.deadline import Deadline


class WritesCustomers(Protocol):
    """Carries writes out and tells of them, as `operations.service.Operations` does."""

    async def carry_out(self, request: WriteRequest, deadline: Deadline) -> Outcome: ...

    async def settle(self, id: str, actor: str, rights: Rights, deadline: Deadline) -> Outcome | None: ...  # noqa: A002 - as there

    async def find(self, id: str, actor: str, rights: Rights) -> Operation | None: ...  # noqa: A002 - as there

    async def page(
        self,
        first: int,
        after: tuple[datetime, str] | None,
        actor: str,
        rights: Rights,
        *,
        states: Sequence[OperationState] = (),
        record: tuple[str, str] | None = None,
    ) -> Sequence[Operation]: ...


@dataclass(slots=True)
class Asker:
    """Who asks, as `KIND:NAME`, and the key of the header Idempotency-Key, if it came.

    `replayed` becomes true where the answer to that key is the outcome of an earlier request.
    """

    actor: str = "anonymous:"
    idempotency_key: str | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """The operations and who asks for them, for one request."""

    operations: WritesCustomers
    asker: Asker


def writing_of(request: RequestContext) -> Writing:
    """Return what the request's mutations go on by; raises `BadUserInput` where nothing can be written."""
    if isinstance(request.writing, Writing):
        return request.writing
    raise BadUserInput("This gateway writes nothing; ask the operator to configure what is needed for writes.")


def asker_of(request: RequestContext) -> Asker:
    """Return who asks; without a key where nothing can be written."""
    return request.writing.asker if isinstance(request.writing, Writing) else Asker()
