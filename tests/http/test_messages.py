"""What is refused is told with what to do instead: every message of the HTTP side and of the limits of documents."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from graphql import build_schema
from http_world import GRAPHQL, World
from httpx import ASGITransport, AsyncClient
from named_callers import ANYONE

from customer_gateway.api.engine import Engine
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from httpx import Response

pytestmark = pytest.mark.anyio

WHAT_TO_DO = re.compile(r"[^;]+[;:,] (and |or )?(give|send|use|ask|name|encode|correct|tell|add|leave) [^;]+\.")
JSON = {"content-type": "application/json", "accept": GRAPHQL}
GET = {"apollo-require-preflight": "1", "accept": GRAPHQL}
HASHED = {"persistedQuery": {"version": 1, "sha256Hash": "e3b0"}}

NESTED = "[" * 300 + "]" * 300
REPEATED = f"{{ {'...F ' * 30} }} fragment F on Query {{ {'...G ' * 30} }} fragment G on Query {{ {'hello ' * 30} }}"

REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (400, "POST", {"content": b"{", "headers": JSON}),
    (400, "POST", {"content": b"\xff", "headers": JSON}),
    (400, "POST", {"content": b"[]", "headers": JSON}),
    (400, "POST", {"content": b'{"query":"{hello}"}', "headers": {**JSON, "x-request-timeout": "soon"}}),
    (422, "POST", {"json": {}, "headers": JSON}),
    (422, "POST", {"json": {"query": 1}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{ hello }", "operationName": 1}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{ hello }", "variables": 1}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{ hello }", "extensions": 1}, "headers": JSON}),
    (422, "POST", {"content": f'{{"query":"{{hello}}","variables":{{"a":{NESTED}}}}}', "headers": JSON}),
    (413, "POST", {"content": b" " * 2_000_000, "headers": JSON}),
    (415, "POST", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
    (415, "POST", {"content": b"{}", "headers": {**JSON, "content-encoding": "gzip"}}),
    (406, "POST", {"content": b"{}", "headers": {**JSON, "accept": "image/png"}}),
    (405, "PUT", {"content": b"{}", "headers": JSON}),
    (405, "GET", {"params": {"query": 'mutation { rename(to: "x") }'}, "headers": GET}),
    (400, "GET", {"params": {"query": "{ hello }"}, "headers": {"accept": GRAPHQL, "sec-fetch-site": "cross-site"}}),
    (400, "GET", {"params": {"query": "{ hello }", "variables": "x"}, "headers": GET}),
    (414, "GET", {"params": {"query": "{ hello }" + " " * 20_000}, "headers": GET}),
    (400, "GET", {"headers": {**GET, "upgrade": "websocket", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}}),
    (400, "GET", {"headers": {**GET, "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="}}),
    (422, "POST", {"json": {"query": "subscription { tick }"}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{ hello }" + "#" * 100_000}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{" + " hello" * 2_100 + "}"}, "headers": JSON}),
    (422, "POST", {"json": {"query": REPEATED}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{" + "again {" * 16 + "hello" + "}" * 17}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{" + "again {" * 900 + "hello" + "}" * 901}, "headers": JSON}),
    (422, "POST", {"json": {"query": "{" + " x: again { hello }" * 330 + "}"}, "headers": JSON}),
]


@pytest.mark.parametrize(("status", "method", "sent"), REFUSED)
async def test_a_refusal_ends_with_what_to_do(status: int, method: str, sent: dict[str, Any]) -> None:
    async with World().client() as client:
        response = await client.request(method, "/graphql", **sent)

    (error,) = response.json()["errors"]
    assert response.status_code == status
    assert WHAT_TO_DO.fullmatch(error["message"]), error["message"]


async def test_a_url_that_cannot_be_read_is_told_with_what_to_do() -> None:
    async with World().client() as client:
        response = await client.get("/graphql?query=%ff", headers=GET)

    (error,) = response.json()["errors"]
    assert (response.status_code, error["message"]) == (
        400,
        "The URL's query is not percent-encoded UTF-8; encode it so.",
    )


async def test_a_mistake_of_ours_and_a_body_that_does_not_come_end_with_what_to_do() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    async with World().client(HttpSettings(deadline_seconds=0.05)) as client:
        late = await client.post("/graphql", content=stalled(), headers=JSON)
        broken = await client.ask("{ broken }")

    assert (late.status_code, broken.status_code) == (408, 200)
    for response in (late, broken):
        assert WHAT_TO_DO.fullmatch(response.json()["errors"][0]["message"])


async def test_a_method_that_a_path_beside_graphql_does_not_serve_is_told_with_the_one_it_does() -> None:
    async with World().client() as client:
        response = await client.post("/livez")

    assert (response.status_code, {*response.headers["allow"].split(", ")}) == (405, {"GET", "HEAD"})
    assert response.json()["detail"] == "This path is only read; use GET."


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 422), ("application/json", 200)])
async def test_a_hash_without_its_query_is_told_as_clients_of_persisted_queries_expect(
    accept: str, status: int
) -> None:
    parameters = {"extensions": '{"persistedQuery":{"version":1,"sha256Hash":"e3b0"}}', "variables": "{}"}
    async with World().client() as client:
        posted = await client.post("/graphql", json={"extensions": HASHED}, headers={"accept": accept})
        got = await client.get("/graphql", params=parameters, headers={**GET, "accept": accept})

    for response in (posted, got):
        (error,) = response.json()["errors"]
        assert (response.status_code, error["message"]) == (status, "PersistedQueryNotSupported")
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"


@pytest.mark.parametrize("extensions", [{}, {"persistedQuery": 1}, {"persistedQuery": {"version": 1}}])
async def test_no_query_and_no_hash_is_bad_user_input(extensions: dict[str, Any]) -> None:
    async with World().client() as client:
        response = await client.post("/graphql", json={"extensions": extensions}, headers={"accept": GRAPHQL})

    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["BAD_USER_INPUT"]


async def test_a_query_that_comes_with_its_hash_is_answered() -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", extensions=HASHED)

    assert response.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ('mutation { rename(to: "x") }', None),
        ("mutation M { hello } query Q { hello }", "M"),
        ("mutation M($unused: Int) { __typename }", None),
    ],
)
async def test_a_mutation_by_get_is_a_405_where_the_schema_has_none(query: str, name: str | None) -> None:
    response = await got_without_mutations(query, name)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("query", "name"), [("{ helo }", None), ("mutation M { hello } query Q { helo }", "Q"), ("mutation {", None)]
)
async def test_what_is_no_mutation_is_refused_by_get_for_what_it_is(query: str, name: str | None) -> None:
    response = await got_without_mutations(query, name)

    assert response.status_code in {400, 422}


async def got_without_mutations(query: str, name: str | None) -> Response:
    """The answer to a GET of a schema that has queries alone, as the gateway's has until it writes."""
    engine = Engine(build_schema("type Query { hello: String }"), "breadth", lambda scope: scope, DocumentLimits())
    parameters = {"query": query} | ({"operationName": name} if name else {})
    way = ASGITransport(build_http(engine, HttpSettings(), ANYONE))
    async with AsyncClient(transport=way, base_url="http://gateway.test") as client:
        return await client.get("/graphql", params=parameters, headers=GET)
