"""Who makes which pass when: one worker holds a system by a lease, and makes its passes one after the other."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import structlog

from customer_gateway.catalog.passes import failed, make_pass
from customer_gateway.errors import DatabaseDamaged, GatewayError, LeaseLost
from customer_gateway.model.catalog import SyncStateName
from customer_gateway.model.passes import FAILURES
from customer_gateway.work.background import in_background

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence

    from customer_gateway.catalog.passes import PassKit
    from customer_gateway.model.passes import Ended, PassRow
    from customer_gateway.system import System

_FIRST_RETRY: Final = timedelta(seconds=10)
"""After a pass that failed; twice as long after each further one, up to the interval of passes."""
_DOUBLINGS: Final = 12
_START_SECONDS: Final = 0.3
_TICK_SECONDS: Final = 1.0
_LEASE: Final = timedelta(seconds=15)
_RENEWALS: Final = 3
_TIDY_PAUSE: Final = 0.1
"""Seconds between two transactions that tidy: they hold the lock of writers."""
_TIDY_EVERY: Final = timedelta(hours=1)
_GONE_FOR: Final = timedelta(days=30)
_UNHELD_FOR: Final = timedelta(days=7)

_log: Any = structlog.get_logger("customer_gateway.catalog")


@dataclass(frozen=True, slots=True)
class ScheduleTiming:
    """How often a system is passed, for how long a lease is held, and how often the table is looked at.

    What live reads doubt is found out by a pass that begins `doubted_pause` after the end of the last one: a system
    that leaves records out of each read would else be passed without a pause.
    """

    every: timedelta = timedelta(hours=1)
    doubted_pause: timedelta = timedelta(minutes=10)
    lease: timedelta = _LEASE
    tick_seconds: float = _TICK_SECONDS


@dataclass(slots=True)
class Schedule:
    """Acquires the leases of systems that are free, and makes their passes when they are due, side by side.

    It `tidies`, which removes the rows of all other systems, only where `systems` are all that are configured.
    """

    kit: PassKit
    systems: Mapping[str, System]
    timing: ScheduleTiming = field(default_factory=ScheduleTiming)
    owner: str = field(default_factory=lambda: uuid4().hex)
    tidies: bool = True
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, "asyncio.Task[None]"])
    _tidied_at: datetime | None = None
    _tidying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Make passes until it is cancelled."""
        is_lost = False
        while True:
            try:
                await self.run_due()
                is_lost = False
            except GatewayError as failure:  # the database does not answer: the next turn tries again
                if not is_lost:
                    _log.warning("catalog_passes_paused", reason=str(failure))
                is_lost = True
            except Exception:  # noqa: BLE001 - a mistake of ours in one turn is logged; the next turns go on
                _log.exception("catalog_passes_failed")
            await asyncio.sleep(self.timing.tick_seconds)

    async def run_due(self) -> None:
        """Acquire the systems that are free, and begin the passes that are due."""
        now = self.kit.now()
        busy = set(self._running)  # the rows of those may be read before their passes end
        rows = await self.kit.store.rows()
        if self._has_to_acquire(rows, now):
            await self.kit.store.acquire(list(self.systems), self.owner, now, now + self.timing.lease)
            rows = await self.kit.store.rows()
        held = [name for name in self.systems if name in rows and rows[name].owner == self.owner]
        self._stop([name for name in self._running if name not in held])
        for name in held:
            if name not in busy and is_due(rows[name], now, self.timing):
                self._begin(name, rows[name])
        if self.tidies and held and (self._tidied_at is None or now - self._tidied_at >= _TIDY_EVERY):
            self._tidied_at = now
            self._tidying = asyncio.create_task(self._tidy(rows, now))

    @property
    def is_passing(self) -> bool:
        return bool(self._running)

    async def wait_idle(self) -> None:
        """Wait until the passes that are under way have ended."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def wait_tidied(self) -> None:
        """Wait until the rows of what was long ago are removed, if that is under way."""
        if self._tidying is not None:
            await asyncio.gather(self._tidying, return_exceptions=True)

    async def aclose(self) -> None:
        """End what runs and release the systems; another worker goes on with them."""
        tasks = list(self._running.values())
        self._stop(self._running)
        if self._tidying is not None:
            self._tidying.cancel()
            tasks.append(self._tidying)
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(GatewayError):
            await self.kit.store.release(self.owner)

    def _has_to_acquire(self, rows: Mapping[str, PassRow], now: datetime) -> bool:
        """Return whether a system is free, or a lease of this owner is due to be renewed."""
        renewed_before = now + self.timing.lease - self.timing.lease / _RENEWALS
        for name in self.systems:
            row = rows.get(name)
            if row is None or not row.is_held(now):
                return True
            if row.owner == self.owner and row.lease_until is not None and row.lease_until <= renewed_before:
                return True
        return False

    def _begin(self, name: str, row: PassRow) -> None:
        task = asyncio.create_task(self._pass(name, row))
        self._running[name] = task
        task.add_done_callback(lambda _: self._running.pop(name, None))

    def _stop(self, names: Iterable[str]) -> None:
        for name in names:
            self._running[name].cancel()

    async def _pass(self, name: str, row: PassRow) -> None:
        try:
            report(name, await make_pass(self.kit, self.systems[name], self.owner, row))
        except LeaseLost:
            _log.warning("catalog_pass_lost", system=name)
        except DatabaseDamaged as failure:  # begun again at once it would cost calls, and end here again
            _log.warning("catalog_pass_stopped", system=name, reason=str(failure))
            await self._fail(name, "the index is damaged; `customer-gateway catalog rebuild` makes it anew")
        except GatewayError as failure:  # the database does not answer: the pass goes on where it is stored
            _log.warning("catalog_pass_stopped", system=name, reason=str(failure))
        except Exception:  # noqa: BLE001 - a mistake of ours costs this pass
            _log.exception("catalog_pass_stopped", system=name)
            await self._fail(name, "internal error; see catalog_pass_stopped in the log")

    async def _fail(self, name: str, reason: str) -> None:
        with suppress(GatewayError):
            await self.kit.store.end(name, self.owner, failed(reason), self.kit.now())

    async def _tidy(self, rows: Mapping[str, PassRow], now: datetime) -> None:
        """Blank what is GONE for long, and remove systems that nobody has had for long: some at a time, with pauses."""
        store = self.kit.store
        try:
            for name, row in rows.items():
                await _repeated(lambda name=name: store.forget_gone(name, now - _GONE_FOR))
                if name not in self.systems and row.lease_until is not None and row.lease_until < now - _UNHELD_FOR:
                    await _repeated(lambda name=name: store.remove_some(name))
                    _log.warning("catalog_system_removed", system=name)
        except GatewayError as failure:  # the database does not answer: it is tried again in an hour
            _log.warning("catalog_not_tidied", reason=str(failure))


async def _repeated(some: Callable[[], Awaitable[int]]) -> None:
    """Do something with some records at a time, with pauses, until none are left."""
    while await some():  # noqa: ASYNC110 - nothing is waited for: others are to have the database in between
        await asyncio.sleep(_TIDY_PAUSE)


@asynccontextmanager
async def passing(schedule: Schedule) -> AsyncGenerator[None]:
    """Make passes within the body."""

    async def run() -> None:
        await asyncio.sleep(_START_SECONDS)  # the first requests do not wait for the import of SQLAlchemy
        await schedule.run()

    try:
        async with in_background(run()):
            yield
    finally:
        await schedule.aclose()


def is_due(row: PassRow, now: datetime, timing: ScheduleTiming) -> bool:
    """Return whether a pass of the system is to begin, or to go on."""
    if row.state is SyncStateName.RUNNING or row.began_at is None or row.requested_at is not None:
        return True
    if row.is_doubted and row.ended_at is not None and now - row.ended_at >= timing.doubted_pause:
        return True
    every = timing.every
    if row.state is SyncStateName.FAILED:
        failures = min(int(row.details.get(FAILURES, 1)) - 1, _DOUBLINGS)
        every = min(every, _FIRST_RETRY * 2**failures)
    return now - row.began_at >= every


def report(name: str, ended: Ended) -> None:
    """Log how a pass ended: a warning where it is not believed, or did not see everybody."""
    if ended.state is SyncStateName.SUSPECT:
        remedy = f"look at the system; if it is right, customer-gateway sync --accept {name}"
        _log.warning("catalog_suspect", system=name, reason=ended.reason, remedy=remedy)
    elif ended.state is SyncStateName.FAILED:
        _log.warning("catalog_pass_failed", system=name, reason=ended.reason)
    else:
        complete: dict[str, Any] = dict(ended.details.get("complete", {}))
        _log.info("catalog_passed", system=name, calls=complete.get("calls"), seconds=complete.get("seconds"))


async def pass_now(schedule: Schedule, names: Sequence[str]) -> Sequence[str]:
    """Make a pass of each of these systems that nobody holds, side by side; return those that others hold."""
    kit, now = schedule.kit, schedule.kit.now()
    held = await kit.store.acquire(names, schedule.owner, now, now + schedule.timing.lease)
    mine = Schedule(kit, {name: schedule.systems[name] for name in held}, schedule.timing, schedule.owner, tidies=False)
    try:
        await mine.run_due()
        while mine.is_passing:
            await asyncio.sleep(schedule.timing.tick_seconds / 5)
            await mine.run_due()
    finally:
        await mine.aclose()
    return [name for name in names if name not in held]
