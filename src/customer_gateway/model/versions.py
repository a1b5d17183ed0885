"""The version of a customer, made of those of its records."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES: Final = 12


def customer_version(records: Iterable[tuple[str, str, str | None]]) -> str:
    """Return the version of a customer of records, each told by its system, its key and its own version."""
    text = "\0".join(f"{system}/{key}/{version}" for system, key, version in records)
    return hashlib.blake2b(text.encode(), digest_size=_BYTES).hexdigest()
