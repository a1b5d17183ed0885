"""Take note of what reads of customers have brought: what keeps the index as the systems are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from customer_gateway.model import nouns
    from customer_gateway.system import Selection, System


class RecordObserver(Protocol):
    """Takes note of what was read; it waits for nothing."""

    def note_read(
        self, system: System, views: Sequence[nouns.Customer], selection: Selection, read_at: datetime
    ) -> None:
        """Take note of records of one system that were read at the width of a selection, from a moment on."""
        ...

    def note_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None:
        """Take note that a read that answered of so many keys, from a moment on, did not find these.

        The index may be corrected after the answer.
        """
        ...

    async def wait_stored(self, system: str, key: str) -> None:
        """Wait until the index has what was just written of a record, or until that has failed."""
        ...


class NoObserver:
    """Takes note of nothing."""

    def note_read(
        self, system: System, views: Sequence[nouns.Customer], selection: Selection, read_at: datetime
    ) -> None: ...

    def note_missing(self, system: str, keys: Sequence[str], asked: int, read_at: datetime) -> None: ...

    async def wait_stored(self, system: str, key: str) -> None: ...
