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
    from collections.abc import Iterator
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
        self.sizes -= Counter((lane,))  # which keeps no lane of none

    def serve(self, waiter: Waiter) -> None:
        """Remove a call that starts; the next one is another request's."""
        self.remove(waiter)
        if (lanes := self.requests.pop(waiter.deadline.request, None)) is not None:
            self.requests[waiter.deadline.request] = lanes
            if waiter.lane in lanes:
                lanes[waiter.lane] = lanes.pop(waiter.lane)

    def first(self, blocked: AbstractSet[Lane]) -> Waiter | None:
        """Return the first call of the next request in a lane that is not `blocked`, if there is one."""
        if len(blocked) == len(self.sizes):
            return None
        for gives_way in (False, True):
            for lanes in self.requests.values():
                for lane, queue in lanes.items():
                    first = queue[0]
                    if lane not in blocked and first.deadline.gives_way == gives_way and not first.future.done():
                        return first
        return None

    def ahead(self, waiter: Waiter, position: int, window: SlidingWindow) -> int:
        """Count the calls in `window` that start before one at that place: one of each request in each round."""
        request, gives_way = waiter.deadline.request, waiter.deadline.gives_way
        count = mine = position + sum(
            min(len(queue), position + 1)
            for lane, queue in self.requests[request].items()
            if lane != waiter.lane and window in lane.windows
        )
        for number, lanes in self.requests.items():
            if number != request:
                queues = (queue for lane, queue in lanes.items() if window in lane.windows)
                size = sum(len(queue) for queue in queues if gives_way or not queue[0].deadline.gives_way)
                count += size if gives_way else min(size, mine + 1)
        return count

    def in_rounds(self) -> Iterator[tuple[Waiter, int]]:
        """Yield all calls with their places, the first of each lane first; those yielded may be removed meanwhile."""
        queues = (queue for lanes in self.requests.values() for queue in lanes.values())
        for _, waiter in sorted((place for queue in queues for place in enumerate(queue)), key=itemgetter(0)):
            yield waiter, self.requests[waiter.deadline.request][waiter.lane].index(waiter)
