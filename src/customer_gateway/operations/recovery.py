"""Take over what other processes left, now and then, and delete personal data whose time is over."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import structlog

from customer_gateway.errors import GatewayError
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationState
from customer_gateway.operations import clock
from customer_gateway.work.background import in_background
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from datetime import datetime

    from customer_gateway.model.journal import Journal, StoredOperation
    from customer_gateway.operations.service import Operations

RECOVERY_SECONDS: Final = 10.0
_PURGE_SECONDS: Final = 600.0
_MOST_OPEN: Final = 100
_ACTOR: Final = "operator:recovery"

_log: Any = structlog.get_logger("customer_gateway.operations")


class Recovery:
    """Takes over the operations of processes that ended or were paused.

    Those whose outcome stayed open, here or elsewhere, are looked up again when no late answer is to be expected, and
    then each time that they have become twice as old: a vendor may have been out of reach.
    Operations of systems that are not configured any more wait until they are again, or are given up.
    """

    def __init__(self, operations: Operations, journal: Journal) -> None:
        self._operations = operations
        self._journal = journal
        self._next: dict[str, datetime] = {}

    async def recover(self, most: int = 20) -> int:
        """Settle what is stranded, or due; return how many there were."""
        now = clock.now()
        systems = [*self._operations.setup.systems]
        stranded = await self._journal.stranded(now, most, systems)
        found = await self._journal.page(_MOST_OPEN, states=[OperationState.UNKNOWN], systems=systems)
        unknown = [each for each in found if not each.is_settled]
        self._next = {
            each.id: self._next.get(each.id, _when_sent(each) + self._operations.setup.doubt) for each in unknown
        }
        due = [each for each in unknown if self._next[each.id] <= now]
        self._next |= {each.id: now + (now - _when_sent(each)) for each in due}
        ids = dict.fromkeys([*stranded, *(each.id for each in due)])
        for each in ids:
            try:
                await self._look_up(each)
            except GatewayError as failure:  # one that cannot be settled keeps no other from it
                _log.warning("operation_not_settled", operation=each, reason=type(failure).__name__)
        return len(ids)

    async def _look_up(self, id: str) -> None:  # noqa: A002 - as everywhere in the model
        deadline = Deadline.after(self._operations.setup.seconds)
        outcome = await self._operations.settle(id, _ACTOR, EVERY_RIGHT, deadline)
        if outcome is not None and (operation := outcome.operation) is not None:
            _log.warning("operation_taken_over", operation=id, system=operation.system, state=operation.state.value)


def _when_sent(operation: StoredOperation) -> datetime:
    """Return when an operation has sent its last call."""
    sent = [each.sent_at for each in operation.writes if each.sent_at is not None]
    return max(sent, default=operation.started_at)


@asynccontextmanager
async def recovering(
    operations: Operations, journal: Journal, seconds: float = RECOVERY_SECONDS
) -> AsyncGenerator[None]:
    """Take over stranded operations within the body; at its end wait for those that this process has begun."""
    recover = Recovery(operations, journal).recover
    try:
        async with in_background(_every(seconds, recover), _every(_PURGE_SECONDS, operations.purge)):
            yield
    finally:
        await operations.aclose()


async def _every(seconds: float, work: Callable[[], Awaitable[int]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except GatewayError as failure:  # the database does not answer: the next turn tries again
            _log.warning("operations_not_recovered", reason=type(failure).__name__)
        except Exception:  # noqa: BLE001 - a mistake of ours in one turn is logged; the next turns go on
            _log.exception("operations_not_recovered")
