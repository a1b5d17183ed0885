"""How far the index of customers is with a system: how its passes are, and how old the last whole one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.errors import CatalogUnavailable, DatabaseNewer, DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.catalog import SyncState
    from customer_gateway.system import System

_NO_ANSWER: Final = "The index of customers does not answer; try again later."


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """The passes of a system, as a client sees them.

    `floor_seconds` is how long a pass takes at least: its calls, at the rate that the process may make them.
    """

    state: str
    records: int
    last_completed_at: datetime | None
    lag_seconds: float | None
    floor_seconds: float | None


async def sync_progress(systems: Sequence[System], request: RequestContext) -> Sequence[SyncProgress | None]:
    """Return how far the passes of systems are; None where there is no index. Raises `CatalogUnavailable`."""
    if request.sync is None:
        return [None] * len(systems)
    try:
        async with request.deadline.enforce():
            states = await request.sync.sync_states()
    except (DatabaseUnavailable, DatabaseNewer, TimeoutError):
        raise CatalogUnavailable(_NO_ANSWER) from None
    return [_progress_of(system, states.get(system.name)) for system in systems]


def _progress_of(system: System, state: SyncState | None) -> SyncProgress:
    if state is None:
        return SyncProgress("NEVER", 0, None, None, None)
    at = state.completed_at
    lag = None if at is None else max(0.0, (datetime.now(UTC) - at).total_seconds())
    return SyncProgress(state.state.value, state.records, at, lag, _floor(system, state))


def _floor(system: System, state: SyncState) -> float | None:
    """Return how long the calls of the last complete pass take at the rate of this process; 0 without a limit."""
    complete: dict[str, Any] | None = state.details.get("complete")
    if complete is None:
        return None
    rate = system.calls_per_second
    return 0.0 if rate is None else complete["calls"] / rate
