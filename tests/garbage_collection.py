"""The garbage collector of a process of tests, which the gateway under test sets up for itself, too."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


def exempt_what_is_there() -> None:
    """Exempt what lives as long as the process, some ten thousand collected tests among it.

    Walking all of it takes half a second, within which a test sends no call and hears no answer.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def collector_as_before() -> Generator[None]:
    """Undo what a gateway sets up for its process, which here is the tests' own."""
    threshold = gc.get_threshold()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
        exempt_what_is_there()
