"""docs/architecture.md tells every room of the source; files that the documents name exist; the source stays small."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "customer_gateway"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_table_of_rooms_is_the_folders_and_files_of_the_source() -> None:
    rooms = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)

    there = {path.stem for path in SOURCE.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert sorted(rooms) == sorted(there - {"__init__", "__main__", "__pycache__"})


@pytest.mark.parametrize("named", re.findall(r"`([a-z_]+/[\w/]*\.py)`", PAGE))
def test_every_file_that_the_page_names_exists(named: str) -> None:
    found = SOURCE / named

    assert found.is_file() or (ROOT / named).is_file()


def test_every_room_stands_in_the_picture() -> None:
    picture = PAGE.split("```")[1]

    rooms = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert [room for room in rooms if not re.search(rf"\b{room}\b", picture)] == []


DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_test_that_a_document_names_exists(document: Path) -> None:
    named = re.findall(r"`(tests/[\w/]*\.py)`", document.read_text(encoding="utf-8"))

    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.vendors("pland")  # the script counts at it
def test_a_warm_read_enters_few_files_and_no_file_is_long() -> None:
    script = ROOT / "scripts" / "count_files.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_decides_when_a_call_starts_stays_small() -> None:
    files = sorted((SOURCE / "wire" / "limits").glob("*.py"))

    assert 0 < sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) <= 560
