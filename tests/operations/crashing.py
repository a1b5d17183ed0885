"""A worker process that ends, or stands still, at a numbered point of a write: before and after each commit and send.

Run as a program with one argument, JSON: the journal's URL, the systems' tables, the write, the point and the signal.
It prints the number of points that it has passed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vendors import VENDORS

from customer_gateway.app import build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.operations import OperationKind
from customer_gateway.operations.requests import WriteRequest
from customer_gateway.operations.service import Operations
from customer_gateway.store.database import Database
from customer_gateway.store.journal import OperationJournal
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY = b"k" * 32
LEASE = timedelta(seconds=1.2)
_COMMITS = ("begin", "update", "discard", "lock_record", "unlock_record")


class Points:
    """Counts points; at the one that is named it sends this process a signal."""

    def __init__(self, at: int, number: int) -> None:
        self.passed = 0
        self._at = at
        self._number = number

    def passing(self) -> None:
        self.passed += 1
        if self.passed == self._at:
            os.kill(os.getpid(), self._number)


class Counted:
    """Something whose named calls are each a point before them and one after."""

    def __init__(self, inner: Any, points: Points, names: tuple[str, ...]) -> None:
        self._inner = inner
        self._points = points
        self._names = names

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._counted(found) if name in self._names else found

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*given: Any, **otherwise: Any) -> Any:
            self._points.passing()
            answer = await call(*given, **otherwise)
            self._points.passing()
            return answer

        return counted


class CountedSystem:
    """A system whose writer's sends are points."""

    def __init__(self, system: Any, points: Points) -> None:
        self._system = system
        self.writer = Counted(system.writer, points, ("send",))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._system, name)


def settings_of(tables: Mapping[str, Any]) -> Settings:
    models = {vendor.kind.slug: vendor.settings for vendor in VENDORS}
    systems = {name: (name, models[name].model_validate(table)) for name, table in tables.items()}
    return Settings(ServerSettings(), systems)


async def write(given: Mapping[str, Any]) -> None:
    federation = build_federation(settings_of(given["tables"]), vendors=VENDORS)
    points = Points(given["point"], getattr(signal, given["signal"]))
    database = Database(given["url"])
    journal: Any = Counted(OperationJournal(database, PrivateKeySource(KEY, lambda: None)), points, _COMMITS)
    system: Any = CountedSystem(federation.systems[given["system"]], points)
    operations = Operations({system.name: system}, journal, seconds=10, lease=LEASE)
    request = WriteRequest(
        OperationKind(given["kind"]), system, given["key"], given["patch"], "key:crash", EVERY_RIGHT, force=True
    )
    outcome = await operations.carry_out(request, Deadline.after(10))
    await operations.aclose()
    await federation.aclose()
    await database.aclose()
    state = None if outcome.operation is None else outcome.operation.state.value
    print(json.dumps({"points": points.passed, "state": state}), flush=True)  # noqa: T201 - what its parent reads


if __name__ == "__main__":
    asyncio.run(write(json.loads(sys.argv[1])))
