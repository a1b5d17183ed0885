# ruff: noqa: INP001  a script, no module of a package
"""Count the code lines of every adapter and of the kit that they share: what a vendor costs beside its own fields.

Run as `python scripts/adapter_lines.py [TREE [BEFORE]]`: TREE is this repository or another copy of it, BEFORE one to
compare with. Not counted are blank lines, imports, docstrings and comments, and a vendor's `record.py`, which says what
it documents.
"""

from __future__ import annotations

import ast
import sys
import tokenize
from io import StringIO
from pathlib import Path

HERE = Path(__file__).parent.parent
SYSTEMS = Path("src/customer_gateway/systems")
DOCUMENTED = "record.py"
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(source: str) -> int:
    """Return how many lines of a module say what it does."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(StringIO(source).readline):
        if token.type not in LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and (is_import(node) or is_docstring(node)):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def is_import(node: ast.stmt) -> bool:
    """Return whether a statement imports, or holds nothing but imports, as `if TYPE_CHECKING:` does."""
    if isinstance(node, ast.If):
        return not node.orelse and all(map(is_import, node.body))
    return isinstance(node, (ast.Import, ast.ImportFrom))


def is_docstring(node: ast.stmt) -> bool:
    """Return whether a statement is a text by itself, of a module, class, function or attribute."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def counted(tree: Path) -> dict[str, int]:
    """Return the code lines of each adapter, and of the kit under "shared"."""
    found: dict[str, int] = {}
    for path in sorted((tree / SYSTEMS).rglob("*.py")):
        slug = path.parent.name if path.parent != tree / SYSTEMS else "shared"
        lines = 0 if path.name == DOCUMENTED else code_lines(path.read_text(encoding="utf-8"))
        found[slug] = found.get(slug, 0) + lines
    return found


def table(trees: list[Path]) -> list[str]:
    """Return a line for each adapter, for all of them, and for the kit: the counts of the trees side by side."""
    counts = [counted(tree) for tree in trees]
    slugs = sorted({slug for each in counts for slug in each} - {"shared"})
    rows = [(slug, [each.get(slug, 0) for each in counts]) for slug in slugs]
    rows.append(("adapters", [sum(lines for slug, lines in each.items() if slug != "shared") for each in counts]))
    rows.append(("shared", [each["shared"] for each in counts]))
    return [
        f"{name:<12}" + "".join(f"{each:>8}" for each in lines) + (change(*lines[:2]) if len(lines) > 1 else "")
        for name, lines in rows
    ]


def change(now: int, before: int) -> str:
    """Return how much less, or more, there is than before."""
    return f"{100 * (now - before) / before:>+8.1f} %" if before else ""


def main() -> int:
    trees = [Path(argument) for argument in sys.argv[1:]] or [HERE]
    for tree in trees:
        if not (tree / SYSTEMS).is_dir():
            sys.exit(f"{tree} has no {SYSTEMS}; give the root of a copy of this repository.")
    sys.stdout.write("\n".join(table(trees)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
