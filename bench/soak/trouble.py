"""What goes on beside the clients of a soak: churn, vendors that fail, workers that are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bench.soak.running import workers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.soak.running import Soak

CHANGES_PER_SECOND: Final = 2
FAULTS: Final[tuple[Mapping[str, Any], ...]] = (
    {"kind": "status", "status": 503},
    {"kind": "reset"},
    {"kind": "latency", "latency": 0.4},
    {"kind": "truncated"},
    {"kind": "empty_list"},
    {"kind": "lost_rows", "share": 0.01},
    {"kind": "lost_keys", "share": 0.5},
    {"kind": "unstable_pages"},
    {"kind": "wrong_total", "off": 2},
)


async def churn_and_faults(soak: Soak, until: float) -> None:
    """Let customers come, change and go, and one vendor after the other fail for a while."""
    for name, vendor in soak.box.vendors.items():
        vendor.churn.start(per_second=CHANGES_PER_SECOND, seed=name)
    while time.monotonic() < until:
        name, vendor = soak.chance.choice(list(soak.box.vendors.items()))
        with soak.failing(name):
            vendor.faults.set(**soak.chance.choice(FAULTS))
            soak.done["faults"] += 1
            await asyncio.sleep(soak.chance.uniform(0.5, 3))
            vendor.faults.clear()
        await asyncio.sleep(soak.chance.uniform(0, 2))
    for vendor in soak.box.vendors.values():
        vendor.faults.clear()
        vendor.churn.stop()


async def kills(soak: Soak, supervisor: int, until: float) -> None:
    """Kill a worker every few seconds, mostly while something is written; the supervisor starts another."""
    while time.monotonic() < until - 2:
        await asyncio.sleep(soak.chance.uniform(4, 16))
        soak.sent.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await soak.sent.wait()
        await asyncio.sleep(soak.chance.uniform(0, 0.05))
        found = workers_of(supervisor)
        if found:
            with suppress(ProcessLookupError):
                os.kill(soak.chance.choice(found), signal.SIGKILL)
                soak.done["kills"] += 1
