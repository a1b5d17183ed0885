from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLSchema
from http_world import World
from httpx import ASGITransport, AsyncClient
from named_callers import ANYONE
from starlette.routing import Route
from structlog.testing import capture_logs

from customer_gateway.api.engine import Engine
from customer_gateway.api.error_formatting import MASK
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.api.engine import ExecutorName

pytestmark = pytest.mark.anyio


async def test_a_request_id_is_taken_over_and_told_back() -> None:
    async with World().client() as client:
        response = await client.ask("{ down }", {"x-request-id": "trace-1:2.3"})

    assert response.headers["x-request-id"] == "trace-1:2.3"
    assert response.json()["errors"][0]["extensions"]["requestId"] == "trace-1:2.3"


@pytest.mark.parametrize("unfit", ["", "a b", "x" * 129, '{"a":1}', "å", "-x"])
async def test_a_request_id_that_is_not_fit_for_a_log_is_replaced(unfit: str) -> None:
    async with World().client() as client:
        response = await client.post("/graphql", headers={b"x-request-id": unfit.encode()})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


async def test_the_executed_operation_knows_the_request_id() -> None:
    world = World()
    async with world.client() as client:
        await client.ask("{ hello }", {"x-request-id": "r-1"})

    assert world.scopes[0].request_id == "r-1"


async def test_each_request_is_one_line_without_document_or_variables() -> None:
    async with World().client() as client:
        with capture_logs() as lines:
            await client.ask("query Secret($n: String) { hello(name: $n) }", variables={"n": "Ada"})

    (line,) = lines
    assert {key: line[key] for key in ("event", "method", "path", "status", "operation")} == {
        "event": "request",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "operation": "query",
    }
    assert "Ada" not in str(line)
    assert "hello" not in str(line)


async def test_the_line_of_a_request_tells_the_codes_of_its_errors_and_the_systems_that_failed() -> None:
    async with World().client() as client:
        with capture_logs() as lines:
            await client.ask("{ one: down  other: down  broken }")
            await client.ask("{ nope }")
            await client.post("/graphql", content=b"{", headers={"content-type": "application/json"})

    told = [{key: line.get(key) for key in ("errors", "codes", "systems", "refused")} for line in requests(lines)]
    assert told == [
        {
            "errors": 3,
            "codes": {"UPSTREAM_UNAVAILABLE": 2, "INTERNAL_SERVER_ERROR": 1},
            "systems": ["billbee"],
            "refused": None,
        },
        {"errors": 1, "codes": {"GRAPHQL_VALIDATION_FAILED": 1}, "systems": None, "refused": "validation"},
        {"errors": 1, "codes": {"BAD_USER_INPUT": 1}, "systems": None, "refused": "request"},
    ]


def requests(lines: Sequence[Any]) -> list[Any]:
    return [line for line in lines if line["event"] == "request"]


async def test_what_is_not_known_of_a_request_is_left_out_of_its_line() -> None:
    world = World()
    async with world.client() as client:
        with capture_logs() as lines:
            await client.ask('mutation { rename(to: "x") }', {"x-request-timeout": "30"})
        world.gate.set()

    (line,) = lines
    assert (line["errors"], "operation" in line) == (1, False)


async def test_a_path_that_is_not_served_may_hold_anything_and_is_not_told() -> None:
    async with World().client() as client:
        with capture_logs() as lines:
            for path in ("/nope/anna@example.com", "/graphiql/anna@example.com", "/livez"):
                await client.get(path)

    assert [(line["path"], line["status"]) for line in lines] == [("unknown", 404), ("unknown", 404), ("/livez", 200)]


async def test_a_request_that_is_cut_off_at_the_end_of_the_process_has_the_status_that_the_server_answers() -> None:
    world = World()
    async with world.client() as client:
        with capture_logs() as lines:
            asking = asyncio.ensure_future(client.ask("{ read }"))
            while not world.reads:  # noqa: ASYNC110 - a read tells nobody when it begins
                await asyncio.sleep(0)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    assert [line["status"] for line in lines] == [500]


async def test_a_mistake_of_ours_is_logged_once_however_many_fields_it_cost() -> None:
    async with World().client() as client:
        with capture_logs() as lines:
            response = await client.ask("{ people(first: 3) { secret } }")

    assert len(response.json()["errors"]) == 3
    assert [line["event"] for line in lines] == ["field failed", "request"]
    assert isinstance(lines[0]["exc_info"], LookupError)


@pytest.mark.parametrize("executor", ["breadth", "reference"])
async def test_a_mistake_of_ours_is_logged_under_the_field_of_the_schema_and_not_under_an_alias(
    executor: ExecutorName,
) -> None:
    async with World().client(executor=executor) as client:
        with capture_logs() as lines:
            await client.ask("query Ada { Ada: again { Lovelace: broken } }")

    assert lines[0]["field"] == "broken"
    assert "Ada" not in str(lines)
    assert "Lovelace" not in str(lines)


async def test_the_root_leads_to_the_endpoint() -> None:
    async with World().client() as client:
        response = await client.get("/")

    assert (response.status_code, response.headers["location"]) == (302, "/graphql")


async def test_the_endpoint_may_be_called_with_a_slash_at_its_end() -> None:
    async with World().client() as client:
        response = await client.post("/graphql/", json={"query": "{ hello }"})

    assert (response.status_code, response.json()) == (200, {"data": {"hello": "hello world"}})


async def test_no_slash_too_many_leads_to_an_address_that_only_this_machine_may_know() -> None:
    async with World().client() as client:
        response = await client.get("/livez/")

    assert (response.status_code, "location" in response.headers) == (404, False)


async def test_an_unknown_path_is_a_problem_document() -> None:
    async with World().client() as client:
        response = await client.get("/nowhere")

    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "Nothing is served at this path; GraphQL is at /graphql.",
    }


async def test_a_mistake_outside_of_graphql_is_a_problem_document_that_tells_nothing() -> None:
    async def mistaken(_: Request) -> Response:
        raise RuntimeError("the password is hunter2")

    app = build_http(World().engine(), HttpSettings(), ANYONE)
    app.inner.router.routes.append(Route("/mistaken", mistaken))
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        response = await client.get("/mistaken", headers={"x-request-id": "r-1"})

    assert response.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Internal error; tell the operator the id in X-Request-Id, under which the log has it.",
    }
    assert response.headers["x-request-id"] == "r-1"


async def test_a_schema_that_cannot_serve_is_a_masked_500() -> None:
    engine = Engine(GraphQLSchema(), "breadth", World().context, DocumentLimits())
    transport = ASGITransport(build_http(engine, HttpSettings(), ANYONE))
    async with AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        response = await client.post("/graphql", json={"query": "{ hello }"})

    assert (response.status_code, response.json()["errors"][0]["message"]) == (500, MASK)


async def test_a_context_that_cannot_be_made_is_a_masked_500() -> None:
    def no_context(_: object) -> object:
        raise RuntimeError("the password is hunter2")

    engine = Engine(World().schema(), "breadth", no_context, DocumentLimits())
    transport = ASGITransport(build_http(engine, HttpSettings(), ANYONE))
    async with AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        response = await client.post("/graphql", json={"query": "{ hello }"})

    assert (response.status_code, response.json()["errors"][0]["message"]) == (500, MASK)
    assert "data" not in response.json()


async def test_a_wrong_method_elsewhere_names_the_right_ones() -> None:
    async with World().client() as client:
        response = await client.post("/livez")

    assert (response.status_code, set(response.headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


async def test_the_process_is_alive_before_it_is_ready_and_ready_only_while_it_serves() -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        steps.append("opened")
        yield
        steps.append("closed")

    app = build_http(World().engine(), HttpSettings(), ANYONE, lifespan)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://gateway.test") as client:
        before = await client.get("/readyz")
        alive = await client.get("/livez")
        async with app.inner.router.lifespan_context(app.inner):
            within = await client.get("/readyz")
        after = await client.get("/readyz")

    assert [before.status_code, within.status_code, after.status_code] == [503, 200, 503]
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    assert steps == ["opened", "closed"]
