"""Vendors that answer what a test scripts: customers, and rows or whole answers by route."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
from gateway import Answer
from named_callers import ANYONE
from vendors import FACTS, VENDORS

from customer_gateway.app import build_engine, build_federation
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.documents.record import is_list
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.federation.request import Federation

OBJECT_ID: Final = "00000000000000000000000a"
ANOTHER_ID: Final = "00000000000000000000000b"


class ScriptedVendor(httpx.AsyncBaseTransport):
    """One vendor behind a transport; `log` are its calls without what they ask for, log-ins left out.

    A route (`GET /users/`) answers a list as rows in the vendor's envelope, page by page; bytes, an `httpx.Response` or
    what a function makes of the request as they are; any other value as JSON. Other routes have no rows.
    """

    def __init__(self, system: str, customers: Sequence[object], routes: Mapping[str, Any]) -> None:
        self.log: list[str] = []
        self._system = system
        self._routes = {**{route: list(customers) for route in FACTS[system].listed}, **routes}
        self._customers = customers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        route = f"{request.method} {request.url.path}"
        if (session := FACTS[self._system].logged_in.get(route)) is not None:
            return httpx.Response(200, json=session)
        self.log.append(route)
        script = self._routes.get(route, self._single(route))
        if callable(script):
            script = script(request)
        if isinstance(script, httpx.Response):
            return script
        if isinstance(script, bytes):
            return httpx.Response(200, content=script)
        if is_list(script):
            return httpx.Response(200, content=json.dumps(FACTS[self._system].envelope(script, request)))
        return httpx.Response(200, content=json.dumps(script))

    def _single(self, route: str) -> Any:
        """The scripted customer where it is asked for by itself; else nothing under that route."""
        answer = FACTS[self._system].single(route, self._customers)
        return [] if answer is None else answer


@dataclass(frozen=True, slots=True)
class Scripted:
    """A gateway over one scripted vendor."""

    vendor: ScriptedVendor
    federation: Federation
    client: httpx.AsyncClient

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> Answer:
        body = {"query": query, "variables": dict(variables or {})}
        answer = await self.client.post("/graphql", json=body, headers={"accept": "application/graphql-response+json"})
        return Answer(answer.status_code, json.loads(answer.content, parse_float=str))

    def noticed(self) -> set[str]:
        """The fields that drift notices name."""
        (system,) = self.federation.systems.values()
        context: Any = getattr(system, "context")  # noqa: B009 - every system has one, the protocol does not say so
        return {field for field, _ in context.drift.notices}


@asynccontextmanager
async def scripted(
    system: str,
    customers: Sequence[object],
    routes: Mapping[str, Any] | None = None,
    *,
    executor: ExecutorName = "breadth",
) -> AsyncGenerator[Scripted]:
    """A gateway as it is right after its start over one vendor that has these customers; calls are never repeated."""
    vendor = ScriptedVendor(system, customers, routes or {})
    kind = next(each for each in VENDORS if each.kind.slug == system)
    limits = {"vendor_budget": False}
    table = kind.settings.model_validate(
        {"base_url": f"http://{system}.test", "limits": limits, **FACTS[system].credentials}
    )
    settings = Settings(ServerSettings(executor=executor), {system: (system, table)})
    wiring = Wiring(transport=lambda _name: vendor, retry=Retry(attempts=1))
    federation = build_federation(settings, wiring, VENDORS)
    app = build_http(build_engine(settings, federation, VENDORS), HttpSettings(), ANYONE)
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
            yield Scripted(vendor, federation, client)
    finally:
        await federation.aclose()


def customer(system: str, **sent: Any) -> dict[str, Any]:
    """The document of a customer that says no more than who it is, and what is `sent`."""
    return {**FACTS[system].identity, **sent}
