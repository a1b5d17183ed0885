"""Build the HTTP application: the GraphQL endpoint, its explorer, and what a host asks of a process."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from customer_gateway.api.schema import sdl
from customer_gateway.errors import CredentialUnchecked, Unauthenticated
from customer_gateway.http.callers.authenticator import client_address
from customer_gateway.http.cors import Cors
from customer_gateway.http.endpoint import GraphQLEndpoint
from customer_gateway.http.graphiql import explorer
from customer_gateway.http.graphiql.key import PATH, KeyEndpoint
from customer_gateway.http.health import health_routes
from customer_gateway.http.hosts import Hosts
from customer_gateway.http.problem import OF_ITS_CALLER, problem, problem_of_caller
from customer_gateway.http.request import RequestInvalid, ends_at
from customer_gateway.http.request_log import GatewayApp
from customer_gateway.model.required_scopes import SCHEMA, forbidden

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from customer_gateway.api.engine import Engine
    from customer_gateway.http.callers.audit import ReadAudit
    from customer_gateway.http.callers.authenticator import Authenticator
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
    authenticator: Authenticator,
    lifespan: Lifespan | None = None,
    circumstances: Callable[[], Mapping[str, str]] = dict,
    audit: ReadAudit | None = None,
) -> GatewayApp:
    """Return the application over an engine, for the callers that the authenticator knows.

    `lifespan` wraps the time it serves: /readyz says yes only inside of it.
    /readyz has the `circumstances` too, which change nothing about being ready. `audit` gets what was read.
    """
    page, assets = explorer(settings.examples) if settings.graphiql else (None, None)
    endpoint = GraphQLEndpoint(engine, settings, authenticator, page, audit)
    routes: list[BaseRoute] = [
        *(Route(path, endpoint) for path in GRAPHQL),
        Route("/", _to_graphql),
        Route("/schema.graphql", _schema_of(engine, authenticator, settings.deadline_seconds)),
        *health_routes(),
    ]
    if assets is not None:
        routes += [Mount("/graphiql", assets), Route(PATH, KeyEndpoint(authenticator, settings.deadline_seconds))]
    inner = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _problem_of_http, Exception: _problem_of_ours},
        lifespan=_ready_within(lifespan),
    )
    inner.router.redirect_slashes = False  # to an absolute address, which a proxy's clients may not reach
    inner.state.circumstances = circumstances
    served = Cors(endpoint, settings.origins) if settings.origins else endpoint
    return GatewayApp(inner, dict.fromkeys(GRAPHQL, served), Hosts(settings.hosts))


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


def _schema_of(
    engine: Engine, authenticator: Authenticator, deadline_seconds: float
) -> Callable[[Request], Awaitable[Response]]:
    @cache
    def text() -> str:
        return sdl(engine.schema)

    async def schema(request: Request) -> Response:
        headers = request.scope["request_log"].headers
        try:
            at = ends_at(headers, deadline_seconds)
            caller = await authenticator.caller_until(at, headers, client_address(request.scope))
        except RequestInvalid as error:
            return problem(error.status, error.message)
        except (Unauthenticated, CredentialUnchecked) as error:
            return problem_of_caller(error)
        error = forbidden(SCHEMA, caller.rights, "The schema")
        if error is not None:
            return problem(HTTPStatus.FORBIDDEN, str(error), OF_ITS_CALLER)
        return Response(text(), media_type="text/plain", headers=OF_ITS_CALLER)

    return schema


async def _problem_of_http(_: Request, error: Exception) -> Response:
    raised = cast("HTTPException", error)
    return problem(raised.status_code, _DETAILS.get(HTTPStatus(raised.status_code)), raised.headers)


async def _problem_of_ours(_: Request, __: Exception) -> Response:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error; tell the operator the id in X-Request-Id, under which the log has it.",
    )
