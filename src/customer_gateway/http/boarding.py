"""Queries that wait in their connection for a flight: they need no task of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from customer_gateway.http.answer import head_of
from customer_gateway.http.connection import Connection
from customer_gateway.http.door import Door

if TYPE_CHECKING:
    from asyncio import Future, Transport
    from collections.abc import Iterable

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from customer_gateway.http.answer import Header, Landed
    from customer_gateway.http.in_flight import Flight
    from customer_gateway.http.visit import Visit


class Boarded:
    """One who waits in his connection for a flight; `told` has what it brought, or why nothing."""

    __slots__ = ("_visit", "flight", "told")

    def __init__(self, visit: Visit, flight: Flight[Landed], at: float, grace: float) -> None:
        self._visit = visit
        self.flight = flight
        self.told = flight.board(at, grace)

    def answer(self, more: Iterable[Header]) -> tuple[bytes, bytes] | None:
        """Head, with `more` headers, and body where the work gave what is the same for all."""
        told = self.told
        if told.cancelled() or told.exception() is not None:
            return None
        landed = told.result()
        if landed.whole is None:
            return None
        visit = self._visit
        visit.notes["operation"] = landed.operation_type
        head = head_of(landed.whole, visit.media, visit, more)
        visit.over()
        return head, landed.whole

    def gone(self) -> None:
        """The client hung up."""
        self.flight.leave(self.told)
        if not self.told.cancel() and not self.told.cancelled():
            self.told.exception()  # nobody else looks at it
        self._visit.over()


class BoardingConnection(Connection):
    """Asks the door about a request before it starts the application for it: it may only have to wait.

    Only what is the same for all is answered from here. Whoever is to be told anything else comes in then, and need not
    wait again.
    """

    _door: Door | None = None
    _receiving = False
    _held: tuple[RequestResponseCycle, ASGI3Application] | None = None
    """A request whose body may still come with the piece that is being read."""
    _boarded: tuple[Boarded, RequestResponseCycle, ASGI3Application] | None = None

    def connection_made(self, transport: Transport) -> None:
        super().connection_made(transport)
        app = cast("object", self.app)  # pyright: ignore[reportUnknownMemberType] - as uvicorn types it
        self._door = app if isinstance(app, Door) else None

    def data_received(self, data: bytes) -> None:
        self._receiving = self._door is not None
        try:
            super().data_received(data)
        finally:
            self._receiving = False
            if self._held is not None:
                held, self._held = self._held, None
                super()._start_asgi_task(*held)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._held is not None and self._door is not None:
            (cycle, app), self._held = self._held, None
            boarded = self._door.board(cast("dict[str, Any]", cycle.scope), bytes(cycle.body))
            if boarded is None:
                super()._start_asgi_task(cycle, app)
            else:
                self._boarded = (boarded, cycle, app)
                cast("set[Future[Landed]]", self.tasks).add(boarded.told)  # cancelled when the grace at the end is over
                boarded.told.add_done_callback(self._answer)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._boarded is not None:
            self._boarded[0].gone()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._receiving and cycle is self.cycle:
            self._held = (cycle, app)
        else:
            super()._start_asgi_task(cycle, app)

    def _answer(self, told: Future[Landed]) -> None:
        cast("set[Future[Landed]]", self.tasks).discard(told)
        if self._boarded is None:
            return
        (boarded, cycle, app), self._boarded = self._boarded, None
        if cycle.disconnected:
            return
        boarded.flight.leave(told)
        simple = cycle.keep_alive and not self.flow.write_paused
        answer = boarded.answer(self.server_state.default_headers) if simple else None
        if answer is None:
            cycle.scope["boarded"] = boarded  # pyright: ignore[reportGeneralTypeIssues] - ASGI lets servers add keys
            super()._start_asgi_task(cycle, app)
            return
        self.transport.writelines(answer)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response = _nothing  # it would keep this connection
        self.on_response_complete()


def _nothing() -> None:
    """As uvicorn does with a cycle that is over."""
