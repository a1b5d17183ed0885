"""One request's reads: every key once, the keys of one event-loop tick together."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from customer_gateway.errors import UpstreamTimeout
from customer_gateway.work.faults import failure_of
from customer_gateway.work.kept_reads import CUT_OFF, KEPT, OLDEST_SECONDS, ReadLog, with_progress
from customer_gateway.work.shared_call import Completion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.errors import UpstreamError
    from customer_gateway.federation.request import Batchers
    from customer_gateway.system import Route, Selection
    from customer_gateway.work.deadline import Deadline

V = TypeVar("V")


class _Fetch:
    """Keys that this request is asking for; `open` while more may join."""

    __slots__ = ("completion", "keys", "open")

    def __init__(self, keys: Sequence[str]) -> None:
        self.keys = dict.fromkeys(keys)
        self.completion = Completion()
        self.open = True


class _Column:
    """What one request knows of one route, since when on the loop's clock, and what it is asking for."""

    __slots__ = ("began", "fetches", "values")

    def __init__(self) -> None:
        self.began = asyncio.get_running_loop().time()
        self.values: dict[str, Any] = {}
        self.fetches: list[_Fetch] = []


class RequestReads:
    """The `Reads` of one request, over the process-wide batchers.

    Whole levels of a query ask here at once (one future a call, not one a key: docs/adr/0006-level-loaders.md);
    resolvers that run object by object come through `loaders.py`.
    """

    def __init__(self, batchers: Batchers, selection: Selection, deadline: Deadline) -> None:
        self.selection = selection
        self.deadline = deadline
        self.log = ReadLog(batchers.kept_reads)
        self._batchers = batchers
        self._columns: dict[Route[Any], _Column] = {}

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        """Return the values of `keys` in their order: None where the vendor knows no such key, or what failed in its
        place.
        """
        column = self._column(route)
        values = column.values
        # More than once only where the one that was to fetch them was cancelled: then another of those who wait does.
        while missing := _missing(keys, values):
            await self._fill(route, column, missing)
        return list(map(values.__getitem__, keys))

    def read_at(self, route: Route[Any]) -> datetime:
        """Return when the oldest call began that has brought values of the route; those that were primed are left out.

        It may have been made for another request, and before this one.
        """
        column = self._columns.get(route)
        now = asyncio.get_running_loop().time()
        return datetime.now(UTC) - timedelta(seconds=now - column.began if column is not None else 0)

    def known(self, route: Route[V]) -> Mapping[str, V | UpstreamError | None]:
        """Return what has been read of the route by now."""
        column = self._columns.get(route)
        return column.values if column is not None else {}

    def under_way(self, system: str) -> list[Completion]:
        """Return the completions of the reads of a system that are under way."""
        columns = [column for route, column in self._columns.items() if route.system == system]
        return [fetch.completion for column in columns for fetch in column.fetches]

    def prime(self, route: Route[V], values: Mapping[str, V]) -> None:
        """Remember values that came with another read, such as a list, in place of what was read before."""
        self._column(route).values.update(values)

    def forget(self, route: Route[Any], keys: Sequence[str]) -> None:
        """Forget what is known of the keys, here and in the batcher, as after a write: they are asked for again.

        What a call that is in flight brings of them is dropped: who waits for it asks again, too.
        """
        column = self._column(route)
        for key in keys:
            column.values.pop(key, None)
            for fetch in column.fetches:
                fetch.keys.pop(key, None)
        self._batchers.of(route).forget(keys)

    def forget_of(self, system: str, key: str) -> None:
        """Forget what is known of a customer of a system by any route, as after a write.

        What its nouns are known by is not known here: all that this request has read of the system is forgotten, too.
        """
        for route, column in list(self._columns.items()):
            if route.system == system:
                self.forget(route, [key])
                column.values.clear()

    def _column(self, route: Route[Any]) -> _Column:
        column = self._columns.get(route)
        if column is None:
            column = self._columns[route] = _Column()
        return column

    async def _fill(self, route: Route[Any], column: _Column, missing: Sequence[str]) -> None:
        """Ask for the keys that nobody here is asking for, and wait for the others."""
        joined = [fetch for fetch in column.fetches if not fetch.keys.keys().isdisjoint(missing)]
        fresh = missing
        for fetch in joined:
            fresh = [key for key in fresh if key not in fetch.keys]
        joinable = next((fetch for fetch in column.fetches if fetch.open), None)
        if fresh and joinable is not None:
            joinable.keys.update(dict.fromkeys(fresh))
            joined.append(joinable)
        elif fresh:
            await self._run(route, column, _Fetch(fresh))
        for fetch in joined:
            await fetch.completion.wait()

    async def _run(self, route: Route[Any], column: _Column, fetch: _Fetch) -> None:
        column.fetches.append(fetch)
        try:
            await asyncio.sleep(0)  # the siblings of this level ask in the same tick: they join
            fetch.open = False
            found = await self._read(route, column, list(fetch.keys))
            column.values.update(found if len(found) == len(fetch.keys) else {key: found[key] for key in fetch.keys})
        except Exception as error:  # noqa: BLE001 - a key that cannot be one costs the reads of this tick, not the answer
            column.values.update(dict.fromkeys(fetch.keys, failure_of(error, route.system, route.noun)))
        finally:
            column.fetches.remove(fetch)
            fetch.completion.set()

    async def _read(self, route: Route[V], column: _Column, keys: Sequence[str]) -> dict[str, V | UpstreamError | None]:
        """Return what is kept of a request that was cut off before, and read the rest."""
        began = asyncio.get_running_loop().time()
        kept = self.log.find(route.system, route, keys)
        rest = [key for key in keys if key not in kept] if kept else keys
        found, since = await self._batchers.of(route).load_since(rest, self.deadline)
        column.began = min(column.began, since, began - OLDEST_SECONDS if kept else began)
        self.log.note(route.system, route, found, began)
        if any(issubclass(kind, CUT_OFF) for kind in set(map(type, found.values()))):
            self.log.cut_off(route.system)
            found = _with_progress(found, route.noun, len(kept))
        return {**kept, **found} if kept else found


def _with_progress(found: dict[str, Any], noun: str, kept: int) -> dict[str, Any]:
    """Return the values; the failures of keys for which there was no time say how many others were read, if any."""
    read = kept + sum(not isinstance(value, Exception) for value in found.values())
    if not read:
        return found
    return with_progress(found, f"{read} of {kept + len(found)} reads of {noun} fit in the time and are {KEPT}")


def _missing(keys: Sequence[str], values: Mapping[str, Any]) -> Sequence[str]:
    """Return the keys without a value; mostly that is all of them, or none."""
    if values.keys().isdisjoint(keys):
        return keys
    return [] if values.keys() >= set(keys) else [key for key in keys if key not in values]


class ReadsSoFar:
    """The reads of a request whose time is up: what they have brought by now. Nothing is asked; the rest is late."""

    def __init__(self, reads: RequestReads | ReadsSoFar) -> None:
        self.selection = reads.selection
        self.deadline = reads.deadline
        self.log = reads.log
        self.known = reads.known
        self.read_at = reads.read_at
        self.prime = reads.prime

    def under_way(self, system: str) -> list[Completion]:
        """Return nothing: no call is under way."""
        del system
        return []

    async def load(self, route: Route[V], keys: Sequence[str]) -> Sequence[V | UpstreamError | None]:
        values = self.known(route)
        return [values[key] if key in values else UpstreamTimeout.late(route.system, route.noun) for key in keys]
