"""Claim the number of this worker process: the first that no other living one has claimed.

A claim is a lock on one byte of a file that the supervisor made. The kernel drops it with the process, however that
ends, so the worker that takes its place takes its number, too.
"""

from __future__ import annotations

import fcntl
import os
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def claimed_number(file: Path) -> int | None:
    """Claim a number, from 0, for the rest of this process's life; None where the file is not to be had."""
    try:
        descriptor = os.open(file, os.O_RDWR)  # never closed: that would drop the claim
    except OSError:
        return None
    for number in count():
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):
            continue  # somebody else's: POSIX leaves open which of the two says so
        except OSError:
            return None  # no locks in this file system
        return number
    return None
