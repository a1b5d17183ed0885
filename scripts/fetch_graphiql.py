# ruff: noqa: INP001  a script, no module of a package
"""Bring GraphiQL's assets from npm into the package, and check that they are the files that were reviewed.

Run as `make graphiql-assets`. The files are committed, so neither a build nor a user ever needs this: it is for a
change of version, where the new hashes go into FILES and into assets/README.md.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent.parent / "src/customer_gateway/http/graphiql/assets"


@dataclass(frozen=True, slots=True)
class Taken:
    """One file of an npm package, the name it gets here, and its SHA-256."""

    package: str
    member: str
    name: str
    sha256: str


FILES = (
    Taken(
        "graphiql@3.8.3",
        "graphiql.min.js",
        "graphiql.min.js",
        "22faab94067b695e5f7959619fbe686ebcc8955002a0c97d986bcbba4ad4bc2c",
    ),
    Taken(
        "graphiql@3.8.3",
        "graphiql.min.css",
        "graphiql.min.css",
        "b1868247f8e0502cd869e581f5f3cb55b334862e7f51b1d6cbace11059b9adc2",
    ),
    Taken(
        "graphiql@3.8.3",
        "LICENSE",
        "graphiql.LICENSE",
        "4b18fbe55c4e8f9169cb702be138f4d858a2dad920c39857204ffdc9c1c9fdc4",
    ),
    Taken(
        "react@18.2.0",
        "umd/react.production.min.js",
        "react.production.min.js",
        "4b4969fa4ef3594324da2c6d78ce8766fbbc2fd121fff395aedf997db0a99a06",
    ),
    Taken(
        "react@18.2.0", "LICENSE", "react.LICENSE", "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85"
    ),
    Taken(
        "react-dom@18.2.0",
        "umd/react-dom.production.min.js",
        "react-dom.production.min.js",
        "21758ed084cd0e37e735722ee4f3957ea960628a29dfa6c3ce1a1d47a2d6e4f7",
    ),
    Taken(
        "react-dom@18.2.0",
        "LICENSE",
        "react-dom.LICENSE",
        "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85",
    ),
)


def main() -> int:
    """Fetch every package once, write its files, and return 1 where one is not what it should be."""
    wrong: list[str] = []
    for package in dict.fromkeys(taken.package for taken in FILES):
        with tempfile.TemporaryDirectory() as folder:
            archive = _packed(package, Path(folder))
            wrong += [_place(archive, taken) for taken in FILES if taken.package == package]
    problems = [problem for problem in wrong if problem]
    sys.stdout.writelines(f"{problem}\n" for problem in problems or ["all files as expected"])
    return 1 if problems else 0


def _packed(package: str, folder: Path) -> Path:
    npm = ["npm", "pack", "--silent", "--pack-destination", str(folder), package]
    subprocess.run(npm, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  arguments are the constants above
    return next(folder.glob("*.tgz"))


def _place(archive: Path, taken: Taken) -> str:
    with tarfile.open(archive) as opened:
        member = opened.extractfile(f"package/{taken.member}")
        content = member.read() if member is not None else b""
    found = hashlib.sha256(content).hexdigest()
    if found != taken.sha256:
        return f"{taken.name}: SHA-256 {found}, expected {taken.sha256}; left as it was"
    (ASSETS / taken.name).write_bytes(content)
    return ""


if __name__ == "__main__":
    sys.exit(main())
