"""The sandbox's own routes on every vendor's port: /_sandbox/faults, /_sandbox/calls and those of `steering`.

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
from customer_gateway.sandbox.steering import steering_routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.sandbox.call_log import CallLog
    from customer_gateway.sandbox.switch import Faults
    from customer_gateway.sandbox.vendor import Vendor


def admin(vendor: Vendor) -> ASGIApp:
    app = Starlette(routes=[*_fault_routes(vendor.faults), *_call_routes(vendor.log), *steering_routes(vendor)])

    async def for_this_machine(scope: Scope, receive: Receive, send: Send) -> None:
        host = (scope.get("client") or ("", 0))[0]
        handler = app if host in {"127.0.0.1", "::1"} else Response(status_code=403)
        await handler(scope, receive, send)

    return for_this_machine


def _fault_routes(faults: Faults) -> Sequence[Route]:
    async def show(_request: Request) -> Response:
        return JSONResponse([asdict(fault) for fault in faults])

    async def switch(request: Request) -> Response:
        try:
            faults.switch(fault_of(_decoded(await request.body())))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return await show(request)

    async def clear(_request: Request) -> Response:
        faults.clear()
        return Response(status_code=204)

    path = "/_sandbox/faults"
    return [Route(path, show), Route(path, switch, methods=["PUT"]), Route(path, clear, methods=["DELETE"])]


def _call_routes(log: CallLog) -> Sequence[Route]:
    async def show(_request: Request) -> Response:
        return JSONResponse(
            [{"call": str(call), "status": call.status, "login": call.login} for call in log.entries],
        )

    async def clear(_request: Request) -> Response:
        log.clear()
        return Response(status_code=204)

    path = "/_sandbox/calls"
    return [Route(path, show), Route(path, clear, methods=["DELETE"])]


def _decoded(body: bytes) -> object:
    """Return the body's JSON; None, which asks for no fault, where it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
