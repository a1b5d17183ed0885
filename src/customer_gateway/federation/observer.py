"""What the index is told of what reads of customers show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class RecordObserver(Protocol):
    """Is told what was read of records that the index knows; it neither waits nor raises."""

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        """Take that a system knows these keys no more, of so many that one read asked it for."""
        ...


class NoObserver:
    """Takes no notice."""

    def gone(self, system: str, keys: Sequence[str], asked: int) -> None:
        del system, keys, asked
