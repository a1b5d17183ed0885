"""Tables of vendors: whatever outside a vendor's own folders names several of them names all that are registered."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from vendors import FACTS

from customer_gateway.sandbox import DEFINITIONS
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SLUGS = [vendor.kind.slug for vendor in VENDORS]
TITLES = [vendor.kind.title for vendor in VENDORS]
PART = 4
"""So many vendors in one literal are meant to be all of them; fewer may be examples."""


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
    return {each.value for each in firsts if isinstance(each, ast.Constant) and each.value in SLUGS}


def tables() -> Iterator[tuple[str, set[str]]]:
    """Every literal of the tests and sources that names so many vendors that it is a table of them."""
    for path in sorted([*(ROOT / "tests").rglob("*.py"), *(ROOT / "src").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if len(named := named_in(node)) >= PART:
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", named


def test_every_table_of_vendors_names_all_of_them() -> None:
    assert [(where, sorted(set(SLUGS) - named)) for where, named in tables() if named != set(SLUGS)] == []


def test_a_table_that_lacks_a_vendor_is_found() -> None:
    rows = ", ".join(f"({slug!r}, 1)" for slug in SLUGS[1:])

    (node, *_) = [each for each in ast.walk(ast.parse(f"[{rows}]")) if named_in(each)]

    assert named_in(node) == set(SLUGS[1:])


def test_sandbox_and_facts_have_the_registered_vendors() -> None:
    assert [each.name for each in DEFINITIONS] == SLUGS == list(FACTS)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_vendor_has_its_folders_and_its_page(slug: str) -> None:
    own = [f"tests/systems/{slug}/facts.py", f"src/customer_gateway/sandbox/{slug}", f"docs/systems/{slug}.md"]

    assert [path for path in own if not (ROOT / path).exists()] == []


def test_the_readme_names_every_vendor() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert [title for title in TITLES if f"**{title}**" not in readme] == []
