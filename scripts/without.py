# ruff: noqa: INP001  a script, no module of a package
"""Take a vendor out of a copy of this repository, and try what is left: schema, lint, types, architecture, tests.

Run as `python scripts/without.py NAME [FOLDER] [-- what pytest is given]`; the copy is in FOLDER, which must be empty
or not there yet, else in a temporary folder. This tree is only read. What goes is what a vendor has of its own: its
folders, its page, its line in the registry, its patch in the contract. Whatever fails then knows the vendor from
outside its folders. Ends with 1 where something fails.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TREE = Path(__file__).parent.parent
NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", ".coverage*", "build")
REGISTRY = Path("src/customer_gateway/systems/registry.py")
CONTRACT = Path("tests/contract_write.graphql")


def own_paths(name: str) -> list[Path]:
    """Return what belongs to the vendor alone."""
    return [
        Path(f"src/customer_gateway/systems/{name}"),
        Path(f"src/customer_gateway/sandbox/{name}"),
        Path(f"tests/systems/{name}"),
        Path(f"tests/sandbox/test_{name}.py"),
        Path(f"docs/systems/{name}.md"),
    ]


def without(name: str, registry: str) -> str:
    """Return the registry without the vendor's import and line."""
    (module,) = re.findall(rf"import {name} as (\w+)$", registry, re.MULTILINE) or [name]
    lines = [line for line in registry.splitlines() if f" {module}.KIND" not in line and f"({module}.KIND" not in line]
    kept = [line for line in lines if not line.endswith(f"import {name} as {module}")]
    return "\n".join(re.sub(rf"\b{name}, |, {name}$", "", line) for line in kept) + "\n"


def without_patch(name: str, contract: str) -> str:
    """Return the contract without the vendor's own patch and the field that takes it."""
    patch = f"{name.title()}CustomerPatch"
    contract = re.sub(rf"^input {patch} {{.*?}}\n", "", contract, flags=re.MULTILINE | re.DOTALL)
    return re.sub(rf"^ *\w+: {patch}\n", "", contract, flags=re.MULTILINE)


def take_out(name: str, copy: Path) -> None:
    """Take the vendor out of the copy."""
    for path in own_paths(name):
        target = copy / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)  # not every vendor has tests of its sandbox
    registry = (copy / REGISTRY).read_text(encoding="utf-8")
    changed = without(name, registry)
    if changed == registry:
        raise SystemExit(f"{REGISTRY} does not name {name}, or not as this script expects it.")
    (copy / REGISTRY).write_text(changed, encoding="utf-8")
    contract = (copy / CONTRACT).read_text(encoding="utf-8")
    (copy / CONTRACT).write_text(without_patch(name, contract), encoding="utf-8")


def tries(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Return what is run in the copy, by its name."""
    here = [sys.executable, "-m"]
    gateway = [*here, "customer_gateway", "schema"]
    written = ["--write", "schema.graphql", "--fields", "docs/fields.md", "--writing", "docs/writing.md"]
    tools = Path(sys.executable).parent
    return [
        ("schema", [*gateway, *written]),
        ("lint", [*here, "ruff", "check", "."]),
        ("format", [*here, "ruff", "format", "--check", "."]),
        ("architecture", [str(tools / "lint-imports")]),
        ("types", [*here, "pyright"]),
        ("tests", [*here, "pytest", "-q", *arguments]),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = sorted(path.parent.name for path in (TREE / "src/customer_gateway/systems").glob("*/record.py"))
    parser.add_argument("name", choices=names)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("pytest", nargs="*", help="after --: what pytest is given, else -n 2")
    asked = parser.parse_args()
    copy: Path = asked.folder or Path(tempfile.mkdtemp(prefix=f"without-{asked.name}-"))
    if copy.resolve().is_relative_to(TREE.resolve()) or (copy.exists() and any(copy.iterdir())):
        parser.error(f"{copy} must be an empty or new folder outside this tree.")
    shutil.copytree(TREE, copy, ignore=NOT_COPIED, dirs_exist_ok=True)
    (copy / ".venv").symlink_to(Path(sys.prefix))  # pyright looks for the packages there
    take_out(asked.name, copy)
    environment = os.environ | {"PYTHONPATH": str(copy / "src")}
    failed: list[str] = []
    for what, command in tries(asked.pytest or ["-n", "2"]):
        print(f"{what}, without {asked.name}, in {copy}", flush=True)  # noqa: T201 - a script says what it does
        if subprocess.run(command, cwd=copy, env=environment, check=False).returncode:  # noqa: S603 - commands of ours
            failed.append(what)
    print(f"Without {asked.name}: {', '.join(failed) or 'nothing'} failed.")  # noqa: T201 - as above
    return bool(failed)


if __name__ == "__main__":
    raise SystemExit(main())
