"""Answer what a host asks of a process: /livez, whether it runs, and /readyz, whether it serves."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


def health_routes() -> tuple[Route, ...]:
    """Return the routes; they read `ready` and `circumstances` of the application's state."""
    return Route("/livez", _alive), Route("/readyz", _ready)


async def _alive(_: Request) -> Response:
    return _status("alive", HTTPStatus.OK)


async def _ready(request: Request) -> Response:
    """Answer whether this process can answer, whatever state the systems behind it are in.

    uvicorn asks only between start and stop; 503 is for servers that ask sooner or later.
    """
    if getattr(request.app.state, "ready", False):
        return _status("ready", HTTPStatus.OK, request.app.state.circumstances())
    return _status("starting or stopping", HTTPStatus.SERVICE_UNAVAILABLE)


def _status(status: str, code: HTTPStatus, more: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps({"status": status, **(more or {})})
    return Response(body, code, headers={"cache-control": "no-store"}, media_type="application/json")
