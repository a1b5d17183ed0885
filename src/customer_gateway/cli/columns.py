"""Write rows of cells in columns, for people and for grep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def columns_text(head: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a line for the head and one for each row; `-` for what is not there, commas in a list."""
    lines = [tuple(head), *(tuple(map(_cell, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join("  ".join(map(str.ljust, line, widths)).rstrip() + "\n" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(value) or "-"  # pyright: ignore[reportUnknownArgumentType] - of texts
    return "-" if value is None else str(value)
