"""Merge what a read brought of a record with what the index has: of each field what was read last stays.

Reads end in any order, and many bring some fields alone. So a row has the moment at which the last read of all its
fields began (`whole_at`), and for fields that were read later the moment of that (`later`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from customer_gateway.model.catalog import RecordState, later_moments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from customer_gateway.model.catalog import RecordChange, Values


class StoredRecord(NamedTuple):
    """What the index has of a record; `values` and `later` are JSON."""

    values: str
    state: RecordState
    state_since: datetime
    whole_at: datetime | None
    later: str | None


class Merged(NamedTuple):
    """What a row is to have; `later` is JSON."""

    values: Values
    whole_at: datetime | None
    later: str | None


def merged(
    change: RecordChange, read_at: datetime, before: StoredRecord | None, decode: Callable[[str], Values]
) -> Merged | None:
    """Return what a row is to have after a read that began then; None where later ones have brought all of it."""
    if before is None:
        return Merged(change.values, read_at, None) if change.whole else _partial(change.values, {}, read_at, None, {})
    if before.state is not RecordState.PRESENT and before.state_since > read_at:
        return None
    if before.whole_at is not None and before.whole_at > read_at:
        return None
    known = later_moments(before.later)
    if not change.whole:
        return _partial(change.values, decode(before.values), read_at, before.whole_at, known)
    later = {name: moment for name, moment in known.items() if moment > read_at}
    if not later:
        return Merged(change.values, read_at, None)
    stored_values = decode(before.values)
    return Merged({**change.values, **{name: stored_values[name] for name in later}}, read_at, _as_json(later))


def _partial(
    values: Values, stored_values: Values, read_at: datetime, whole_at: datetime | None, known: Mapping[str, datetime]
) -> Merged:
    carried = [name for name in values if name not in known or known[name] <= read_at]
    later = {**known, **dict.fromkeys(carried, read_at)}
    return Merged({**stored_values, **{name: values[name] for name in carried}}, whole_at, _as_json(later))


def _as_json(later: Mapping[str, datetime]) -> str | None:
    return orjson.dumps(dict(later)).decode() if later else None
