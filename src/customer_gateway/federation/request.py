"""What one request carries through the graph, and what the process keeps for all of them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakKeyDictionary

from customer_gateway.errors import BadUserInput, UpstreamError, UpstreamTimeout
from customer_gateway.federation.customer import BySystem, NoLinks
from customer_gateway.federation.names import listed
from customer_gateway.federation.observer import NoObserver
from customer_gateway.federation.reads import ReadsSoFar, RequestReads
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.work.batcher import Batcher
from customer_gateway.work.kept_reads import CUT_OFF, KeptReads
from customer_gateway.work.shared_call import Completion, SharedCalls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence

    from customer_gateway.federation.customer import Customer, Links
    from customer_gateway.federation.loaders import LevelLoader
    from customer_gateway.federation.observer import RecordObserver
    from customer_gateway.model.callers import Rights
    from customer_gateway.model.catalog import CustomerIndex, SyncStates
    from customer_gateway.model.signed_cursors import CursorSigner
    from customer_gateway.system import Selection, System
    from customer_gateway.work.deadline import Deadline
    from customer_gateway.work.route import BatchRoute

T = TypeVar("T")
V = TypeVar("V")

_ANSWERS: Final = "answers"
_TICKS: Final = 5
"""Turns of the event loop in which all fields of a level have begun their calls."""


class Batchers:
    """Keep the batcher of each route: one for the process, for as long as the route is used."""

    def __init__(self) -> None:
        self._batchers: WeakKeyDictionary[BatchRoute[Any], Batcher[Any]] = WeakKeyDictionary()
        self.kept_reads: Callable[[str], KeptReads] = defaultdict[str, KeptReads](KeptReads).__getitem__
        """Return what is kept of a system for requests that were cut off."""

    def __len__(self) -> int:
        return len(self._batchers)

    def of(self, route: BatchRoute[V]) -> Batcher[V]:
        batcher = self._batchers.get(route)
        if batcher is None:
            batcher = self._batchers[route] = Batcher(route, self.kept_reads(route.system))
        return batcher

    def forget(self, system: str, key: str) -> None:
        """Forget what any route of a system has kept under a key, as after a write."""
        for route, batcher in list(self._batchers.items()):
            if route.system == system:
                batcher.forget([key])
        self.kept_reads(system).drop_at_write()


@dataclass(frozen=True, slots=True)
class Federation:
    """The configured systems by name, in the order of the configuration, and what their requests share.

    `index` finds customers of all systems in the index, `sync` says how far that is, and `observer` takes note of what
    reads show; without an index they are None.
    """

    systems: Mapping[str, System]
    cursors: CursorSigner
    batchers: Batchers = field(default_factory=Batchers)
    shared: SharedCalls = field(default_factory=SharedCalls)
    links: Links = field(default_factory=NoLinks)
    index: CustomerIndex | None = None
    sync: SyncStates | None = None
    observer: RecordObserver = field(default_factory=NoObserver)

    def request(
        self,
        selection: Selection,
        deadline: Deadline,
        extensions: dict[str, Any] | None = None,
        rights: Rights = EVERY_RIGHT,
        records_read: dict[str, dict[str, None]] | None = None,
        writing: object | None = None,
        selection_below: Callable[[str, int], Selection] | None = None,
    ) -> RequestContext:
        """Return the context of one operation; `extensions` are those of its answer, `records_read` is for the
        audit, `writing` for mutations.

        Systems that its caller may not see are not in it, so they do not exist for whatever is done with it.
        """
        reads = RequestReads(self.batchers, selection, deadline)
        answered: dict[str, Any] = {} if extensions is None else extensions
        return RequestContext(
            systems=self._visible(rights),
            cursors=self.cursors,
            selection=selection,
            selection_below=selection_below or (lambda _name, _levels: selection),
            deadline=deadline,
            reads=reads,
            shared=self.shared,
            rights=rights,
            links=self.links,
            extensions=answered,
            records_read=records_read,
            writing=writing,
            index=self.index,
            sync=self.sync,
            observer=self.observer,
        )

    def _visible(self, rights: Rights) -> Mapping[str, System]:
        if rights.systems is None:
            return self.systems
        return {name: system for name, system in self.systems.items() if rights.sees(name)}

    async def aclose(self) -> None:
        for system in self.systems.values():
            await system.aclose()


@dataclass(slots=True)
class RequestContext:
    """One operation: what it wants, until when, with what rights, and what it has read so far.

    `selection_below` is what it wants on some levels below one field of the root, by that field's name in the answer.
    `shared` are the calls in flight of all requests; without them nothing is asked any more. `extensions` are those of
    the answer. `records_read` collects the keys of the customers' records that were read, by system, for an audit.
    `writing` is what mutations go on by (`api.writing`), carried unread; None where nothing can be written.
    """

    systems: Mapping[str, System]
    cursors: CursorSigner
    selection: Selection
    selection_below: Callable[[str, int], Selection]
    deadline: Deadline
    reads: RequestReads | ReadsSoFar
    shared: SharedCalls | None
    rights: Rights = EVERY_RIGHT
    links: Links = field(default_factory=NoLinks)
    extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    records_read: dict[str, dict[str, None]] | None = None
    writing: object | None = None
    index: CustomerIndex | None = None
    sync: SyncStates | None = None
    observer: RecordObserver = field(default_factory=NoObserver)
    answers: dict[Hashable, Any] = field(default_factory=dict["Hashable", Any])
    loaders: dict[object, LevelLoader] = field(default_factory=dict[object, "LevelLoader"])
    _level: tuple[Sequence[Customer], BySystem] | None = None
    _under_way: dict[str, list[Completion]] = field(default_factory=dict[str, "list[Completion]"], init=False)

    def so_far(self) -> RequestContext:
        """Return the operation over what it has read by now: nothing more is read, and what is missing is late."""
        return replace(self, reads=ReadsSoFar(self.reads), shared=None, loaders={}, extensions={})

    @property
    def is_over(self) -> bool:
        """Whether nothing is asked any more: this is the operation `so_far`."""
        return self.shared is None

    def note_read(self, system: str, keys: Sequence[str]) -> None:
        """Note which customers' records were read, where an audit wants to know."""
        if self.records_read is not None and keys:
            self.records_read.setdefault(system, {}).update(dict.fromkeys(keys))

    def note_incomplete(self, path: Sequence[str | int], failures: Sequence[UpstreamError]) -> None:
        """Tell in the answer's extensions that the value at `path` lacks what failed, once for each system and code."""
        if not failures:
            return
        entries: list[dict[str, Any]] = self.extensions.setdefault("incomplete", [])
        for each in failures:
            entry: dict[str, Any] = {
                "path": list(path),
                "system": each.system,
                "code": each.code,
                "retryable": each.retryable,
            }
            if each.retry_after_ms is not None:
                entry["retryAfterMs"] = each.retry_after_ms
            alike = next((other for other in entries if _is_of_the_same(other, entry)), None)
            if alike is None:
                entries.append(entry)
            elif entry.get("retryAfterMs", 0) > alike.get("retryAfterMs", 0):
                alike.update(entry)

    async def memoized(
        self, system: str, what: str, key: Hashable, call: Callable[[Deadline], Awaitable[T]], *, keep: bool = False
    ) -> T:
        """Return the answer of a call that is made once a request, and shared with the same call of others in flight.

        `what` names the call in the error of a late answer. A call that failed is not made again in this request: each
        later use of `key` raises its error. With `keep` the answer is kept for the next request if this one is cut off
        while it reads from the system; where it is this call, those that it consists of are kept.
        """
        if keep and key not in self.answers:
            self.answers.update(self.reads.log.find(system, _ANSWERS, [key]))
        if key not in self.answers:
            self.answers[key] = await self._joined(system, what, key, call, keep=keep)
        answer = self.answers[key]
        if isinstance(answer, UpstreamError):
            raise answer.again()
        return answer

    async def _joined(
        self, system: str, what: str, key: Hashable, call: Callable[[Deadline], Awaitable[T]], *, keep: bool
    ) -> T | UpstreamError:
        """Make a call, or join one in flight; return its answer, or the error that it failed with."""
        if self.shared is None:
            raise UpstreamTimeout.late(system, what)
        completion = Completion()
        under_way = self._under_way.setdefault(system, [])
        under_way.append(completion)
        try:
            kept = self.reads.log.of(system) if keep else None
            began, answer = await self.shared.join(system, what, key, self.deadline, _timed(call), kept)
        except UpstreamError as error:
            if isinstance(error, CUT_OFF):
                self.reads.log.cut_off(system)
            return error.again()
        finally:
            under_way.remove(completion)
            completion.set()
        if keep:
            self.reads.log.note(system, _ANSWERS, {key: answer}, began)
        return answer

    async def wait_idle(self, system: str) -> None:
        """Wait until the calls of the system that this request has begun, or is about to begin, have ended."""
        for _ in range(_TICKS):
            await asyncio.sleep(0)
        for completion in [*self._under_way.get(system, ()), *self.reads.under_way(system)]:
            await completion.wait_until(self.deadline)

    def system(self, name: str, what: str) -> System:
        """Return the configured system. Raises `BadUserInput`, which says that `what` names it, where there is none."""
        system = self.systems.get(name)
        if system is None:
            raise BadUserInput(self._not_configured(what, [name]))
        return system

    def unknown_systems(self, names: Sequence[str], what: str) -> str | None:
        """Why systems cannot be found by these names, given by `what`; None where they can."""
        unknown = [name for name in dict.fromkeys(names) if name not in self.systems]
        return self._not_configured(what, unknown) if unknown else None

    def _not_configured(self, what: str, names: Sequence[str]) -> str:
        thing = "a system that is" if len(names) == 1 else "systems that are"
        return f"{what} names {thing} not configured: {listed(names)}; configured are: {', '.join(self.systems)}."

    def by_system(self, customers: Sequence[Customer]) -> BySystem:
        """Return the customers by system; the fields of one level need it in a row, so the last result is kept."""
        if self._level is not None and self._level[0] is customers:
            return self._level[1]
        by_system = BySystem.of(customers)
        self._level = (customers, by_system)
        return by_system


def _is_of_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("path", "system", "code"))


def _timed(call: Callable[[Deadline], Awaitable[T]]) -> Callable[[Deadline], Awaitable[tuple[float, T]]]:
    """Return the call, which answers with the moment at which it began, too: others may join it later."""

    async def timed(deadline: Deadline) -> tuple[float, T]:
        began = asyncio.get_running_loop().time()
        return began, await call(deadline)

    return timed
