"""A connection in which operations wait for their flight: those who wait need no task of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from customer_gateway.http.boarding import Boarded
from customer_gateway.http.connection import Connection
from customer_gateway.http.door import Door

if TYPE_CHECKING:
    from asyncio import Future

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from customer_gateway.http.answer import Landed


class _Request(NamedTuple):
    cycle: RequestResponseCycle
    door: Door


class BoardingConnection(Connection):
    """Asks the door about a request before it starts the application for it: it may only have to wait.

    Only what is the same for all is answered from here. Whoever is to be told anything else comes in then. What is
    settled by that time stands in his scope: "answer", an `Answer`, or "boarded", the `Boarded` that he has been.
    """

    _receiving = False
    _held: _Request | None = None
    """A request whose body may still come with the piece that is being read."""
    _waiting: tuple[_Request, Boarded] | None = None

    def data_received(self, data: bytes) -> None:
        self._receiving = True
        try:
            super().data_received(data)
        finally:
            self._receiving = False
            if self._held is not None:
                held, self._held = self._held, None
                self._let_in(held)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        if self._held is not None:
            request, self._held = self._held, None
            cycle, door = request
            scope = cast("dict[str, Any]", cycle.scope)
            settled = door.settle(scope, bytes(cycle.body))
            if settled is not None:
                cycle.body.clear()  # nobody reads it any more
            if isinstance(settled, Boarded):
                self._waiting = (request, settled)
                self._to_be_told.add(settled.told)
                settled.told.add_done_callback(self._answer)
                return
            if settled is not None:
                scope["answer"] = settled
            self._let_in(request)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._waiting is not None:
            (request, boarded), self._waiting = self._waiting, None
            request.cycle.on_response = _nothing
            boarded.gone()

    @property
    def _to_be_told(self) -> set[Future[Landed]]:
        """What uvicorn cancels, as it does tasks, when the grace at its end is over."""
        return cast("set[Future[Landed]]", self.tasks)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        door = cast("object", app)
        if self._receiving and cycle is self.cycle and isinstance(door, Door):
            self._held = _Request(cycle, door)
        else:
            super()._start_asgi_task(cycle, app)

    def _let_in(self, request: _Request) -> None:
        super()._start_asgi_task(request.cycle, cast("ASGI3Application", request.door))

    def _answer(self, told: Future[Landed]) -> None:
        self._to_be_told.discard(told)
        if self._waiting is None:
            return  # he is gone
        (request, boarded), self._waiting = self._waiting, None
        cycle = request.cycle
        boarded.leave()
        simple = cycle.keep_alive and not self.flow.write_paused
        answer = boarded.answer(self.server_state.default_headers) if simple else None
        if answer is None:
            cast("dict[str, Any]", cycle.scope)["boarded"] = boarded
            self._let_in(request)
            return
        self.transport.writelines(answer)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response = _nothing
        self.on_response_complete()


def _nothing() -> None:
    """Takes the place of a cycle's callback, which would keep the connection."""
