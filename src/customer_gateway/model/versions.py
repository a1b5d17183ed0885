"""The version of a customer: a hash of the versions of its records."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_BYTES: Final = 12


def version_of_records(records: Iterable[tuple[str, str, str | None]]) -> str:
    """Return the version of a customer by its records: of each the system's name, the key and the version."""
    stamps = "\0".join(f"{system}/{key}/{version}" for system, key, version in records)
    return hashlib.blake2b(stamps.encode(), digest_size=_BYTES).hexdigest()


def version_of_record(system: str, key: str, version: str | None) -> str:
    """Return the version of a customer of one record."""
    return version_of_records([(system, key, version)])
