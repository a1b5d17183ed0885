"""Notice which records are other than when they were last read, and tell the index.

Every read of customers passes here, so what is compared are whole documents (`documents.content`); what is equal costs
nothing more. The fields of the others are read later, off the request's path.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from customer_gateway.documents.content import content_of
from customer_gateway.documents.values import is_empty
from customer_gateway.federation.fields import read_views
from customer_gateway.federation.indexing import stamp_of
from customer_gateway.model.catalog import INDEXED_FIELDS, RecordChange
from customer_gateway.model.ids import RecordRef

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from customer_gateway.model import nouns
    from customer_gateway.system import Selection, System

MOST_KNOWN: Final = 20_000
"""Records that are kept to compare with; the oldest half goes where there are more."""

_OF_THE_ADDRESS: Final = ("country_code", "city")


class Updates(Protocol):
    """Takes what was noticed, as `catalog.updates.IndexUpdates` does."""

    def submit(self, count: int, changes: Callable[[], Sequence[RecordChange]]) -> None: ...

    def submit_missing(self, system: str, keys: Sequence[str], asked: int) -> None: ...


class ObservedReads:
    """What this process has read of records, at each width at which they are read.

    `stored` waits for the row of a record that was written (`catalog.written`).
    """

    def __init__(self, updates: Updates, stored: Callable[[str, str], Awaitable[None]]) -> None:
        self._updates = updates
        self._stored = stored
        self._known: dict[tuple[str, frozenset[str], frozenset[str]], _SelectedFields] = {}
        self._count = 0

    def seen(self, system: System, views: Sequence[nouns.Customer], want: Selection) -> None:
        """Take note of records of one system that were read at the width of a selection."""
        at = (system.name, want.of("Customer"), want.of("Address"))
        width = self._known.get(at)
        if width is None:
            width = self._known[at] = _SelectedFields(_carried(system, want))
        if not width.names:
            return
        known = width.contents
        changed = [view for view in views if known.get(view.key) != content_of(view)]
        if not changed:
            return
        self._count -= len(known)
        known.update((view.key, content_of(view)) for view in changed)
        self._count += len(known)
        if self._count > MOST_KNOWN:
            self._forget_oldest()
        self._updates.submit(len(changed), partial(_changes, system, changed, width.names))

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        """Take note that a read of so many keys did not find these; that is no proof, so they are MISSING at most."""
        self._updates.submit_missing(system, keys, asked)

    async def stored(self, system: str, key: str) -> None:
        """Wait until the index has what was just written of a record, or until that has failed."""
        await self._stored(system, key)

    def _forget_oldest(self) -> None:
        for width in self._known.values():
            for key in list(width.contents)[: (len(width.contents) + 1) // 2]:
                del width.contents[key]
        self._count = sum(len(each.contents) for each in self._known.values())


class _SelectedFields:
    """The indexed fields that reads of one width carry, and what they brought of each record."""

    __slots__ = ("contents", "names")

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self.contents: dict[str, Any] = {}


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
