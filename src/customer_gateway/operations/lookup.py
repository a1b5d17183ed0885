"""Find out what a record shows after a write: whether it was applied, and what else has changed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from customer_gateway.documents import exact
from customer_gateway.documents.changes import ABSENT, same, shows, value_at
from customer_gateway.documents.values import is_object
from customer_gateway.errors import UpstreamError
from customer_gateway.operations.stored import value_of
from customer_gateway.system import CreateTrace, WrittenDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.documents.values import Document
    from customer_gateway.documents.writing import Present, WritableMember, Writes
    from customer_gateway.model.journal import StoredWrite
    from customer_gateway.system import CustomerWriter
    from customer_gateway.work.deadline import Deadline

_PAUSES: Final = (0.0, 0.2, 0.8)
"""Seconds before each reading of a record that was written: vendors may show a change late."""


class Shown(Enum):
    """What a record shows of a write. UNREAD: it could not be read."""

    WRITTEN = auto()
    HELD = auto()
    NOT_WRITTEN = auto()
    UNREAD = auto()


class ReadBack(NamedTuple):
    """What a record shows of writes; the record, where it could be read, and when the read of it began."""

    shown: Shown
    present: Present | None
    read_at: datetime

    @property
    def written(self) -> WrittenDocument | None:
        """The document where it shows what was written."""
        if self.present is None or self.shown is Shown.NOT_WRITTEN:
            return None
        return WrittenDocument(self.present.document, self.read_at, self.present.answers)


async def read_after(writer: CustomerWriter, key: str, writes: Sequence[StoredWrite], deadline: Deadline) -> ReadBack:
    """Read a record until it shows all that was written, three times at most."""
    found = ReadBack(Shown.UNREAD, None, datetime.now(UTC))
    for pause in _PAUSES:
        if deadline.remaining() <= pause:
            break
        await asyncio.sleep(pause)
        read_at = datetime.now(UTC)
        try:
            present = await writer.read(key, deadline)
        except UpstreamError:
            continue
        if present is None:
            continue
        found = ReadBack(_shown(writer.writes, present.document, writes), present, read_at)
        if found.shown is not Shown.NOT_WRITTEN:
            break
    return found


def _shown(writes: Writes, document: Document, written: Sequence[StoredWrite]) -> Shown:
    if not all(is_shown(document, each) for each in written):
        return Shown.NOT_WRITTEN
    return Shown.HELD if writes.held(document) else Shown.WRITTEN


def is_shown(document: Document, write: StoredWrite) -> bool:
    """Return whether a document shows all that a call was to write."""
    return all(shows(value_at(document, each.place), value_of(each.after)) for each in write.changes)


def is_untouched(document: Document, write: StoredWrite) -> bool:
    """Return whether a document has at all places of a call what stood there before."""
    return all(same(value_at(document, each.place), value_of(each.before)) for each in write.changes)


async def created_keys(
    writer: CustomerWriter, write: StoredWrite, since: datetime, before: Sequence[str], deadline: Deadline
) -> Sequence[str] | None:
    """Return the keys of customers that a creation may have made; None where that cannot be told now."""
    trace = CreateTrace(exact.decode(write.body.encode()), since, before)
    try:
        return await writer.find_created(trace, deadline)
    except UpstreamError:
        return None


def foreign_changes(
    writes: Writes, before: Document, after: Document, places: Sequence[str]
) -> dict[str, tuple[Any, Any]]:
    """Return the documented places that differ and that are none of `places`, with their values before and after.

    What the vendor makes by itself does not count.
    """
    compared = (*_compared(writes.writable, before, after), *_beside(writes, before, after))
    found = {place: (one, other) for place, one, other in compared if not same(one, other)}
    return {place: values for place, values in found.items() if not any(_overlap(place, each) for each in places)}


def _beside(writes: Writes, before: Document, after: Document) -> Iterator[tuple[str, Any, Any]]:
    """Yield the members of parts with calls of their own that are no member of the record, such as an address.

    Each is its place, its value before, and its value after.
    """
    for name in writes.resources.keys() - {""} - writes.record.by_vendor_name.keys():
        one, other = (part if is_object(part := document.get(name)) else {} for document in (before, after))
        for member in sorted(one.keys() | other.keys()):
            yield f"{name}.{member}", one.get(member, ABSENT), other.get(member, ABSENT)


def _compared(members: Sequence[WritableMember], before: Document, after: Document) -> Iterator[tuple[str, Any, Any]]:
    """Yield the places that a client may write, of nested objects their members', with their values as `_beside`."""
    for name, place, inner in members:
        one, other = before.get(name, ABSENT), after.get(name, ABSENT)
        if inner is not None and is_object(one) and is_object(other):
            yield from _compared(inner, one, other)
        else:
            yield place, one, other


def _overlap(place: str, written: str) -> bool:
    return place == written or place.startswith(f"{written}.") or written.startswith(f"{place}.")
