"""The leases of an attempt at an operation, and renewing them while it goes on."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from customer_gateway.errors import GatewayError
from customer_gateway.operations import clock
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from customer_gateway.model.journal import Journal, StoredOperation

LEASE: Final = timedelta(seconds=15)
"""How long a process that says nothing keeps an operation, and the record that it writes."""
_LEFT: Final = 1 / 3
"""A call is sent only with such a part of the lease left: of 15 s, 5."""
_RENEWAL: Final = 1 / 4
"""The part of a lease after which it is renewed."""


class Leases:
    """What one attempt holds in the store: the lease of its operation, and that of its record.

    `record` names the record's lease, None while it is not held. Those that are held end at `until`; each is of
    `length` when it is acquired or renewed.
    """

    def __init__(self, operation: StoredOperation, length: timedelta) -> None:
        self.operation = operation.id
        self.owner = operation.owner or ""
        self.record: str | None = None
        self.length = length
        self.until: datetime = operation.lease_until or operation.started_at

    def nearly_expired(self) -> str | None:
        """Return why no call may be sent: less than a third of the lease is left. Return None where enough is left.

        It is renewed after each quarter, so this is said only to a process that was paused, or cannot reach the
        database.
        """
        is_enough = self.until - clock.now() >= self.length * _LEFT
        return (
            None
            if is_enough
            else "its slot in the rate limit came when the lease of the write was nearly over; send it again"
        )

    @asynccontextmanager
    async def renewing(self, journal: Journal) -> AsyncGenerator[None]:
        """Renew what is held, now and then, within the body."""
        async with in_background(self._renew(journal)):
            yield

    async def _renew(self, journal: Journal) -> None:
        is_ours = True
        while is_ours:
            await asyncio.sleep(self.length.total_seconds() * _RENEWAL)
            with contextlib.suppress(GatewayError):  # without it no call is sent before long
                until = clock.now() + self.length
                if is_ours := await journal.renew(self.operation, self.owner, until, self.record):
                    self.until = max(self.until, until)
