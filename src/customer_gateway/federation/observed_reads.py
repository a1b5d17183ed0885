"""Notice which records are other than when they were last read, and submit them to the index.

Every read of customers passes here. For a page that was read before, the systems' own stamps are compared, and every
ten seconds a checksum of the whole page, since a system may change a record and not its stamp. For other reads the
checksum of each document is compared (`documents.content`). What is equal costs nothing more; the fields of what is not
are read later, off the request's path.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import structlog

from customer_gateway.documents.content import fingerprint, fingerprint_of_all, stamps_of_all
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.indexing import changes_of
from customer_gateway.model.catalog import ADDRESS_PARTS, UNIFIED_SOURCES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from customer_gateway.model import nouns
    from customer_gateway.model.catalog import RecordChange
    from customer_gateway.system import Route, Selection, System

MOST_KNOWN: Final = 50_000
"""Records whose last read is known; the older half goes where there are more."""
KNOWN_SECONDS: Final = 300.0
"""After at most so long a record is compared with the index again: another process may have written something else."""
STAMP_SECONDS: Final = 10.0
"""For so long the system's own stamps are believed of a page; then it is compared as a whole again."""
_PAGE: Final = 10
"""So many records of one read are a page."""
_MOST_PAGES: Final = 2_000
_MOST_SELECTIONS: Final = 1_000
"""Whose fields are looked up once each; clients make them."""
_DOUBTED: Final = -1
"""Kept in place of a last read: no checksum is negative."""
_UNKNOWN: Final = (None, _DOUBTED)

_log: Any = structlog.get_logger("customer_gateway.federation")


class Updates(Protocol):
    """Takes what was noticed, as `catalog.updates.IndexUpdates` does.

    Without `has_room` nothing is to be submitted that is no change.
    """

    @property
    def has_room(self) -> bool: ...

    def submit(
        self, count: int, read_at: datetime, changes: Callable[[], Sequence[RecordChange]], *, is_change: bool = True
    ) -> bool: ...

    def submit_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None: ...


class _Carried(NamedTuple):
    """What reads of one system by one selection bring to the index: unified fields, and the parts of the address."""

    number: int
    fields: Sequence[str]
    parts: Sequence[str]

    def hash_of(self, key: str) -> int:
        """Return under which number the last read of a record is kept."""
        return hash((self.number, key))


class _Noticed(NamedTuple):
    """A record to submit, its checksum, and whether that puts the reads of other selections in doubt."""

    view: nouns.Customer
    read: int
    is_new: bool


@dataclass(slots=True)
class _LastPage:
    """A page of which nothing was to be submitted when it was last read.

    `reads` is a hash of the last reads of its records, looked at when what is known was at this `revision`. The
    `stamps` are believed until `stamped_until`.
    """

    fingerprint: int
    stamps: int | None
    stamped_until: float
    reads: int
    revision: int


class ObservedReads:
    """What this process has last read of records, at the width of each selection by itself.

    What a read brings for the first time, or otherwise than before, puts those of other selections in doubt: each is
    compared with the index once more when it is read.

    Two numbers a record are kept: more objects that stay make requests slower (5 % with seven a record).
    `wait_stored` waits for the row of a record that was written (`catalog.written`); `clock` gives seconds.
    """

    def __init__(
        self,
        updates: Updates,
        wait_stored: Callable[[str, str], Awaitable[None]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._updates = updates
        self._wait_stored = wait_stored
        self._clock = clock
        self._known: dict[int, int] = {}
        self._known_before: dict[int, int] = {}
        self._known_since = clock()
        self._revision = 0
        self._pages: dict[tuple[int, str, int], _LastPage] = {}
        self._carried: dict[tuple[str, Route[Any], frozenset[str], frozenset[str]], _Carried] = {}

    def note_read(
        self, system: System, views: Sequence[nouns.Customer], selection: Selection, read_at: datetime
    ) -> None:
        """Take note of records of one system that were read at the width of a selection, from a moment on.

        An unexpected exception does not fail the read.
        """
        try:
            self._compare(system, views, selection, read_at)
        except Exception:  # noqa: BLE001 - see above
            _log.exception("read_not_compared", system=system.name)

    def _compare(
        self, system: System, views: Sequence[nouns.Customer], selection: Selection, read_at: datetime
    ) -> None:
        carried = self._carried_by(system, selection)
        if not carried.fields:
            return
        now = self._clock()
        if len(self._known) > MOST_KNOWN // 2 or now - self._known_since > KNOWN_SECONDS / 3:
            self._forget_older(now)
        if len(views) >= _PAGE and self._is_as_before(views, carried, now):
            return
        changed: list[_Noticed] = []
        unsure: list[_Noticed] = []
        has_room = self._updates.has_room
        for view in views:
            last = self._last_read(carried.hash_of(view.key))
            if last in _UNKNOWN and not has_room:
                continue  # it is compared another time: the process has enough to do
            if last == (read := fingerprint(view)):
                continue
            (unsure if last in _UNKNOWN else changed).append(_Noticed(view, read, last != _DOUBTED))
        self._submit(system, carried, changed, read_at, is_change=True)
        self._submit(system, carried, unsure, read_at, is_change=False)

    def _submit(
        self, system: System, carried: _Carried, noticed: Sequence[_Noticed], read_at: datetime, *, is_change: bool
    ) -> None:
        """Submit records, and know them from now on unless there is no room for them."""
        views = [each.view for each in noticed]
        changes = partial(_changes, system, views, carried)
        if views and self._updates.submit(len(views), read_at, changes, is_change=is_change):
            self._revision += 1
            self._known.update((carried.hash_of(each.view.key), each.read) for each in noticed)
            others = [each for each in self._carried_of(system.name) if each is not carried]
            self._doubt(others, [each.view.key for each in noticed if each.is_new])

    def note_written(self, system: str, key: str) -> None:
        """Take note that what was written of a record is stored: its next read is compared with that."""
        self._revision += 1
        self._doubt(self._carried_of(system), [key])

    def _doubt(self, several: Sequence[_Carried], keys: Sequence[str]) -> None:
        """Put in doubt what reads of several selections have last shown of these records."""
        for hashed in [carried.hash_of(key) for carried in several for key in keys]:
            if self._last_read(hashed) is not None:
                self._known[hashed] = _DOUBTED

    def _is_as_before(self, views: Sequence[nouns.Customer], carried: _Carried, now: float) -> bool:
        """Return whether these are the records of a page as it was, and no other read has brought another of them.

        If it is not known, but each of the records is, it is known from now on.
        """
        page = self._pages.get(at := (carried.number, views[0].key, len(views)))
        if page is not None and self._has_same_reads(page, views, carried):
            if page.stamps is not None and now < page.stamped_until and stamps_of_all(views) == page.stamps:
                return True
            if page.fingerprint == fingerprint_of_all(views):
                page.stamped_until = now + STAMP_SECONDS
                return True
        reads = self._last_reads(views, carried)
        if None in reads or _DOUBTED in reads or reads != list(map(fingerprint, views)):
            return False
        if len(self._pages) >= _MOST_PAGES:
            self._pages.clear()
        found, stamps = fingerprint_of_all(views), stamps_of_all(views)
        self._pages[at] = _LastPage(found, stamps, now + STAMP_SECONDS, hash(tuple(reads)), self._revision)
        return True

    def _has_same_reads(self, page: _LastPage, views: Sequence[nouns.Customer], carried: _Carried) -> bool:
        """Return whether the last reads of a page's records are those that it was made of."""
        if page.revision != self._revision:
            if hash(tuple(self._last_reads(views, carried))) != page.reads:
                return False
            page.revision = self._revision
        return True

    def _last_reads(self, views: Sequence[nouns.Customer], carried: _Carried) -> list[int | None]:
        return [self._last_read(carried.hash_of(view.key)) for view in views]

    def _last_read(self, at: int) -> int | None:
        if (last := self._known.get(at)) is None:
            return self._known_before.get(at)
        return last

    def _forget_older(self, now: float) -> None:
        """Forget what was submitted before the last time that this was done, all where that is long ago."""
        is_long_ago = now - self._known_since > KNOWN_SECONDS * 2 / 3
        self._known_before, self._known, self._known_since = {} if is_long_ago else self._known, {}, now
        self._revision += 1

    def note_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None:
        """Take note that a read of so many keys, from a moment on, did not find these.

        That is no proof, so they are MISSING at most.
        """
        self._revision += 1
        for carried in self._carried_of(system):
            for key in keys:
                for known in (self._known, self._known_before):
                    known.pop(carried.hash_of(key), None)
        self._updates.submit_missing(system, keys, asked, read_at)

    async def wait_stored(self, system: str, key: str) -> None:
        """Wait until the index has what was just written of a record, or until that has failed."""
        await self._wait_stored(system, key)

    def _carried_of(self, system: str) -> Sequence[_Carried]:
        return [carried for (name, *_), carried in self._carried.items() if name == system]

    def _carried_by(self, system: System, selection: Selection) -> _Carried:
        """Return what a read brings to the index: the same object for the same selection.

        The route is the width at which the system answers: documents of two widths are never equal.
        """
        selected = (system.name, system.customers(selection), selection.of("Customer"), selection.of("Address"))
        if (carried := self._carried.get(selected)) is None:
            if len(self._carried) >= _MOST_SELECTIONS:
                for each in (self._carried, self._known, self._known_before, self._pages):
                    each.clear()
            carried = self._carried[selected] = _carried(len(self._carried), system, selection)
        return carried


def _carried(number: int, system: System, selection: Selection) -> _Carried:
    """Return what a record read for the selection brings to the index by itself."""
    asked = selection.of("Customer") - selection.redacted
    own = system.kind.supplies - system.kind.readers - system.withheld
    parts = [part for part in ADDRESS_PARTS if selection.selects("Address", part)]
    fields = [name for name in UNIFIED_SOURCES if name in asked and name in own and (name != "address" or parts)]
    return _Carried(number, fields, parts)


def _changes(system: System, views: Sequence[nouns.Customer], carried: _Carried) -> Sequence[RecordChange]:
    """Return the changes of the records; no field of them has a reader, so nothing is asked."""
    columns: dict[str, Any] = {name: read_views(name, system, views, _NO_READS) for name in carried.fields}
    return changes_of(system, views, columns, carried.parts, is_all=False)


_NO_READS: Any = None
