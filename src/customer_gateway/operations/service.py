"""The way into writes: carry a mutation out, tell of operations, settle one whose outcome is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from customer_gateway.model.callers import Rights
    from customer_gateway.model.journal import Journal
    from customer_gateway.model.operations import Operation, OperationState
    from customer_gateway.operations.requests import Outcome, WriteRequest
    from customer_gateway.system import System
    from customer_gateway.work.deadline import Deadline


class Operations:
    """Carries writes out, each in a task of its own that goes on when the request that asked for it ends."""

    def __init__(self, systems: Mapping[str, System], journal: Journal | None, *, seconds: float) -> None:
        self._systems = systems
        self._journal = journal
        self._seconds = seconds

    async def carry_out(self, request: WriteRequest, deadline: Deadline) -> Outcome:
        """Plan the write, and unless it is a dry run carry it out; tell what came of it by the deadline.

        Raises `DatabaseUnavailable`, and `UpstreamError` where the record cannot be read.
        """
        raise NotImplementedError

    async def settle(self, id: str, actor: str, rights: Rights, deadline: Deadline) -> Outcome | None:  # noqa: A002
        """Find out what became of an operation whose outcome is open; None where this caller may not see it."""
        raise NotImplementedError

    async def find(self, id: str, actor: str, rights: Rights) -> Operation | None:  # noqa: A002
        """Return an operation of the caller's own, or anybody's with `operations:read`."""
        raise NotImplementedError

    async def page(
        self,
        first: int,
        after: tuple[datetime, str] | None,
        actor: str,
        rights: Rights,
        *,
        states: Sequence[OperationState] = (),
        record: tuple[str, str] | None = None,
    ) -> Sequence[Operation]:
        """Return operations, the newest first: the caller's own, everybody's with `operations:read`."""
        raise NotImplementedError
