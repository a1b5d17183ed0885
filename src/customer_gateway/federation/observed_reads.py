"""Notice which records are other than when they were last read, and tell the index.

Every read of customers passes here, so what is compared are hashes of whole documents (`documents.content`); what is
equal costs nothing more. The fields of the others are read later, off the request's path.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from customer_gateway.documents.content import fingerprint
from customer_gateway.documents.values import is_empty
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.indexing import stamp_of
from customer_gateway.model.catalog import INDEXED_FIELDS, RecordChange
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.model import nouns
    from customer_gateway.system import Selection, System

MOST_KNOWN: Final = 50_000
"""Records whose last read is known; the older half goes where there are more."""
KNOWN_SECONDS: Final = 60.0
"""Then a record is told again: another process may have told the index something else of it meanwhile."""
_MOST_WIDTHS: Final = 1_000
"""Selections, whose fields are looked up once each; clients make them."""

_OF_THE_ADDRESS: Final = ("country_code", "city")


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


class _LastRead(NamedTuple):
    """What a record was when it was last read: which fields were, a hash of them, and when it was told."""

    names: Sequence[str]
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
        self._names: dict[tuple[str, frozenset[str], frozenset[str]], Sequence[str]] = {}

    def seen(self, system: System, views: Sequence[nouns.Customer], want: Selection, read_at: datetime) -> None:
        """Take note of records of one system that were read at the width of a selection, from a moment on."""
        names = self._names_of(system, want)
        if not names:
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
            if last is not None and last.names is names and last.fingerprint != found:
                changed.append(view)
            elif has_room and (last is None or last.names is not names or now - last.at > KNOWN_SECONDS):
                unsure.append(view)
            else:
                continue
            fresh[at] = _LastRead(names, found, now)
        told = [
            self._updates.submit(len(some), read_at, partial(_changes, system, some, names), is_change=some is changed)
            for some in (changed, unsure)
            if some
        ]
        if told and all(told):
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

    def _names_of(self, system: System, want: Selection) -> Sequence[str]:
        """Return the indexed fields that a read carries: the same list for the same selection."""
        width = (system.name, want.of("Customer"), want.of("Address"))
        if (names := self._names.get(width)) is None:
            if len(self._names) >= _MOST_WIDTHS:
                self._names.clear()
            names = self._names[width] = _carried(system, want)
        return names


def _carried(system: System, want: Selection) -> Sequence[str]:
    """Return the indexed fields that a record read for the selection tells by itself."""
    asked = want.of("Customer") - want.redacted
    told = system.kind.supplies - system.kind.readers - system.withheld
    own = [name for name in INDEXED_FIELDS if name in asked and name in told]
    if "address" not in asked or "address" not in told:
        return own
    return [*own, *(name for name in _OF_THE_ADDRESS if want.selects("Address", name))]


def _changes(system: System, views: Sequence[nouns.Customer], names: Sequence[str]) -> Sequence[RecordChange]:
    """Return what the records tell of the named fields; of one that cannot be read nothing is told."""
    columns: Mapping[str, Sequence[Any]] = {name: _column(system, views, name) for name in names}
    return [
        _change(system.name, view, {name: column[at] for name, column in columns.items()})
        for at, view in enumerate(views)
    ]


def _column(system: System, views: Sequence[nouns.Customer], name: str) -> Sequence[Any]:
    if name in _OF_THE_ADDRESS:
        return [getattr(view.address, name, None) for view in views]
    values: Any = read_views(name, system, views, _NO_READS)
    return values


def _change(system: str, view: nouns.Customer, values: Mapping[str, Any]) -> RecordChange:
    read = {name: value for name, value in values.items() if not isinstance(value, Exception)}
    known = {name: None if is_empty(value) else value for name, value in read.items()}
    return RecordChange(RecordRef(system, view.key), known, stamp_of(known), whole=False)


_NO_READS: Any = None
"""No field of the named ones has a reader, so none is asked."""
