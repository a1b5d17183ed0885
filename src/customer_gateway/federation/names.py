"""Names that a client has wrong, as errors repeat them: a few, and not at any length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 3
_LONGEST: Final = 40


def listed(names: Sequence[str]) -> str:
    """Return the names with commas between them, what is too long or too many of them left out."""
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(map(_shortened, names[:_MOST])) + more


def _shortened(name: str) -> str:
    if not name:
        return "an empty one"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
