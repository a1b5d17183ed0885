"""Batch the keys of many requests into one call per route; a key in flight is never requested twice.

There is no timer. Keys go at once while few calls of their route are in flight, else they join the next call, which
starts when one completes: a lone request waits for nothing, and under load batches grow by themselves.

A call can be joined until the deadline of its first waiter (`SharedDeadline`).
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from customer_gateway.work.faults import failure_of
from customer_gateway.work.kept_reads import CUT_OFF, AnsweredCalls, KeptReads, with_progress
from customer_gateway.work.shared_call import CallCancelled, SharedCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.work.deadline import Deadline
    from customer_gateway.work.route import BatchRoute

V = TypeVar("V")

# Two, so that the next is under way while one is answered; more would only make smaller batches.
_IN_FLIGHT: Final = 2

KEYS: Final[ContextVar[int]] = ContextVar("keys", default=0)
"""How many keys a batch requests, in the context of its calls; 0 outside of one."""


class _Batch(SharedCall["Mapping[str, Any]"]):
    """Share one call: hold the keys of each waiter, how many keys there are, and when it began on the loop's clock."""

    __slots__ = ("began", "context", "forgotten", "groups", "key_count")

    def __init__(self, first: Deadline) -> None:
        super().__init__(first)
        self.began = float("inf")
        self.groups: list[tuple[Deadline, Sequence[str]]] = []
        self.key_count = 0
        self.forgotten: set[str] = set()
        self.context = copy_context()  # it logs under the request of the first waiter

    def join_for(self, keys: Sequence[str], deadline: Deadline) -> None:
        self.groups.append((deadline, keys))
        self.join(deadline)

    def keys(self) -> Iterable[str]:
        """Yield all keys that were ever requested, some more than once."""
        return chain.from_iterable(keys for _, keys in self.groups)

    def waiting_groups(self) -> list[Sequence[str]]:
        """Return the keys of each waiter that is left at the start; the first of those is now the first waiter."""
        waiting = [(deadline, keys) for deadline, keys in self.groups if deadline.remaining()]
        if waiting:
            self.deadline.joinable_until = waiting[0][0].at
        return [keys for _, keys in waiting]


_Round: TypeAlias = list[_Batch]
"""The batches that start together: more keys than fit in one call."""


class Batcher(Generic[V]):
    """Batch the keys of one route over all requests."""

    def __init__(self, route: BatchRoute[V], kept: KeptReads | None = None) -> None:
        # Not the route itself: it is the weak key under which this batcher is kept.
        self._fetch = route.fetch
        self._most = route.most
        self._key_form = route.key_form
        self._cache_seconds = route.cache_seconds
        self._cache_keys = route.cache_keys
        self._system = route.system
        self._noun = route.noun
        self._batch_of: dict[str, _Batch] = {}
        self._next: _Round = []
        self._in_flight = 0
        self._cache_entries: dict[str, tuple[float, V | None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._kept = KeptReads() if kept is None else kept

    async def load(self, keys: Sequence[str], deadline: Deadline) -> dict[str, V | UpstreamError | None]:
        """Return a value for each key: None where it is unknown, an `UpstreamError` where the read failed.

        A key that is not of the route's form is None without a call.
        """
        return (await self.load_since(keys, deadline))[0]

    async def load_since(self, keys: Sequence[str], deadline: Deadline) -> tuple[dict[str, Any], float]:
        """Return what `load` does, and when the oldest call for it began, on the loop's clock."""
        values = self._cached(keys)
        began = asyncio.get_running_loop().time() - (self._cache_seconds if values else 0.0)
        missing = [key for key in dict.fromkeys(keys) if key not in values]
        batches, fresh = self._joinable(missing)
        for batch, joined in batches.items():
            batch.join_for(joined, deadline)
        sound = list(filter(self._key_form.fullmatch, fresh))
        if len(sound) < len(fresh):
            values.update(dict.fromkeys(set(fresh).difference(sound)))
        for batch, added in self._dispatch(sound, deadline):
            batches.setdefault(batch, []).extend(added)
        await _completed(batches, deadline)
        for batch, awaited in batches.items():
            values.update(self._outcome(batch, awaited, deadline))
            began = min(began, batch.began)
        return values, began

    def forget(self, keys: Sequence[str]) -> None:
        """Forget what is known of the keys, as after a write: a call that has begun is not joined for them any more."""
        for key in keys:
            self._cache_entries.pop(key, None)
            batch = self._batch_of.get(key)
            if batch is not None and batch.started:
                batch.forgotten.add(key)
                del self._batch_of[key]
        self._kept.drop_at_write()

    def _cached(self, keys: Sequence[str]) -> dict[str, V | UpstreamError | None]:
        """Return the cached values of the keys; drop what is too old."""
        entries = self._cache_entries
        if not entries:
            return {}
        now = asyncio.get_running_loop().time()
        values: dict[str, V | UpstreamError | None] = {}
        for key in keys:
            if key in entries:
                until, value = entries[key]
                if until < now:
                    del entries[key]
                else:
                    values[key] = value
        return values

    def _joinable(self, keys: Sequence[str]) -> tuple[dict[_Batch, list[str]], Sequence[str]]:
        """Return the batches that have some of the keys already, and the keys that no joinable batch has."""
        batch_of = self._batch_of
        if batch_of.keys().isdisjoint(keys):
            return {}, keys
        batches: dict[_Batch, list[str]] = {}
        fresh: list[str] = []
        for key in keys:
            batch = batch_of.get(key)
            if batch is None or not (batch in batches or batch.joinable):
                fresh.append(key)
            else:
                batches.setdefault(batch, []).append(key)
        return batches, fresh

    def _dispatch(self, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[_Batch, Sequence[str]]]:
        """Put keys that no batch has into batches that start at once, or into those of the next round."""
        if not keys:
            return []
        at_once = self._in_flight < _IN_FLIGHT
        batches: _Round = [] if at_once else self._next
        added = list(self._add(batches, keys, deadline))
        if at_once:
            self._start(batches)
        return added

    def _add(self, batches: _Round, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[_Batch, Sequence[str]]]:
        """Add the keys to the last batch of the round where it has room for all of them, else to new ones."""
        most = self._most
        for start in range(0, len(keys), most):
            chunk = keys[start : start + most]
            if not batches or batches[-1].key_count + len(chunk) > most:
                batches.append(_Batch(deadline))
            batch = batches[-1]
            batch.key_count += len(chunk)
            batch.join_for(chunk, deadline)
            self._batch_of.update(dict.fromkeys(chunk, batch))
            yield batch, chunk

    def _start(self, batches: _Round) -> None:
        """Start all batches of a round together; each completes by itself, and the round ends with the last."""
        self._in_flight += 1
        for batch in list(batches):
            task = batch.start(lambda _, batch=batch: self._run(batch, batches), batch.context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, batch: _Batch, batches: _Round) -> Mapping[str, Any]:
        groups = batch.waiting_groups()
        abandoned = set(batch.keys()).difference(*groups)  # by all their waiters, while the call waited to start
        self._release(batch, abandoned)
        try:
            values: Mapping[str, Any] = await self._read_further(batch, groups) if groups else {}
            self._cache(values, groups, batch.forgotten)
            return {**values, **dict.fromkeys(abandoned, self._late())} if abandoned else values
        except Exception as error:
            return self._failed(batch.keys(), error)
        finally:
            self._release(batch, batch.keys())
            batches.remove(batch)
            if not batches:
                self._end_round()

    def _release(self, batch: _Batch, keys: Iterable[str]) -> None:
        """Let no read join the batch for these keys any more."""
        for key in keys:
            if self._batch_of.get(key) is batch:
                del self._batch_of[key]

    def _end_round(self) -> None:
        self._in_flight -= 1
        following, self._next = self._next, []
        if following:
            self._start(following)

    async def _read_further(self, batch: _Batch, groups: Sequence[Sequence[str]]) -> Mapping[str, Any]:
        """Read with the calls that are kept of a batch that was cut off; where this one is, keep its calls, too."""
        batch.began = asyncio.get_running_loop().time()
        calls = batch.calls = AnsweredCalls.begin(self._kept, self)
        values = await self._read(groups, batch.deadline)
        batch.began -= calls.age
        cut_off = [issubclass(kind, CUT_OFF) for kind in set(map(type, values.values()))]
        calls.end(cut_off=any(cut_off))
        progress = calls.progress if cut_off and all(cut_off) else ""
        return with_progress(values, progress) if progress else values

    async def _read(self, groups: Sequence[Sequence[str]], deadline: Deadline) -> Mapping[str, Any]:
        """Return the values of the keys of all waiters, or what failed in their place.

        One waiter's key may fail the call for the others: one that is refused, or whose answer cannot be decoded, is
        repeated in two halves of the waiters.
        """
        keys = list(dict.fromkeys(chain.from_iterable(groups)))
        KEYS.set(len(keys))
        try:
            return await self._fetch(keys, deadline)
        except UpstreamError as error:
            divisible = isinstance(error, UpstreamBadResponse) and error.about_keys
            parts = _split_by_waiters(keys, groups) if divisible else []
            if len(parts) < 2:  # noqa: PLR2004 - halves
                return dict.fromkeys(keys, error)
        except Exception as error:
            return self._failed(keys, error)
        middle = len(parts) // 2
        halves = await asyncio.gather(self._read(parts[:middle], deadline), self._read(parts[middle:], deadline))
        return {**halves[0], **halves[1]}

    def _cache(self, values: Mapping[str, Any], groups: Iterable[Sequence[str]], forgotten: set[str]) -> None:
        if not self._cache_seconds:
            return
        until = asyncio.get_running_loop().time() + self._cache_seconds
        found = {**dict.fromkeys(chain.from_iterable(groups)), **values}
        self._cache_entries.update(
            (key, (until, value))
            for key, value in found.items()
            if key not in forgotten and not isinstance(value, UpstreamError)
        )
        for key in list(self._cache_entries)[: max(0, len(self._cache_entries) - self._cache_keys)]:
            del self._cache_entries[key]

    def _outcome(self, batch: _Batch, keys: Sequence[str], deadline: Deadline) -> Iterable[tuple[str, Any]]:
        """Return the outcome of each of the keys: its value, None, or what failed."""
        if not batch.completion.done:
            return dict.fromkeys(keys, batch.late(self._system, self._noun, deadline)).items()
        try:
            values = batch.outcome()
        except CallCancelled:
            failure = UpstreamUnavailable(self._system, f"the read of {self._noun} was cancelled")
            return dict.fromkeys(keys, failure).items()
        return zip(keys, map(values.get, keys), strict=True)

    def _failed(self, keys: Iterable[str], error: Exception) -> dict[str, UpstreamError]:
        return dict.fromkeys(keys, failure_of(error, self._system, self._noun))

    def _late(self) -> UpstreamTimeout:
        return UpstreamTimeout.late(self._system, self._noun)


async def _completed(batches: Iterable[_Batch], deadline: Deadline) -> None:
    """Wait for the batches, at most until the caller's own deadline; leaving does not end them."""
    pending = [batch.completion for batch in batches if not batch.completion.done]
    for completion in pending:
        if not await completion.wait_until(deadline):
            break


def _split_by_waiters(keys: Sequence[str], groups: Iterable[Sequence[str]]) -> list[list[str]]:
    """Split the keys so that keys of the same waiters stay together: each key once."""
    waiters: dict[str, list[int]] = {key: [] for key in keys}
    for waiter, group in enumerate(groups):
        for key in group:
            if key in waiters:
                waiters[key].append(waiter)
    parts: dict[tuple[int, ...], list[str]] = {}
    for key, members in waiters.items():
        parts.setdefault(tuple(members), []).append(key)
    return list(parts.values())
