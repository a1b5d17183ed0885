from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from customer_gateway.server.worker_number import claimed_number

if TYPE_CHECKING:
    from pathlib import Path

CLAIM = """
import sys, pathlib
from customer_gateway.server.worker_number import claimed_number
print(claimed_number(pathlib.Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def claiming(file: Path) -> subprocess.Popen[str]:
    """A process that claims a number, tells it and lives until it is ended."""
    return subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def told(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_every_worker_has_a_number_of_its_own_and_the_next_takes_that_of_a_dead_one(tmp_path: Path) -> None:
    file = tmp_path / "numbers"
    file.touch()
    with claiming(file) as first:
        assert told(first) == 0
        with claiming(file) as second:
            assert told(second) == 1
            first.kill()
            first.wait()
            with claiming(file) as third:
                assert told(third) == 0
                third.kill()
            second.kill()


def test_without_the_file_there_is_no_number(tmp_path: Path) -> None:
    assert claimed_number(tmp_path / "none") is None
