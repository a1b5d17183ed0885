"""The clients of other makers that run on JavaScript, installed from npm by the lock in this folder."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parent
NODE: Final = shutil.which("node")
NPM: Final = shutil.which("npm")
NEEDS_NPM: Final = pytest.mark.skipif(NODE is None or NPM is None, reason="node or npm is not installed")
_LOCK: Final = FOLDER / "package-lock.json"
_PATIENCE: Final = 300.0


def install() -> Path:
    """Install what the lock names, unless that was done before; return the folder of the packages."""
    packages = FOLDER / "node_modules"
    stamp = packages / f".installed-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]}"
    with _LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not stamp.exists():
            done = subprocess.run(
                [NPM or "npm", "ci", "--ignore-scripts"],
                cwd=FOLDER,
                capture_output=True,
                text=True,
                timeout=_PATIENCE,
                check=False,
            )
            if done.returncode != 0:
                pytest.fail(f"`npm ci` in {FOLDER} ended with {done.returncode}:\n{done.stderr}", pytrace=False)
            stamp.touch()
    return packages
