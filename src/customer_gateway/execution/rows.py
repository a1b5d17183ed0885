"""Columns into rows: the response objects of a scope, built by a comprehension made for their names."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Builder = Callable[[list[list[Any]]], list[dict[str, Any]]]

NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")

MOST_NAMES = 64
"""Above this many fields compiling costs more than it saves."""

FEWEST_ROWS = 8
"""Below this many rows the generic way is as fast."""


@lru_cache(maxsize=2048)
def builder(names: tuple[str, ...]) -> Builder:
    """A function from one column per name to one dict per row.

    Raises ValueError on a name that is no GraphQL name: the source below is made of nothing else.
    """
    if not names or not all(map(NAME.fullmatch, names)):
        raise ValueError(f"rows need GraphQL names: {names!r}")
    cells = [f"c{number}" for number in range(len(names))]
    pairs = ", ".join(f"'{name}': {cell}" for name, cell in zip(names, cells, strict=True))
    drawn, source = (f"{cells[0]}", "columns[0]") if len(names) == 1 else (", ".join(cells), "zip(*columns)")
    scope: dict[str, Any] = {}
    exec(f"def build(columns):\n    return [{{{pairs}}} for {drawn} in {source}]", scope)  # noqa: S102  names checked above
    return scope["build"]


def rows(names: tuple[str, ...], columns: list[list[Any]], count: int) -> list[dict[str, Any]]:
    """One dict for each of `count` objects, its keys in the order of `names`."""
    if not names:
        return [{} for _ in range(count)]
    if count < FEWEST_ROWS or len(names) > MOST_NAMES:
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return builder(names)(columns)
