"""Objects into rows: the response objects of a scope, made by source generated for their fields.

A generic loop over the fields of an object costs several times what the fields themselves cost. So for a selection
that is used often enough a function is generated that reads, checks and places all plain attributes of an object in
one pass, as one would write it by hand. Its source holds nothing but checked names and the fixed texts below.
"""

from __future__ import annotations

import re
from functools import lru_cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[..., tuple[list[Any], int, int]]

NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")

MOST_NAMES = 64
"""Above this many fields compiling costs more than it saves."""

MOST_NAME_CHARACTERS = 2_000
"""Names longer than this in total are not compiled either: generated functions are kept by number, not by size."""

FEWEST_ROWS = 8
"""Below this many objects at once a selection is not worth compiling, unless it is used often."""

OFTEN = 16
"""As many executions make a selection worth compiling whatever its size."""

ODD = {
    "str": "type({0}) is not str",
    "str?": "type({0}) is not str and {0} is not None",
    "bool": "type({0}) is not bool",
    "bool?": "type({0}) is not bool and {0} is not None",
    "int": "type({0}) is not int or not -2147483648 <= {0} <= 2147483647",
    "int?": "{0} is not None and (type({0}) is not int or not -2147483648 <= {0} <= 2147483647)",
    "float": "type({0}) is not float or {0} - {0} != 0.0",
    "float?": "{0} is not None and (type({0}) is not float or {0} - {0} != 0.0)",
}
"""The condition under which a value is not its own serialisation, by the leaf type (`?` where it may be null)."""


class Cell(NamedTuple):
    """One field of a row: an attribute that is checked, a constant, or a place to be filled later."""

    name: str
    attribute: str | None = None
    check: str | None = None
    constant: str | None = None


def readable(attribute: str) -> bool:
    """Return whether the attribute can be written after a dot."""
    return attribute.isascii() and attribute.isidentifier() and not iskeyword(attribute)


@lru_cache(maxsize=2048)
def reader(cells: tuple[Cell, ...], *, counting: bool = False) -> Reader:
    """Return a function from objects to their rows, the bits of the cells in which some value is odd, and a count.

    The count is of the characters of texts where it is `counting`, else 0. After the objects the function takes a
    column for each cell that is neither an attribute nor a constant.

    Raises ValueError on what is no name: the source is made of nothing else.
    """
    names = [name for cell in cells for name in (cell.name, cell.attribute, cell.constant) if name is not None]
    if not all(map(NAME.fullmatch, names)):
        raise ValueError(f"rows need GraphQL names: {names!r}")
    given = [f"{number}" for number, cell in enumerate(cells) if cell.attribute is None and cell.constant is None]
    each, objects = "o", "objects"
    if given:
        each = ", ".join(["o", *(f"v{number}" for number in given)])
        objects = f"zip(objects, {', '.join(f'c{number}' for number in given)})"
    heading = f"def read({', '.join(['objects', *(f'c{number}' for number in given)])}):"
    lines = [heading, " rows = []", " add = rows.append", " odd = characters = 0", f" for {each} in {objects}:"]
    entries: list[str] = []
    for number, cell in enumerate(cells):
        if cell.attribute is None:
            entries.append(f"'{cell.name}': {f'v{number}' if cell.constant is None else repr(cell.constant)}")
            continue
        # What a property raises takes the place of its value: an exception is odd, whatever the type.
        lines += [f"  try: v{number} = o.{cell.attribute}", f"  except Exception as error: v{number} = error"]
        lines.append(f"  if {ODD[cell.check or ''].format(f'v{number}')}: odd |= {1 << number}")
        if counting and cell.check in {"str", "str?"}:
            lines.append(f"  elif v{number}: characters += len(v{number})")
        entries.append(f"'{cell.name}': v{number}")
    lines += [f"  add({{{', '.join(entries)}}})", " return rows, odd, characters"]
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)  # noqa: S102  made of names checked above
    return namespace["read"]


def compilable(names: tuple[str, ...]) -> bool:
    """Return whether functions are generated for rows of these names."""
    return 0 < len(names) <= MOST_NAMES and sum(map(len, names)) <= MOST_NAME_CHARACTERS


@lru_cache(maxsize=2048)
def assembler(names: tuple[str, ...]) -> Callable[..., list[Any]]:
    """Return a function from columns to rows of these names, which takes half the time of a general one."""
    if not all(map(NAME.fullmatch, names)):
        raise ValueError(f"rows need GraphQL names: {names!r}")
    each = ", ".join(f"v{number}" for number in range(len(names)))
    row = ", ".join(f"'{name}': v{number}" for number, name in enumerate(names))
    columns = ", ".join(f"c{number}" for number in range(len(names)))
    namespace: dict[str, Any] = {}
    exec(f"def rows({columns}): return [{{{row}}} for {each}, in zip({columns}, strict=True)]", namespace)  # noqa: S102  made of names checked above
    return namespace["rows"]
