"""The sandbox's own routes on every vendor's port, for people: /_sandbox/faults and /_sandbox/calls.

GET shows, DELETE clears, PUT /_sandbox/faults switches a fault on (a JSON object with the fields of `Fault`). Calls
here are no calls of the vendor: they are not logged, meet no faults, need no credentials, and are answered to this
machine only.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from customer_gateway.sandbox.fault import fault_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.sandbox.call_log import CallLog
    from customer_gateway.sandbox.faults import Faults


def admin(log: CallLog, faults: Faults) -> ASGIApp:
    async def show_faults(_request: Request) -> Response:
        return JSONResponse([asdict(fault) for fault in faults])

    async def set_fault(request: Request) -> Response:
        try:
            faults.switch(fault_of(_decoded(await request.body())))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return await show_faults(request)

    async def clear_faults(_request: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    async def show_calls(_request: Request) -> Response:
        return JSONResponse(
            [{"call": str(call), "status": call.status, "login": call.login} for call in log.entries],
        )

    async def clear_calls(_request: Request) -> Response:
        log.clear()
        return Response(status_code=204)

    app = Starlette(
        routes=[
            Route("/_sandbox/faults", show_faults, methods=["GET"]),
            Route("/_sandbox/faults", set_fault, methods=["PUT"]),
            Route("/_sandbox/faults", clear_faults, methods=["DELETE"]),
            Route("/_sandbox/calls", show_calls, methods=["GET"]),
            Route("/_sandbox/calls", clear_calls, methods=["DELETE"]),
        ]
    )

    async def for_this_machine(scope: Scope, receive: Receive, send: Send) -> None:
        host = (scope.get("client") or ("", 0))[0]
        handler = app if host in {"127.0.0.1", "::1"} else Response(status_code=403)
        await handler(scope, receive, send)

    return for_this_machine


def _decoded(body: bytes) -> object:
    """Return the body's JSON; None, which asks for no fault, where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
