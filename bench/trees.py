"""The trees whose gateways are measured: this one, and another commit for as long as it is compared with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from customer_gateway.cli.demo import DEMO_SCOPES

if TYPE_CHECKING:
    from collections.abc import Generator

_LOCK = Path("requirements/runtime.lock")


class Tree(NamedTuple):
    """`root`: whose `bench` is run; `source`: whose gateway; `python`: in which environment."""

    root: Path
    source: Path
    python: str = sys.executable

    @property
    def auth(self) -> str:
        """What its configuration says so that everybody may ask: nothing in a commit from before there were callers."""
        known = (self.source / "customer_gateway" / "config" / "auth.py").exists()
        return f"[auth]\nanonymous = {json.dumps(DEMO_SCOPES)}\n" if known else ""

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.source)}


_ROOT = Path(__file__).parents[1]
HERE = Tree(_ROOT, _ROOT / "src")


@contextmanager
def checked_out(ref: str) -> Generator[tuple[Tree, list[str]]]:
    """A commit in a folder of its own, and what to tell about both trees; its packages are those of its own lock."""
    try:
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    except (OSError, subprocess.CalledProcessError):
        raise SystemExit(f"git finds no commit {ref} here. Name a branch, a tag or a commit: AGAINST=main") from None
    changed = ", with changes that are not committed" if _git("status", "--porcelain") else ""
    told = [f"this tree: {_git('rev-parse', '--short', 'HEAD')}{changed}"]
    with tempfile.TemporaryDirectory(prefix="bench-against-") as directory:
        root = Path(directory, "tree")
        _git("worktree", "add", "--detach", str(root), commit)
        try:
            other = pins(root.joinpath(_LOCK).read_text()) - pins(_ROOT.joinpath(_LOCK).read_text())
            told.append(f"before: {ref}, {commit[:9]}, {_environment_text(other)}")
            python = _installed(root, Path(directory, "venv")) if other else sys.executable
            tree = Tree(root, root / "src", python)
            for each in (tree, HERE):
                _must_import_its_own(each)
            yield tree, told
        finally:
            _git("worktree", "remove", "--force", str(root))


def pins(lock: str) -> set[str]:
    """What a lock pins, each with its version and when it is needed."""
    return {line.removesuffix("\\").strip() for line in lock.splitlines() if line[:1].isalnum()}


def _environment_text(other: set[str]) -> str:
    if not other:
        return "in this environment, which has all that its lock pins"
    return f"in an environment of its own, for its lock pins {', '.join(sorted(other))}"


def _installed(root: Path, environment: Path) -> str:
    """The Python of a new environment with what the tree's lock pins, and nothing else."""
    python = str(environment / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([*install, "--require-hashes", "-r", root / _LOCK], check=True)
    except subprocess.CalledProcessError:
        raise SystemExit(
            f"What the other tree's {_LOCK} pins cannot be installed; see above. Is there a way to the package index?"
        ) from None
    return python


def _must_import_its_own(tree: Tree) -> None:
    """An installed gateway that wins over the tree's would be compared with itself."""
    ask = "import bench.serve, customer_gateway.app; print(customer_gateway.app.__file__)"
    done = subprocess.run(
        [tree.python, "-c", ask], cwd=tree.root, env=tree.environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"The gateway of {tree.source} cannot be imported; see above.")
    if not Path(done.stdout.strip()).is_relative_to(tree.source):
        raise SystemExit(f"{done.stdout.strip()} is imported instead of the gateway of {tree.source}.")


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=_ROOT, check=True, capture_output=True, text=True).stdout.strip()
