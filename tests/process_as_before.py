"""Undo what a gateway sets up for its process, which here is the tests' own."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def process_as_before() -> Generator[None]:
    """Undo what is set up within the body of the logs and the garbage collector; what that exempts stays exempt."""
    threshold = gc.get_threshold()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        forget_configured_logs()


def forget_configured_logs() -> None:
    """Undo `configure_logs`, also for loggers that were used since: structlog keeps each as it was when first used.

    `capture_logs` would find nothing of what such a one tells.
    """
    structlog.reset_defaults()
    for name, module in list(sys.modules.items()):
        if name.startswith("customer_gateway"):
            for each in vars(module).values():
                if type(each).__name__ == "BoundLoggerLazyProxy" and "bind" in vars(each):
                    del each.bind


def exempt_what_is_there() -> None:
    """Exempt what lives as long as the process: ten thousand collected tests, schemas that tests have made.

    Walking all of it takes half a second and more, within which a test sends no call and hears no answer.
    """
    gc.collect()
    gc.freeze()
