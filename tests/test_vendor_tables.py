"""Tables of vendors: whatever outside a vendor's own folders names several of them names all of them.

The sources know the registered ones, the tests one on trial besides.
"""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from vendors import DEFINITIONS, FACTS, SYSTEMS, VENDORS, WRITES

from customer_gateway.systems.registry import VENDORS as REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
KNOWN = {"src": {vendor.kind.slug for vendor in REGISTERED}, "tests": set(SYSTEMS)}
SLUGS = [vendor.kind.slug for vendor in REGISTERED]
TITLES = [vendor.kind.title for vendor in REGISTERED]
PRODUCT = {
    *("cli/test_demo.py", "test_app.py", "test_readme.py", "test_schema.py", "test_vendor_tables.py"),
    *("test_writing_document.py", "vendors.py"),
}
"""Files of the tests that are about what the gateway ships: all others take the vendors of `vendors.py`."""
PART = 4
"""So many vendors in one literal are meant to be all of them; fewer may be examples."""
EXAMPLES = {
    "operations/test_crash_stories.py",  # four writes, each cut off at another point
    "stories/as_sent.py",  # rows of what one vendor or two send; each system answers for every row
}
"""Files of the tests whose literals name so many vendors together, each in a story of its own."""


def named_in(node: ast.AST) -> set[str]:
    """The vendors that are keys or items of a literal, or begin its rows."""
    match node:
        case ast.Dict(keys=keys):
            items = keys
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            pass
        case _:
            return set()
    firsts = [each.elts[0] if isinstance(each, ast.Tuple) and each.elts else each for each in items]
    return {each.value for each in firsts if isinstance(each, ast.Constant) and each.value in SYSTEMS}


def named_within(node: ast.AST) -> set[str]:
    """The vendors that all literals of an assignment name, or one literal elsewhere."""
    parts = ast.walk(node) if isinstance(node, ast.Assign | ast.AnnAssign) else [node]
    return {slug for each in parts for slug in named_in(each)}


def tables(folder: str) -> Iterator[tuple[str, set[str]]]:
    """Every literal or assignment of the tests or sources that names so many vendors that it is a table of them."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if len(named := named_within(node)) >= PART:
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", named


def named_in_parts(source: str) -> set[str]:
    """The vendors in literals of a file that name two or more, where none of them is a table by itself."""
    found = [named_in(node) for node in ast.walk(ast.parse(source))]
    return {slug for named in found if 2 <= len(named) < PART for slug in named}


@pytest.mark.parametrize("folder", KNOWN)
def test_every_table_of_vendors_names_all_of_them(folder: str) -> None:
    assert [(where, sorted(KNOWN[folder] - named)) for where, named in tables(folder) if named != KNOWN[folder]] == []


def test_a_table_that_lacks_a_vendor_is_found() -> None:
    rows = ", ".join(f"({slug!r}, 1)" for slug in SYSTEMS[1:])

    (node, *_) = [each for each in ast.walk(ast.parse(f"[{rows}]")) if named_in(each)]

    assert named_in(node) == set(SYSTEMS[1:])


def test_a_table_that_is_put_together_is_found() -> None:
    first, second, *others = SYSTEMS[1:]

    (node,) = ast.parse(f"TABLE = {{**dict.fromkeys(({first!r}, {second!r}), 1), **{dict.fromkeys(others, 2)!r}}}").body

    assert named_within(node) == set(SYSTEMS[1:])


@pytest.mark.parametrize("folder", KNOWN)
def test_no_file_has_a_table_of_vendors_in_parts(folder: str) -> None:
    """What each vendor has of a kind stands in its facts, not in several literals that name some vendors each."""
    sources = {path.relative_to(ROOT / folder).as_posix(): path for path in (ROOT / folder).rglob("*.py")}
    found = {name: named_in_parts(path.read_text(encoding="utf-8")) for name, path in sources.items()}

    assert {name for name, named in found.items() if len(named) >= PART} - EXAMPLES == set()


def test_a_table_in_parts_is_found() -> None:
    first, second, *others = SYSTEMS[1:]

    source = f"TAKEN = {{{first!r}: 1, {second!r}: 2}}\nMALFORMED = {dict.fromkeys(others[:2], 3)!r}"

    assert named_in_parts(source) == {first, second, *others[:2]}


NAMES = re.compile(rf"\b({'|'.join([*TITLES, *(slug for slug in SLUGS if not hasattr(builtins, slug))])})\b")
"""The vendors' names in text; a slug that is a word of Python is none."""


def names_in_code(source: str) -> Iterator[tuple[int, str]]:
    """The lines and texts that name a vendor, docstrings left out."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in said else ""
        if isinstance(node, ast.Constant) and isinstance(text, str) and NAMES.search(text):
            yield node.lineno, text


def test_sources_name_a_vendor_in_its_own_folders_alone() -> None:
    source = ROOT / "src" / "customer_gateway"
    own = [source / part / slug for part in ("systems", "sandbox") for slug in SLUGS]
    found = [
        (str(path.relative_to(source)), *named)
        for path in sorted(source.rglob("*.py"))
        if not any(path.is_relative_to(folder) for folder in own)
        for named in names_in_code(path.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize("title", TITLES)
def test_a_vendor_that_is_named_elsewhere_is_found(title: str) -> None:
    assert [*names_in_code(f'def say():\n    """{title}."""\n    return f"{{1}} of {title}"\n')] == [
        (3, f" of {title}")
    ]


def test_sandbox_and_facts_have_the_vendors_in_their_order() -> None:
    assert [each.name for each in DEFINITIONS] == list(SYSTEMS) == [each.kind.slug for each in VENDORS] == list(FACTS)


def test_the_facts_of_those_that_can_be_written_tell_of_writing() -> None:
    assert list(WRITES) == [each.kind.slug for each in VENDORS if each.kind.writes is not None]


def test_a_vendor_that_the_gateway_does_not_have_is_tried_like_those_that_it_has() -> None:
    assert set(SYSTEMS) > KNOWN["src"]


def test_tests_that_are_not_about_what_is_shipped_take_the_vendors_of_one_place() -> None:
    tests = ROOT / "tests"
    sources = {path.relative_to(tests).as_posix(): path.read_text(encoding="utf-8") for path in tests.rglob("*.py")}

    assert {name for name, text in sources.items() if "systems.registry import VENDORS" in text} == PRODUCT


@pytest.mark.parametrize("slug", SYSTEMS)
def test_every_vendor_has_its_folders_and_its_page(slug: str) -> None:
    samples = [f"tests/systems/{slug}/samples/{name}.json" for name in ("full", "sparse", "nasty")]
    own = [f"tests/systems/{slug}/facts.py", f"tests/systems/{slug}/documented.txt", *samples]
    registered = [f"src/customer_gateway/sandbox/{slug}", f"docs/systems/{slug}.md"]

    assert [path for path in [*own, *(registered if slug in KNOWN["src"] else [])] if not (ROOT / path).exists()] == []
