"""Compare a page that is read over and over once a second, by its last read in that time.

To compare every read of such a page took 6 to 11 % more CPU a request (`make bench AGAINST`, docs/adr/0040).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from customer_gateway.federation.observer import RecordObserver
    from customer_gateway.model import nouns
    from customer_gateway.system import Selection, System

PACE_SECONDS: Final = 1.0
_PAGE: Final = 10
"""So many records of one read are a page; fewer are compared at once."""
_MOST_PAGES: Final = 2_000


class _Read(NamedTuple):
    system: System
    views: Sequence[nouns.Customer]
    want: Selection
    read_at: datetime


class PacedReads:
    """Hands reads on to an observer of all reads; `clock` gives seconds."""

    def __init__(
        self, observer: RecordObserver, seconds: float = PACE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._observer = observer
        self._seconds = seconds
        self._clock = clock
        self._due: dict[Any, float] = {}
        self._waiting: dict[Any, _Read] = {}

    def seen(self, system: System, views: Sequence[nouns.Customer], want: Selection, read_at: datetime) -> None:
        """Hand a read on at once; where the same records were compared within a second, the last read after that."""
        read = _Read(system, views, want, read_at)
        if len(views) < _PAGE:
            self._observer.seen(*read)
            return
        page = (system.name, tuple([view.key for view in views]), want.of("Customer"), want.of("Address"))
        wait = self._due.get(page, 0.0) - self._clock()
        if page in self._waiting:
            self._waiting[page] = read
        elif wait > 0:
            self._waiting[page] = read
            asyncio.get_running_loop().call_later(wait, self._hand_on, page)
        else:
            self._note_compared(page)
            self._observer.seen(*read)

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        """Hand on that a read of so many keys did not find these."""
        self._observer.gone(system, keys, asked)

    async def stored(self, system: str, key: str) -> None:
        """Wait until the index has what was just written of a record, or until that has failed."""
        await self._observer.stored(system, key)

    def _hand_on(self, page: Any) -> None:
        self._note_compared(page)
        self._observer.seen(*self._waiting.pop(page))

    def _note_compared(self, page: Any) -> None:
        if len(self._due) >= _MOST_PAGES:
            self._due.clear()
        self._due[page] = self._clock() + self._seconds
