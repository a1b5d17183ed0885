"""The process-wide batcher: keys wanted by many requests become one call; a key in flight is never asked twice.

There is no timer. Keys go at once while few calls of their route are in flight, else they join the next call, which
leaves when one lands: a lone request waits for nothing, and under load batches grow by themselves.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from weakref import WeakKeyDictionary

import structlog

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.model.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.system import Route

V = TypeVar("V")

# Two, so that the next batch is under way while one is being answered; more would only make smaller batches.
_IN_FLIGHT: Final = 2
_REFUSED: Final = range(400, 500)
_log = structlog.get_logger("customer_gateway.federation")


class _Flight:
    """One call: who wants which keys, until when, and what came of it."""

    __slots__ = ("deadline", "groups", "landed", "values")

    def __init__(self, landed: asyncio.Future[None]) -> None:
        self.groups: list[Sequence[str]] = []
        self.deadline = Deadline(0.0)
        self.landed = landed
        self.values: Mapping[str, Any] | UpstreamError = {}

    def join(self, keys: Sequence[str], deadline: Deadline) -> None:
        self.groups.append(keys)
        self.deadline.follow(deadline)

    def value(self, key: str) -> Any:
        return self.values if isinstance(self.values, UpstreamError) else self.values.get(key)


class Batcher(Generic[V]):
    """Joins the keys of one route over all requests."""

    def __init__(self, route: Route[V]) -> None:
        self._route = route
        self._system = route.name.partition(".")[0]
        self._flying: dict[str, _Flight] = {}
        self._next: _Flight | None = None
        self._in_flight = 0
        self._remembered: dict[str, tuple[float, V | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, keys: Sequence[str], deadline: Deadline) -> dict[str, V | UpstreamError | None]:
        """A value for each key: None where the vendor knows no such key, an `UpstreamError` where the read failed.

        A key that is not of the route's form is None without a call.
        """
        values: dict[str, V | UpstreamError | None] = {}
        flights: dict[_Flight, list[str]] = {}
        fresh: list[str] = []
        for key in dict.fromkeys(keys):
            if self._recall(key, values):
                continue
            flight = self._flying.get(key)
            if flight is not None:
                flights.setdefault(flight, []).append(key)
            elif self._route.key_form.fullmatch(key):
                fresh.append(key)
            else:
                values[key] = None
        for flight, joined in flights.items():
            flight.join(joined, deadline)
        for flight, departing in self._depart(fresh, deadline):
            flights.setdefault(flight, []).extend(departing)
        await self._landing(flights, deadline)
        for flight, awaited in flights.items():
            landed = flight.landed.done()
            values.update((key, flight.value(key) if landed else self._late()) for key in awaited)
        return values

    def _recall(self, key: str, values: dict[str, V | UpstreamError | None]) -> bool:
        if key not in self._remembered:
            return False
        until, value = self._remembered[key]
        if until < asyncio.get_running_loop().time():
            del self._remembered[key]
            return False
        values[key] = value
        return True

    def _depart(self, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[_Flight, Sequence[str]]]:
        """Put keys that nobody has asked for on flights: at once, or on the next one."""
        if not keys:
            return []
        if self._in_flight < _IN_FLIGHT:
            most = self._route.most
            chunks = [keys[start : start + most] for start in range(0, len(keys), most)]
            flights = [self._new_flight() for _ in chunks]
            for flight, chunk in zip(flights, chunks, strict=True):
                self._board(flight, chunk, deadline)
                self._launch(flight)
            return zip(flights, chunks, strict=True)
        if self._next is None:
            self._next = self._new_flight()
        self._board(self._next, keys, deadline)
        return [(self._next, keys)]

    def _new_flight(self) -> _Flight:
        return _Flight(asyncio.get_running_loop().create_future())

    def _board(self, flight: _Flight, keys: Sequence[str], deadline: Deadline) -> None:
        flight.join(keys, deadline)
        self._flying.update(dict.fromkeys(keys, flight))

    def _launch(self, flight: _Flight) -> None:
        self._in_flight += 1
        task = asyncio.get_running_loop().create_task(self._fly(flight))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fly(self, flight: _Flight) -> None:
        keys = [key for group in flight.groups for key in group if self._flying.get(key) is flight]
        keys = list(dict.fromkeys(keys))
        try:
            flight.values = await self._fetch_in_chunks(keys, flight)
            self._remember(flight.values, keys)
        except UpstreamError as error:
            flight.values = error
        except asyncio.CancelledError:
            flight.values = UpstreamUnavailable(self._system, f"the read of {self._route.name} was given up")
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must reach its waiters, not vanish with the task
            _log.exception("batch_failed", route=self._route.name)
            flight.landed.set_exception(error)
            flight.landed.exception()  # seen: every waiter may have left already
        finally:
            for key in keys:
                self._flying.pop(key, None)
            self._in_flight -= 1
            if not flight.landed.done():
                flight.landed.set_result(None)
            following, self._next = self._next, None
            if following is not None:
                self._launch(following)

    async def _fetch_in_chunks(self, keys: Sequence[str], flight: _Flight) -> Mapping[str, Any]:
        """One call for what fits one; the keys of a joined flight may need several, side by side."""
        most = self._route.most
        if len(keys) <= most:
            return await self._fetch(keys, flight)
        chunks = [keys[start : start + most] for start in range(0, len(keys), most)]
        found = await asyncio.gather(*(self._fetch(chunk, flight) for chunk in chunks), return_exceptions=True)
        return {key: value for part, chunk in zip(found, chunks, strict=True) for key, value in _each(part, chunk)}

    async def _fetch(self, keys: Sequence[str], flight: _Flight) -> Mapping[str, Any]:
        try:
            return await self._route.fetch(keys, flight.deadline)
        except UpstreamBadResponse as error:
            groups = _by_who_asked(keys, flight.groups)
            if error.status not in _REFUSED or len(groups) == 1:
                raise
        # Somebody's key may have spoilt the call for the others: repeat it split by who asked.
        parts = await asyncio.gather(
            *(self._route.fetch(group, flight.deadline) for group in groups), return_exceptions=True
        )
        return {key: value for part, group in zip(parts, groups, strict=True) for key, value in _each(part, group)}

    def _remember(self, values: Mapping[str, Any], keys: Sequence[str]) -> None:
        if not self._route.cache_seconds:
            return
        until = asyncio.get_running_loop().time() + self._route.cache_seconds
        found = {**dict.fromkeys(keys), **values}
        self._remembered.update(
            (key, (until, value)) for key, value in found.items() if not isinstance(value, UpstreamError)
        )
        for key in list(self._remembered)[: max(0, len(self._remembered) - self._route.cache_keys)]:
            del self._remembered[key]

    async def _landing(self, flights: Iterable[_Flight], deadline: Deadline) -> None:
        """Wait for the flights, at most until the caller's own deadline; leaving does not end them."""
        pending = [flight.landed for flight in flights if not flight.landed.done()]
        if pending:
            with suppress(TimeoutError):
                async with deadline.enforce():
                    await asyncio.wait(pending)
            for landed in pending:
                if landed.done():
                    landed.result()

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout(self._system, f"{self._route.name} was not read before the request's deadline")


def _by_who_asked(keys: Sequence[str], groups: Iterable[Sequence[str]]) -> list[list[str]]:
    """The keys parted so that keys wanted by the same askers stay together: each key once."""
    askers: dict[str, list[int]] = {key: [] for key in keys}
    for asker, group in enumerate(groups):
        for key in group:
            if key in askers:
                askers[key].append(asker)
    parted: dict[tuple[int, ...], list[str]] = {}
    for key, who in askers.items():
        parted.setdefault(tuple(who), []).append(key)
    return list(parted.values())


def _each(part: Mapping[str, Any] | BaseException, keys: Sequence[str]) -> Iterable[tuple[str, Any]]:
    """What one of several calls gave for its keys: its values, or its failure for each of them."""
    if isinstance(part, UpstreamError):
        return [(key, part) for key in keys]
    if isinstance(part, BaseException):
        raise part
    return part.items()


class Batchers:
    """The batcher of each route: one for the process."""

    def __init__(self) -> None:
        self._batchers: WeakKeyDictionary[Route[Any], Batcher[Any]] = WeakKeyDictionary()

    def of(self, route: Route[V]) -> Batcher[V]:
        batcher = self._batchers.get(route)
        if batcher is None:
            batcher = self._batchers[route] = Batcher(route)
        return batcher
