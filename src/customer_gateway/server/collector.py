"""Set the garbage collector up: what lives as long as the process is not walked again and again."""

from __future__ import annotations

import gc
from typing import Final

YOUNG_OBJECTS: Final = 200_000
"""Young objects before a collection: each page being answered holds some 1,500, and they go without any collection."""


def freeze(young_objects: int = YOUNG_OBJECTS) -> None:
    """Exempt what is there now: to be called before the first request, with schema and registries made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(young_objects)
