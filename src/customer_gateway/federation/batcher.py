"""The process-wide batcher: keys wanted by many requests become one call; a key in flight is never asked twice.

There is no timer. Keys go at once while few calls of their route are in flight, else they join the next call, which
leaves when one lands: a lone request waits for nothing, and under load batches grow by themselves.

A call can be joined until the deadline of who was first to ask (`SharedDeadline`).
"""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.federation.landing import Landing
from customer_gateway.work.deadline import SharedDeadline
from customer_gateway.work.faults import failure_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.system import Route
    from customer_gateway.work.deadline import Deadline

V = TypeVar("V")

# Two, so that the next batch is under way while one is being answered; more would only make smaller batches.
_IN_FLIGHT: Final = 2


class _Flight:
    """One call: who wants which keys, how many, until when, and what came of it."""

    __slots__ = ("aboard", "context", "deadline", "groups", "landing", "values")

    def __init__(self, first: Deadline) -> None:
        self.groups: list[tuple[Deadline, Sequence[str]]] = []
        self.aboard = 0
        self.context = copy_context()  # what it logs is logged for who was first to ask
        self.deadline = SharedDeadline(first.at)
        self.landing = Landing()
        self.values: Mapping[str, Any] = {}

    def join(self, keys: Sequence[str], deadline: Deadline) -> None:
        self.groups.append((deadline, keys))
        self.deadline.follow(deadline)

    def told(self, keys: Sequence[str]) -> Iterable[tuple[str, Any]]:
        """What came of each of the keys: its value, None, or what failed."""
        return zip(keys, map(self.values.get, keys), strict=True)

    def keys(self) -> Iterable[str]:
        """All that were ever asked for, some more than once."""
        return chain.from_iterable(keys for _, keys in self.groups)

    def depart(self) -> list[Sequence[str]]:
        """The keys of each who still waits; the first of those is now the first who asked."""
        waiting = [(deadline, keys) for deadline, keys in self.groups if deadline.remaining()]
        if waiting:
            self.deadline.joinable_until = waiting[0][0].at
        return [keys for _, keys in waiting]


_Wave: TypeAlias = list[_Flight]


class Batcher(Generic[V]):
    """Joins the keys of one route over all requests."""

    def __init__(self, route: Route[V]) -> None:
        # Not the route itself: it is the weak key under which this batcher is kept.
        self._name = route.name
        self._fetch = route.fetch
        self._most = route.most
        self._key_form = route.key_form
        self._cache_seconds = route.cache_seconds
        self._cache_keys = route.cache_keys
        self._system = route.system
        self._noun = route.noun
        self._flying: dict[str, _Flight] = {}
        self._next: _Wave = []
        self._in_flight = 0
        self._remembered: dict[str, tuple[float, V | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def load(self, keys: Sequence[str], deadline: Deadline) -> dict[str, V | UpstreamError | None]:
        """A value for each key: None where the vendor knows no such key, an `UpstreamError` where the read failed.

        A key that is not of the route's form is None without a call.
        """
        values = self._recalled(keys)
        asked = [key for key in dict.fromkeys(keys) if key not in values]
        flights, fresh = self._joinable(asked)
        for flight, joined in flights.items():
            flight.join(joined, deadline)
        sound = list(filter(self._key_form.fullmatch, fresh))
        if len(sound) < len(fresh):
            values.update(dict.fromkeys(set(fresh).difference(sound)))
        for flight, departing in self._depart(sound, deadline):
            flights.setdefault(flight, []).extend(departing)
        await self._landed(flights, deadline)
        for flight, awaited in flights.items():
            values.update(flight.told(awaited) if flight.landing.over else dict.fromkeys(awaited, self._late()))
        return values

    def _recalled(self, keys: Sequence[str]) -> dict[str, V | UpstreamError | None]:
        """What is remembered of the keys; what has been for too long is forgotten."""
        remembered = self._remembered
        if not remembered:
            return {}
        now = asyncio.get_running_loop().time()
        values: dict[str, V | UpstreamError | None] = {}
        for key in keys:
            if key in remembered:
                until, value = remembered[key]
                if until < now:
                    del remembered[key]
                else:
                    values[key] = value
        return values

    def _joinable(self, keys: Sequence[str]) -> tuple[dict[_Flight, list[str]], Sequence[str]]:
        """The flights that some of the keys are on already, and the keys that are on none that can be joined."""
        flying = self._flying
        if flying.keys().isdisjoint(keys):
            return {}, keys
        flights: dict[_Flight, list[str]] = {}
        fresh: list[str] = []
        for key in keys:
            flight = flying.get(key)
            if flight is None or not (flight in flights or flight.deadline.joinable):
                fresh.append(key)
            else:
                flights.setdefault(flight, []).append(key)
        return flights, fresh

    def _depart(self, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[_Flight, Sequence[str]]]:
        """Put keys that nobody has asked for on flights: at once, or on those of the next wave."""
        if not keys:
            return []
        at_once = self._in_flight < _IN_FLIGHT
        wave: _Wave = [] if at_once else self._next
        boarded = list(self._board(wave, keys, deadline))
        if at_once:
            self._launch(wave)
        return boarded

    def _board(self, wave: _Wave, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[_Flight, Sequence[str]]]:
        """The keys on the last flight of the wave where it has room for all of them, else on new ones."""
        most = self._most
        for start in range(0, len(keys), most):
            chunk = keys[start : start + most]
            if not wave or wave[-1].aboard + len(chunk) > most:
                wave.append(_Flight(deadline))
            flight = wave[-1]
            flight.aboard += len(chunk)
            flight.join(chunk, deadline)
            self._flying.update(dict.fromkeys(chunk, flight))
            yield flight, chunk

    def _launch(self, wave: _Wave) -> None:
        """All flights of a wave leave together, and each lands by itself; the wave is over with the last."""
        self._in_flight += 1
        create_task = asyncio.get_running_loop().create_task
        for flight in list(wave):
            task = create_task(self._fly(flight, wave), context=flight.context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fly(self, flight: _Flight, wave: _Wave) -> None:
        groups = flight.depart()
        given_up = set(flight.keys()).difference(*groups)  # by all who wanted them, while the call waited to depart
        self._forget(flight, given_up)
        try:
            values: Mapping[str, Any] = await self._read(groups, flight.deadline) if groups else {}
            self._remember(values, groups)
            flight.values = {**values, **dict.fromkeys(given_up, self._late())} if given_up else values
        except asyncio.CancelledError:
            failure = UpstreamUnavailable(self._system, f"the read of {self._noun} was given up")
            flight.values = dict.fromkeys(flight.keys(), failure)
            raise
        except Exception as error:  # noqa: BLE001 - whatever a route raises costs the keys of that call
            flight.values = self._failed(flight.keys(), error)
        finally:
            self._forget(flight, flight.keys())
            flight.landing.tell()
            wave.remove(flight)
            if not wave:
                self._wave_over()

    def _forget(self, flight: _Flight, keys: Iterable[str]) -> None:
        """Nobody joins the flight for these keys any more."""
        for key in keys:
            if self._flying.get(key) is flight:
                del self._flying[key]

    def _wave_over(self) -> None:
        self._in_flight -= 1
        following, self._next = self._next, []
        if following:
            self._launch(following)

    async def _read(self, groups: Sequence[Sequence[str]], deadline: Deadline) -> Mapping[str, Any]:
        """The values of the keys that each asker wants, or what failed in their place.

        Somebody's key may have spoilt a call for the others: one that is refused, or whose answer cannot be decoded,
        is repeated in halves of who asked.
        """
        keys = list(dict.fromkeys(chain.from_iterable(groups)))
        try:
            return await self._fetch(keys, deadline)
        except UpstreamError as error:
            divisible = isinstance(error, UpstreamBadResponse) and error.about_keys
            apart = _by_who_asked(keys, groups) if divisible else []
            if len(apart) < 2:  # noqa: PLR2004 - halves
                return dict.fromkeys(keys, error)
        except Exception as error:  # noqa: BLE001 - as in `_fly`; here the other half keeps what it has read
            return self._failed(keys, error)
        middle = len(apart) // 2
        halves = await asyncio.gather(self._read(apart[:middle], deadline), self._read(apart[middle:], deadline))
        return {**halves[0], **halves[1]}

    def _remember(self, values: Mapping[str, Any], groups: Iterable[Sequence[str]]) -> None:
        if not self._cache_seconds:
            return
        until = asyncio.get_running_loop().time() + self._cache_seconds
        found = {**dict.fromkeys(chain.from_iterable(groups)), **values}
        self._remembered.update(
            (key, (until, value)) for key, value in found.items() if not isinstance(value, UpstreamError)
        )
        for key in list(self._remembered)[: max(0, len(self._remembered) - self._cache_keys)]:
            del self._remembered[key]

    async def _landed(self, flights: Iterable[_Flight], deadline: Deadline) -> None:
        """Wait for the flights, at most until the caller's own deadline; leaving does not end them."""
        pending = [flight.landing for flight in flights if not flight.landing.over]
        for landing in pending:
            if not await landing.wait_until(deadline):
                break

    def _failed(self, keys: Iterable[str], error: Exception) -> dict[str, UpstreamError]:
        return dict.fromkeys(keys, failure_of(error, self._system, self._noun))

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout.late(self._system, self._noun)


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


class Batchers:
    """The batcher of each route: one for the process, for as long as the route is used."""

    def __init__(self) -> None:
        self._batchers: WeakKeyDictionary[Route[Any], Batcher[Any]] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._batchers)

    def of(self, route: Route[V]) -> Batcher[V]:
        batcher = self._batchers.get(route)
        if batcher is None:
            batcher = self._batchers[route] = Batcher(route)
        return batcher
