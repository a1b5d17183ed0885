"""Lists that are read page by page until they end. The vendor tells the end, so it is believed within bounds only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from customer_gateway.errors import UpstreamBadResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_ROWS: Final = 100_000
"""Of one list that is read whole: what belongs to the customers of one call is far fewer rows than these."""

V = TypeVar("V")


class Gathered(Generic[V]):
    """The `rows` of a list so far by their keys, because pages of a list that is written to overlap.

    `call` names the list in errors.
    """

    def __init__(self, system: str, call: str) -> None:
        self.rows: dict[Any, V] = {}
        self._system = system
        self._call = call

    def add(self, page: Mapping[Any, V], *, last: bool) -> None:
        """Takes the rows of the next page. Raises `UpstreamBadResponse` where there is no end in sight after it."""
        before = len(self.rows)
        self.rows |= page
        if last:
            return
        if len(self.rows) == before:
            raise UpstreamBadResponse(self._system, f"{self._call} answered the same page again")
        self.demand_bounded(len(self.rows))

    def demand_bounded(self, rows: int, most: int = MOST_ROWS) -> None:
        """Refuse a list of more rows than can belong to it."""
        if rows > most:
            raise UpstreamBadResponse(self._system, f"{self._call} has more rows than can belong to what was asked for")
