"""The garbage collector of a process of tests, which the gateway under test sets up for itself, too."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


def exempt_what_is_there() -> None:
    """Exempt what lives as long as the process: ten thousand collected tests, schemas that tests have made.

    Walking all of it takes half a second and more, within which a test sends no call and hears no answer.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def threshold_as_before() -> Generator[None]:
    """Undo what a gateway sets up for its process, which here is the tests' own; what it exempts stays exempt."""
    threshold = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
