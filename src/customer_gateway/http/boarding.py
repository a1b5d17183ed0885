"""Those who wait for a flight outside of any task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.http.answer import head_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.http.answer import Header, Landed
    from customer_gateway.http.in_flight import Flight
    from customer_gateway.http.visit import Visit


class Boarded:
    """One who waits for a flight; `told` has what it brought, or why nothing."""

    __slots__ = ("_visit", "flight", "told")

    def __init__(self, visit: Visit, flight: Flight[Landed], at: float, grace: float) -> None:
        self._visit = visit
        self.flight = flight
        self.told = flight.board(at, grace)

    def answer(self, more: Iterable[Header]) -> tuple[bytes, bytes] | None:
        """Head, with `more` headers, and body, where what he was `told` is the same for all: then his visit is over."""
        if self.told.cancelled() or self.told.exception() is not None:
            return None
        landed = self.told.result()
        if landed.whole is None:
            return None
        visit = self._visit
        visit.notes["operation"] = landed.operation_type
        head = head_of(landed.whole, visit, more)
        visit.over()
        return head, landed.whole

    def leave(self) -> None:
        """He waits no more."""
        self.flight.leave(self.told)

    def gone(self) -> None:
        """He has hung up."""
        self.leave()
        if not self.told.cancel() and not self.told.cancelled():
            self.told.exception()  # nobody else looks at it
        self._visit.over()
