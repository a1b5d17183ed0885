"""Notice which records are other than when they were last read, and submit them to the index.

Every read of customers passes here. Of a page that was read before the systems' own stamps are compared, and every ten
seconds a checksum of all, since a system may change a record and not its stamp; of others the checksums of whole
documents (`documents.content`). What is equal costs nothing more. The fields of the others are read later, off the
request's path.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from customer_gateway.documents.content import fingerprint, fingerprint_of_all, stamps_of_all
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
KNOWN_SECONDS: Final = 300.0
"""Then a record is compared with the index again: another process may have written something else meanwhile."""
STAMP_SECONDS: Final = 10.0
"""For so long the system's own stamps are believed of a page; then it is compared as a whole again."""
_PAGE: Final = 10
"""So many records of one read are a page."""
_MOST_PAGES: Final = 2_000
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


@dataclass(slots=True)
class _LastPage:
    """A page of which nothing was to be submitted when it was last read: its records as they were, until when.

    `revision` is that of what is known at which these `reads` were looked at last. The `stamps` are believed until
    `stamped_until`.
    """

    carried: _Carried
    fingerprint: object
    stamps: int | None
    stamped_until: float
    places: Sequence[tuple[str, str]]
    reads: Sequence[_LastRead]
    until: float
    revision: int


class ObservedReads:
    """What this process has last read of records.

    `stored` waits for the row of a record that was written (`catalog.written`); `clock` gives seconds.
    """

    def __init__(
        self,
        updates: Updates,
        stored: Callable[[str, str], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._updates = updates
        self._stored = stored
        self._clock = clock
        self._known: dict[tuple[str, str], _LastRead] = {}
        self._revision = 0
        self._pages: dict[tuple[str, str, int], _LastPage] = {}
        self._carried: dict[tuple[str, frozenset[str], frozenset[str]], _Carried] = {}

    def seen(self, system: System, views: Sequence[nouns.Customer], want: Selection, read_at: datetime) -> None:
        """Take note of records of one system that were read at the width of a selection, from a moment on."""
        carried = self._carried_by(system, want)
        if not carried.fields:
            return
        now = self._clock()
        if len(views) >= _PAGE and self._is_as_before(system, views, carried, now):
            return
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
            self._revision += 1
            self._known.update(fresh)
            if len(self._known) > MOST_KNOWN:
                self._known = dict(list(self._known.items())[MOST_KNOWN // 2 :])

    def _is_as_before(self, system: System, views: Sequence[nouns.Customer], carried: _Carried, now: float) -> bool:
        """Return whether these are the records of a page as it was, and no other read has brought another of them.

        If it is not known, but each of the records is, it is known from now on.
        """
        page = self._pages.get(at := (system.name, views[0].key, len(views)))
        found = None
        if page is not None and page.carried is carried and now < page.until and self._has_same_reads(page):
            if page.stamps is not None and now < page.stamped_until and stamps_of_all(views) == page.stamps:
                return True
            if page.fingerprint == (found := fingerprint_of_all(views)):
                page.stamps, page.stamped_until = stamps_of_all(views), now + STAMP_SECONDS
                return True
        places = [(system.name, view.key) for view in views]
        reads = [last for place in places if (last := self._known.get(place)) is not None and last.carried is carried]
        if len(reads) == len(places) and all(map(_is_equal, reads, views)):
            if len(self._pages) >= _MOST_PAGES:
                self._pages.clear()
            until = min(last.at for last in reads) + KNOWN_SECONDS
            self._pages[at] = _LastPage(
                carried,
                fingerprint_of_all(views) if found is None else found,
                stamps_of_all(views),
                now + STAMP_SECONDS,
                places,
                reads,
                until,
                self._revision,
            )
            return now < until
        return False

    def _has_same_reads(self, page: _LastPage) -> bool:
        """Return whether the last reads of a page's records are those that it was made of."""
        if page.revision != self._revision:
            if list(map(self._known.get, page.places)) != page.reads:
                return False
            page.revision = self._revision
        return True

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        """Take note that a read of so many keys did not find these; that is no proof, so they are MISSING at most."""
        self._revision += 1
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


def _is_equal(last: _LastRead, view: nouns.Customer) -> bool:
    return last.fingerprint == fingerprint(view)


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
