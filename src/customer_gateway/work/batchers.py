"""Keep a batcher for each route of the process."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from customer_gateway.work.batcher import Batcher
from customer_gateway.work.kept_reads import KeptReads

if TYPE_CHECKING:
    from customer_gateway.work.route import BatchRoute

V = TypeVar("V")


class Batchers:
    """Keep the batcher of each route: one for the process, for as long as the route is used."""

    def __init__(self) -> None:
        self._batchers: WeakKeyDictionary[BatchRoute[Any], Batcher[Any]] = WeakKeyDictionary()
        self._kept: defaultdict[str, KeptReads] = defaultdict(KeptReads)

    def __len__(self) -> int:
        return len(self._batchers)

    def of(self, route: BatchRoute[V]) -> Batcher[V]:
        batcher = self._batchers.get(route)
        if batcher is None:
            batcher = self._batchers[route] = Batcher(route, self.kept_reads(route.system))
        return batcher

    def kept_reads(self, system: str) -> KeptReads:
        """Return what is kept of a system for requests that were cut off."""
        return self._kept[system]

    def forget(self, system: str, key: str) -> None:
        """Forget what any route of a system has kept under a key, as after a write."""
        for route, batcher in list(self._batchers.items()):
            if route.system == system:
                batcher.forget([key])
