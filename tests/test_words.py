"""Modules, classes, functions and attributes have the names of docs/words.md, every class has a name of its own."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "src" / "customer_gateway"
BENCH: Final = ROOT / "bench"
PARTS, WHOLE = (ROOT / "docs" / "words.md").read_text(encoding="utf-8").split("no name by themselves")
WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def words_of(table: str, *, classes_only: bool = False) -> set[str]:
    """The words of a table's first column; `classes_only` takes the row that speaks of classes alone."""
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    chosen = [row for row in rows if ("(as classes)" in row) is classes_only]
    return {word for row in chosen for word in re.findall(r"`(\w+)`", row)}


def modules() -> Iterator[tuple[str, Path]]:
    """The source without the sandbox, which speaks the vendors' words."""
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        if "sandbox" not in place.parts:
            yield place.as_posix(), path


def attributes(path: Path) -> Iterator[str]:
    """The attributes that a file gives: fields and class variables, properties, and what is assigned to an object."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                targets = member.targets if isinstance(member, ast.Assign) else [getattr(member, "target", None)]
                yield from (each.id for each in targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_property(node):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def names(path: Path) -> Iterator[tuple[str, bool]]:
    """The names that a file gives: its own, and those of its classes (True), functions and methods."""
    yield path.stem, False
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield node.name, True
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not _is_property(node):
            yield node.name, False


def _is_property(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(each, ast.Name) and each.id in {"property", "cached_property"} for each in function.decorator_list
    )


OF_THE_CONTRACT: Final = {"settle", "operation_settle", "settled_at", "is_settled"}
"""What `operationSettle` and `settledAt` are called wherever they are carried out or told."""
OF_THE_TRADE: Final = {"in_flight"}
"""Calls that are under way are in flight everywhere; an attribute may hold them, or count them."""


def misnamed(path: Path) -> list[str]:
    """The names of a file that a word of the tables is in, or is."""
    parts, whole, classes = words_of(PARTS), words_of(WHOLE), words_of(WHOLE, classes_only=True)
    return [
        name
        for name, is_class in names(path)
        if name not in OF_THE_CONTRACT
        if parts & {word.lower() for word in WORD.findall(name)}
        or "_".join(WORD.findall(name)).lower() in (whole | classes if is_class else whole)
    ]


def misnamed_attributes(path: Path) -> list[str]:
    """The attributes of a file that a word of the first table is in; those of the second say enough of an object."""
    parts = words_of(PARTS)
    found = set(attributes(path)) - OF_THE_CONTRACT
    return sorted(
        name
        for name in found
        if name.strip("_") not in OF_THE_TRADE
        if parts & {word.lower() for word in WORD.findall(name)}
    )


FILES: Final = [
    *(pytest.param(path, id=name) for name, path in modules()),
    *(pytest.param(path, id=path.relative_to(ROOT).as_posix()) for path in sorted(BENCH.rglob("*.py"))),
]


@pytest.mark.parametrize("path", FILES)
def test_no_attribute_has_a_word_of_the_first_column(path: Path) -> None:
    assert misnamed_attributes(path) == []


@pytest.mark.parametrize("path", FILES)
def test_no_name_is_a_word_of_the_first_column(path: Path) -> None:
    assert misnamed(path) == []


def test_the_tables_are_read() -> None:
    assert {"flight", "verdict", "finders"} <= words_of(PARTS)
    assert {"place", "kept", "width"} <= words_of(WHOLE)
    assert "scope" in words_of(WHOLE, classes_only=True)


def test_a_name_of_the_first_column_is_found(tmp_path: Path) -> None:
    path = tmp_path / "board.py"
    path.write_text("class InFlight: ...\nclass Scope: ...\ndef _settle(): ...\ndef scope(): ...\n", encoding="utf-8")

    assert misnamed(path) == ["board", "InFlight", "Scope", "_settle"]


def test_an_attribute_of_the_first_column_is_found(tmp_path: Path) -> None:
    path = tmp_path / "attributes.py"
    path.write_text(
        "class Call:\n    told: str\n    gate = 1\n    settled_at: int\n    place: int\n\n"
        "    def __init__(self):\n        self._want, self._in_flight = 1, 2\n\n"
        "    @property\n    def verdict(self): ...\n",
        encoding="utf-8",
    )

    assert misnamed_attributes(path) == ["_want", "gate", "told", "verdict"]
    assert misnamed(path) == []


SHARED: Final = {"api", "sandbox"}
"""The schema's types bear the names of the contract, the sandbox's classes the vendors'."""


NOUNS: Final = {
    "Customer": ["federation/customer.py", "model/nouns.py"],
    "Operation": ["execution/compile/collection.py", "model/operations.py"],
}
"""The customer of several records, and that of one; GraphQL's operation, and the contract's of a write."""


def test_a_class_of_the_source_has_its_name_alone() -> None:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, path in modules():
        if name.split("/")[0] not in SHARED:
            for given, is_class in names(path):
                if is_class:
                    found[given].append(name)

    assert {given: where for given, where in found.items() if len(where) > 1} == NOUNS
