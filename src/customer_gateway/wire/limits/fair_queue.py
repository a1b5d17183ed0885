"""Queue calls by the request they belong to: one call each in turn, so that no request waits for all of another's.

Calls that give way (`Deadline.gives_way`) are those of work that nobody waits for: all others go before them.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from operator import itemgetter
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
    """Queue waiters by request, the next request first; one that was served goes to the end, and so does its lane.

    `requests` holds the calls of each request by lane, `sizes` counts those of each lane.
    """

    def __init__(self) -> None:
        self.requests: dict[int, dict[Lane, deque[Waiter]]] = {}
        self.sizes: Counter[Lane] = Counter()

    def add(self, waiter: Waiter) -> int:
        """Add a call; return its place among those of its request in its lane."""
        queue = self.requests.setdefault(waiter.deadline.request, {}).setdefault(waiter.lane, deque())
        queue.append(waiter)
        self.sizes[waiter.lane] += 1
        return len(queue) - 1

    def remove(self, waiter: Waiter) -> None:
        """Remove a call that does not wait any more; its request keeps its place."""
        request, lane = waiter.deadline.request, waiter.lane
        lanes = self.requests[request]
        lanes[lane].remove(waiter)
        if not lanes[lane]:
            del lanes[lane]
        if not lanes:
            del self.requests[request]
        self.sizes[lane] -= 1
        if not self.sizes[lane]:
            del self.sizes[lane]

    def serve(self, waiter: Waiter) -> None:
        """Remove a call that starts; the next one is another request's."""
        self.remove(waiter)
        if (lanes := self.requests.pop(waiter.deadline.request, None)) is not None:
            self.requests[waiter.deadline.request] = lanes
            if waiter.lane in lanes:
                lanes[waiter.lane] = lanes.pop(waiter.lane)

    def refuse(self, waiter: Waiter, refusal: Exception) -> None:
        """Remove a call that fails."""
        self.remove(waiter)
        waiter.future.set_exception(refusal)

    def heads(self, blocked: AbstractSet[Lane]) -> Iterator[Waiter]:
        """Yield the first call of each request in each lane, the next first; `blocked` may grow meanwhile."""
        giving_way: list[Waiter] = []
        for lanes in self.requests.values():
            if len(blocked) == len(self.sizes):
                return
            for lane, waiters in lanes.items():
                if lane not in blocked and waiters[0].deadline.gives_way:
                    giving_way.append(waiters[0])
                elif lane not in blocked:
                    yield waiters[0]
        yield from (each for each in giving_way if each.lane not in blocked)

    def size_of_kind(self, waiter: Waiter) -> int:
        """Count the calls of its lane that may start with it: it alone, where it gives way."""
        if waiter.deadline.gives_way:
            return 1
        queues = (lanes.get(waiter.lane) for lanes in self.requests.values())
        return sum(len(queue) for queue in queues if queue and not queue[0].deadline.gives_way)

    def ahead(self, waiter: Waiter, position: int, window: SlidingWindow) -> int:
        """Count the calls in `window` that start before one at that place: one of each request in each round."""
        request, gives_way = waiter.deadline.request, waiter.deadline.gives_way
        own = self.requests[request].items()
        mine = position + sum(
            min(len(queue), position + 1) for lane, queue in own if lane != waiter.lane and window in lane.windows
        )
        count = mine
        for number, lanes in self.requests.items():
            if number != request:
                queues = (queue for lane, queue in lanes.items() if window in lane.windows)
                size = sum(len(queue) for queue in queues if gives_way or not queue[0].deadline.gives_way)
                count += size if gives_way else min(size, mine + 1)
        return count

    def drop_late(self, too_late: Callable[[Waiter, int], Exception | None]) -> None:
        """Refuse the calls for which `too_late` returns a refusal, each by its place after those before are dropped."""
        queues = (queue for lanes in self.requests.values() for queue in lanes.values())
        for _, waiter in sorted((place for queue in queues for place in enumerate(queue)), key=itemgetter(0)):
            position = self.requests[waiter.deadline.request][waiter.lane].index(waiter)
            refusal = too_late(waiter, position)
            if refusal is not None and not waiter.future.done():
                self.refuse(waiter, refusal)
