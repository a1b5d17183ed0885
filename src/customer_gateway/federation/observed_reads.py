"""Notice which records are other than when they were last read, and submit them to the index.

Every read of customers passes here, so what is compared are hashes of whole documents (`documents.content`); what is
equal costs nothing more. The fields of the others are read later, off the request's path.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from customer_gateway.documents.content import fingerprint
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.indexing import changes_of
from customer_gateway.model.catalog import ADDRESS_PARTS, UNIFIED_SOURCES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from customer_gateway.model import nouns
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.system import Selection, System

MOST_KNOWN: Final = 50_000
"""Records whose last read is known; the older half goes where there are more."""
KNOWN_SECONDS: Final = 60.0
"""Then a record is compared with the index again: another process may have written something else meanwhile."""
_MOST_SELECTIONS: Final = 1_000
"""Whose fields are looked up once each; clients make them."""


class Updates(Protocol):
    """Takes what was noticed, as `catalog.updates.IndexUpdates` does.

    Without `has_room` nothing is to be submitted that is no change.
    """

    @property
    def has_room(self) -> bool: ...

    def submit(
        self, count: int, read_at: datetime, changes: Callable[[], Sequence[RecordChange]], *, is_change: bool = True
    ) -> bool: ...

    def submit_missing(self, system: str, keys: Sequence[str], asked: int) -> None: ...


class _Carried(NamedTuple):
    """What reads of one selection bring to the index: unified fields, and the parts of the address."""

    fields: Sequence[str]
    parts: Sequence[str]


class _LastRead(NamedTuple):
    """What a record was when it was last read: what was carried, a hash of it, and when it was submitted."""

    carried: _Carried
    fingerprint: object
    at: float


class ObservedReads:
    """What this process has last read of records.

    `stored` waits for the row of a record that was written (`catalog.written`).
    """

    def __init__(self, updates: Updates, stored: Callable[[str, str], Awaitable[None]]) -> None:
        self._updates = updates
        self._stored = stored
        self._known: dict[tuple[str, str], _LastRead] = {}
        self._carried: dict[tuple[str, frozenset[str], frozenset[str]], _Carried] = {}

    def seen(self, system: System, views: Sequence[nouns.Customer], want: Selection, read_at: datetime) -> None:
        """Take note of records of one system that were read at the width of a selection, from a moment on."""
        carried = self._carried_by(system, want)
        if not carried.fields:
            return
        now = time.monotonic()
        fresh: dict[tuple[str, str], _LastRead] = {}
        changed: list[nouns.Customer] = []
        unsure: list[nouns.Customer] = []
        known, has_room = self._known, self._updates.has_room
        for view in views:
            at = (system.name, view.key)
            if (last := known.get(at)) is None and not has_room:
                continue  # it is compared another time: the process has enough to do
            found = fingerprint(view)
            if last is not None and last.carried is carried and last.fingerprint != found:
                changed.append(view)
            elif has_room and (last is None or last.carried is not carried or now - last.at > KNOWN_SECONDS):
                unsure.append(view)
            else:
                continue
            fresh[at] = _LastRead(carried, found, now)
        taken = [
            self._updates.submit(
                len(some), read_at, partial(_changes, system, some, carried), is_change=some is changed
            )
            for some in (changed, unsure)
            if some
        ]
        if taken and all(taken):
            self._known.update(fresh)
            if len(self._known) > MOST_KNOWN:
                self._known = dict(list(self._known.items())[MOST_KNOWN // 2 :])

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        """Take note that a read of so many keys did not find these; that is no proof, so they are MISSING at most."""
        for key in keys:
            self._known.pop((system, key), None)
        self._updates.submit_missing(system, keys, asked)

    async def stored(self, system: str, key: str) -> None:
        """Wait until the index has what was just written of a record, or until that has failed."""
        await self._stored(system, key)

    def _carried_by(self, system: System, want: Selection) -> _Carried:
        """Return what a read brings to the index: the same object for the same selection."""
        selected = (system.name, want.of("Customer"), want.of("Address"))
        if (carried := self._carried.get(selected)) is None:
            if len(self._carried) >= _MOST_SELECTIONS:
                self._carried.clear()
            carried = self._carried[selected] = _carried(system, want)
        return carried


def _carried(system: System, want: Selection) -> _Carried:
    """Return what a record read for the selection brings to the index by itself."""
    asked = want.of("Customer") - want.redacted
    own = system.kind.supplies - system.kind.readers - system.withheld
    parts = [part for part in ADDRESS_PARTS if want.selects("Address", part)]
    fields = [name for name in UNIFIED_SOURCES if name in asked and name in own and (name != "address" or parts)]
    return _Carried(fields, parts)


def _changes(system: System, views: Sequence[nouns.Customer], carried: _Carried) -> Sequence[RecordChange]:
    """Return the changes of the records; no field of them has a reader, so nothing is asked."""
    columns: dict[str, Any] = {name: read_views(name, system, views, _NO_READS) for name in carried.fields}
    return changes_of(system, views, columns, carried.parts, is_all=False)


_NO_READS: Any = None
