"""Queue calls by the request they belong to: one call each in turn, so that no request waits for all of another's.

Calls that give way (`Deadline.gives_way`) are those of work that nobody waits for: all others go before them.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from customer_gateway.wire.limits.concurrency_limit import ConcurrencyLimit
    from customer_gateway.wire.limits.sliding_window import SlidingWindow, StartedCall
    from customer_gateway.work.deadline import Deadline


class Lane(NamedTuple):
    """Group the calls that the same limits hold up: one client's, counted by the same windows."""

    limit: ConcurrencyLimit
    windows: tuple[SlidingWindow, ...]


@dataclass(eq=False, slots=True)
class Waiter:
    """Hold a call that waits for its start."""

    lane: Lane
    deadline: Deadline
    future: asyncio.Future[StartedCall]


class FairQueue:
    """Queue waiters by request, the next request first; one that was served goes to the end, and so does its lane."""

    def __init__(self) -> None:
        self._requests: dict[int, dict[Lane, deque[Waiter]]] = {}
        self._sizes: Counter[Lane] = Counter()

    def __bool__(self) -> bool:
        return bool(self._requests)

    def __contains__(self, waiter: Waiter) -> bool:
        return waiter in self._requests.get(waiter.deadline.request, {}).get(waiter.lane, ())

    @property
    def is_contended(self) -> bool:
        """Return whether several requests wait, so that a newcomer goes before others."""
        return len(self._requests) > 1

    def size(self, lane: Lane) -> int:
        return self._sizes[lane]

    def position(self, request: int, lane: Lane) -> int:
        """Return the place that the request's next call in that lane gets."""
        return len(self._requests.get(request, {}).get(lane, ()))

    def add(self, waiter: Waiter) -> None:
        lanes = self._requests.setdefault(waiter.deadline.request, {})
        lanes.setdefault(waiter.lane, deque()).append(waiter)
        self._sizes[waiter.lane] += 1

    def remove(self, waiter: Waiter) -> None:
        """Remove a call that does not wait any more; its request keeps its place."""
        lanes = self._requests[waiter.deadline.request]
        lanes[waiter.lane].remove(waiter)
        if not lanes[waiter.lane]:
            del lanes[waiter.lane]
        if not lanes:
            del self._requests[waiter.deadline.request]
        self._sizes[waiter.lane] -= 1
        if not self._sizes[waiter.lane]:
            del self._sizes[waiter.lane]

    def serve(self, waiter: Waiter) -> None:
        """Remove a call that starts; the next one is another request's."""
        self.remove(waiter)
        lanes = self._requests.pop(waiter.deadline.request, None)
        if lanes is not None:
            self._requests[waiter.deadline.request] = lanes
            if waiter.lane in lanes:
                lanes[waiter.lane] = lanes.pop(waiter.lane)

    def heads(self, blocked: AbstractSet[Lane]) -> Iterator[Waiter]:
        """Yield the first call of each request in each lane, the next first; `blocked` may grow meanwhile."""
        giving_way: list[Waiter] = []
        for lanes in self._requests.values():
            if len(blocked) == len(self._sizes):
                return
            for lane, waiters in lanes.items():
                if lane in blocked:
                    continue
                if waiters[0].deadline.gives_way:
                    giving_way.append(waiters[0])
                else:
                    yield waiters[0]
        yield from (each for each in giving_way if each.lane not in blocked)

    def size_of_kind(self, waiter: Waiter) -> int:
        """Count the calls of its lane that give way as it does, or as little."""
        queues = (lanes.get(waiter.lane, ()) for lanes in self._requests.values())
        giving_way = sum(len(queue) for queue in queues if queue and queue[0].deadline.gives_way)
        return giving_way if waiter.deadline.gives_way else self._sizes[waiter.lane] - giving_way

    def is_next(self, waiter: Waiter) -> bool:
        """Return whether nothing waits in its lane but calls that give way to it."""
        queues = (lanes.get(waiter.lane, ()) for lanes in self._requests.values())
        return all(each is waiter or each.deadline.gives_way for queue in queues for each in queue)

    def ahead(self, deadline: Deadline, lane: Lane, position: int, window: SlidingWindow) -> int:
        """Count the calls in `window` that start before the one at that place: one of each request in each round."""
        request = deadline.request
        own = self._requests.get(request, {})
        beside = (len(queue) for other, queue in own.items() if other != lane and window in other.windows)
        mine = position + sum(min(size, position + 1) for size in beside)
        others = (
            sum(_before(queue, deadline) for other, queue in lanes.items() if window in other.windows)
            for number, lanes in self._requests.items()
            if number != request
        )
        return mine + sum(size if deadline.gives_way else min(size, mine + 1) for size in others)

    def drop_late(self, too_late: Callable[[Waiter, int], Exception | None]) -> None:
        """Refuse the calls for which `too_late` returns a refusal, each by its place after those before are dropped."""
        dropped: Counter[tuple[int, Lane]] = Counter()
        places = [
            position for lanes in self._requests.values() for queue in lanes.values() for position in enumerate(queue)
        ]
        for position, waiter in sorted(places, key=lambda each: each[0]):
            key = waiter.deadline.request, waiter.lane
            refusal = too_late(waiter, position - dropped[key])
            if refusal is not None or waiter.future.done():
                dropped[key] += 1
                self.remove(waiter)
                if refusal is not None and not waiter.future.done():
                    waiter.future.set_exception(refusal)


def _before(queue: deque[Waiter], deadline: Deadline) -> int:
    """Count the calls of another request that do not give way to one of that deadline."""
    if deadline.gives_way:
        return len(queue)
    return sum(not each.deadline.gives_way for each in queue)
