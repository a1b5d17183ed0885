"""Build the HTTP application: the GraphQL endpoint, its explorer, and what a host asks of a process."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from customer_gateway.http.endpoint import GraphQLEndpoint
from customer_gateway.http.gateway_app import GatewayApp
from customer_gateway.http.graphiql import explorer
from customer_gateway.http.hosts import Hosts
from customer_gateway.http.problem import problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from customer_gateway.api.engine import Engine
    from customer_gateway.http.settings import HttpSettings

    Lifespan = Callable[[Starlette], AbstractAsyncContextManager[Any]]

GRAPHQL: Final = ("/graphql", "/graphql/")
"""The paths of the endpoint: clients that join addresses may add the slash."""

_DETAILS: Final = {
    HTTPStatus.NOT_FOUND: "Nothing is served at this path; GraphQL is at /graphql.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path is only read; use GET.",
}


def build_http(
    engine: Engine,
    settings: HttpSettings,
    lifespan: Lifespan | None = None,
    circumstances: Callable[[], Mapping[str, str]] = dict,
) -> GatewayApp:
    """Return the application over an engine. `lifespan` wraps the time it serves: /readyz says yes only inside of it.

    /readyz has the `circumstances` too, which change nothing about being ready.
    """
    page, assets = explorer(settings.examples) if settings.graphiql else (None, None)
    endpoint = GraphQLEndpoint(engine, settings, page)
    routes: list[BaseRoute] = [
        *(Route(path, endpoint) for path in GRAPHQL),
        Route("/", _to_graphql),
        Route("/livez", _alive),
        Route("/readyz", _ready),
    ]
    if assets is not None:
        routes.append(Mount("/graphiql", assets))
    inner = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _problem_of_http, Exception: _problem_of_ours},
        lifespan=_ready_within(lifespan),
    )
    inner.router.redirect_slashes = False  # to an absolute address, which a proxy's clients may not reach
    inner.state.circumstances = circumstances
    return GatewayApp(inner, dict.fromkeys(GRAPHQL, endpoint), Hosts(settings.hosts))


def _ready_within(lifespan: Lifespan | None) -> Lifespan:
    @asynccontextmanager
    async def within(app: Starlette) -> AsyncGenerator[None]:
        async with nullcontext() if lifespan is None else lifespan(app):
            app.state.ready = True
            yield
            app.state.ready = False

    return within


async def _to_graphql(_: Request) -> Response:
    return RedirectResponse("/graphql", status_code=HTTPStatus.FOUND)


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


async def _problem_of_http(_: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    return problem(raised.status_code, _DETAILS.get(HTTPStatus(raised.status_code)), raised.headers)


async def _problem_of_ours(_: Request, __: Exception) -> Response:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error; tell the operator the id in X-Request-Id, under which the log has it.",
    )
