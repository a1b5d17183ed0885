"""Tell one tenant of a system from another by a sample of its customers: the same ones in every pass that sees all.

A sample has those customers whose keys have the smallest hashes, each with a hash of its name. Two samples of one
tenant are nearly equal; keys that count up from one are the same at any tenant, the names to them are not.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from customer_gateway.catalog.folding import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from customer_gateway.model.catalog import RecordChange

_MOST: Final = 64
_ENOUGH: Final = 5
_FEWEST: Final = 2


def take(sample: MutableMapping[str, str], changes: Sequence[RecordChange]) -> None:
    """Put those of the customers into a sample that belong there."""
    for change in changes:
        sample[_hash(change.ref.key, 8)] = _identity(change)
    for surplus in sorted(sample)[_MOST:]:
        del sample[surplus]


def is_of_another_tenant(before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Return whether fewer than half of the customers of a sample are the same in a later one, or none of a few.

    Where nobody is there, that is an empty list, and not another tenant's.
    """
    if not now:
        return False
    last = max(now, default="") if len(now) >= _MOST else None
    expected = [key for key in before if last is None or key <= last]
    same = sum(now.get(key) == before[key] for key in expected)
    if len(expected) >= _ENOUGH:
        return same * 2 < len(expected)
    return len(expected) >= _FEWEST and not same


def _identity(change: RecordChange) -> str:
    named = change.values.get("name") or change.values.get("number") or ""
    return _hash(fold(named), 4)


def _hash(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).hexdigest()
