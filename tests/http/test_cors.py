"""Pages of listed origins ask from a browser; those of others cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import NEEDS_CHROMIUM, browsing
from http_world import Client, World
from named_callers import ANYONE
from sockets import served
from structlog.testing import capture_logs

from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from httpx import Response

pytestmark = pytest.mark.anyio

APP = "https://app.example.com"
OTHER = "https://other.example.com"
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "content-type,authorization"}
QUERY = "/graphql?query={hello}"


def listing(*origins: str) -> Client:
    return World().client(HttpSettings(origins=origins))


def allowed(response: Response) -> str | None:
    return response.headers.get("access-control-allow-origin")


async def test_a_page_of_a_listed_origin_may_ask_and_read_the_answer() -> None:
    async with listing(APP, "http://localhost:5173") as client:
        before = await client.options("/graphql", headers={**PREFLIGHT, "origin": APP})
        response = await client.ask("{ hello }", {"origin": APP})

    assert (before.status_code, allowed(before)) == (200, APP)
    assert {"Authorization", "Content-Type", "Idempotency-Key", "X-Request-Timeout"} <= set(
        before.headers["access-control-allow-headers"].split(", ")
    )
    assert before.headers["access-control-allow-methods"] == "GET, POST"
    assert (response.json()["data"], allowed(response)) == ({"hello": "hello world"}, APP)
    assert response.headers["access-control-expose-headers"] == "Idempotent-Replayed, Retry-After, X-Request-Id"
    assert {"Accept", "Origin"} <= set(response.headers["vary"].replace(",", " ").split())
    assert "access-control-allow-credentials" not in response.headers


async def test_a_page_of_another_origin_is_not_allowed_to_ask_nor_to_read() -> None:
    async with listing(APP) as client:
        before = await client.options("/graphql", headers={**PREFLIGHT, "origin": OTHER})
        response = await client.ask("{ hello }", {"origin": OTHER})
        got = await client.get(QUERY, headers={"origin": OTHER, "sec-fetch-site": "cross-site"})

    assert (before.status_code, allowed(before)) == (400, None)
    assert allowed(response) is None
    assert (got.status_code, allowed(got)) == (400, None)


async def test_a_page_of_a_listed_origin_may_ask_by_get_without_a_preflight_header() -> None:
    async with listing(APP) as client:
        response = await client.get(QUERY, headers={"origin": APP, "sec-fetch-site": "cross-site"})

    assert (response.status_code, allowed(response)) == (200, APP)


async def test_without_a_list_no_other_origin_may_ask() -> None:
    async with World().client() as client:
        before = await client.options("/graphql", headers={**PREFLIGHT, "origin": APP})
        response = await client.ask("{ hello }", {"origin": APP})

    assert (before.status_code, allowed(before)) == (405, None)
    assert allowed(response) is None


@pytest.mark.parametrize("document", ["{ hello", "{ missing }", "{ down }"])
async def test_errors_can_be_read_by_a_listed_origin(document: str) -> None:
    async with listing(APP) as client:
        response = await client.ask(document, {"origin": APP})

    assert response.json()["errors"]
    assert allowed(response) == APP


async def test_a_preflight_request_is_one_line_in_the_log_with_its_id() -> None:
    async with listing(APP) as client:
        with capture_logs() as lines:
            before = await client.options("/graphql", headers={**PREFLIGHT, "origin": APP, "x-request-id": "p-1"})

    assert before.headers.get_list("x-request-id") == ["p-1"]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["status"]) == ("OPTIONS", 200)


async def test_options_without_a_preflight_is_answered_as_ever() -> None:
    async with listing(APP) as client:
        plain = await client.options("/graphql", headers={"origin": APP})

    assert plain.status_code == 405
    assert len(plain.headers.get_list("x-request-id")) == 1


async def test_the_schema_can_be_fetched_as_a_file() -> None:
    async with World().client() as client:
        response = await client.get("/schema.graphql")

    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "type Query {" in response.text


ASK = """async ([url, method]) => {
    const query = "{ hello }"
    const options = method === "GET" ? {} : {
        method, headers: {"content-type": "application/json", "x-request-timeout": "5000"},
        body: JSON.stringify({query}),
    }
    try {
        const response = await fetch(method === "GET" ? url + "?query=" + query : url, options)
        return [(await response.json()).data, response.headers.get("x-request-id") !== null]
    } catch (error) {
        return error.name
    }
}"""


@NEEDS_CHROMIUM
async def test_a_browser_lets_a_page_of_a_listed_origin_ask_and_no_other() -> None:
    other = build_http(World().engine(), HttpSettings(), ANYONE)
    async with served(other) as first, served(other) as second:
        listed = HttpSettings(origins=(f"http://127.0.0.1:{first}",))
        async with served(build_http(World().engine(), listed, ANYONE)) as port, browsing() as page:
            url = f"http://127.0.0.1:{port}/graphql"
            answers = {}
            for origin in (first, second):
                await page.goto(f"http://127.0.0.1:{origin}/livez")
                answers[origin] = [await page.evaluate(ASK, [url, method]) for method in ("GET", "POST")]

    assert answers == {first: [[{"hello": "hello world"}, True]] * 2, second: ["TypeError"] * 2}
