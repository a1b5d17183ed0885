"""The gateway whose comparing of what it reads with its index is switched by `GET /compare?on=1` and `on=0`.

Two processes of one tree differ by more than the comparing costs. So one process is measured with it and without it,
and the method that every read of customers passes is exchanged for that: nothing else in the gateway knows of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.app import worker
from customer_gateway.federation.observed_reads import ObservedReads

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_compare = ObservedReads.note_read
_switch = {"on": True}


def _note_read(self: ObservedReads, *given: Any) -> None:
    if _switch["on"]:
        _compare(self, *given)


setattr(ObservedReads, "note_read", _note_read)  # noqa: B010 - see above; an assignment is refused by the types
_gateway = worker()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http" and scope["path"] == "/compare":
        _switch["on"] = scope["query_string"] == b"on=1"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})
    else:
        await _gateway(scope, receive, send)
