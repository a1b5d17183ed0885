from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from http_world import GRAPHQL, World

from customer_gateway.http import HttpSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from httpx import Response

pytestmark = pytest.mark.anyio

JSON = {"content-type": "application/json"}
PREFLIGHTED = {"apollo-require-preflight": "1", "accept": GRAPHQL}


def code_of(response: Response) -> str:
    """The code of the only error; every answer of the endpoint is GraphQL-shaped JSON with its request id."""
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return error["extensions"]["code"]


async def test_a_query_by_post_is_answered() -> None:
    async with World().client() as client:
        response = await client.ask("query ($n: String) { hello(name: $n) }", variables={"n": "you"})

    assert (response.status_code, response.json()) == (200, {"data": {"hello": "hello you"}})


async def test_a_query_by_get_is_answered() -> None:
    parameters = {"query": "query ($n: String) { hello(name: $n) }", "variables": '{"n": "you"}', "operationName": ""}
    async with World().client() as client:
        response = await client.get("/graphql", params=parameters, headers=PREFLIGHTED)

    assert (response.status_code, response.json()) == (200, {"data": {"hello": "hello you"}})


@pytest.mark.parametrize("parameter", ["variables", "operationName", "extensions"])
async def test_an_optional_parameter_may_be_null(parameter: str) -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", **{parameter: None})

    assert response.json() == {"data": {"hello": "hello world"}}


async def test_parameters_that_nobody_knows_are_ignored() -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", colour="green", extensions={"x": 1})

    assert response.status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"1", b'"x"', b"true", b"NaN", b'{"query": NaN}', b'{"query": "\xff"}', b"[]", b"\xff"]
)
async def test_a_body_that_is_no_json_object_is_a_400_and_never_a_500(body: bytes) -> None:
    async with World().client() as client:
        response = await client.post("/graphql", content=body, headers={**JSON, "accept": GRAPHQL})

    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


async def test_where_a_body_stops_being_json_is_told() -> None:
    async with World().client() as client:
        broken = await client.post("/graphql", content=b'{"query":\n "{ hello }",, }', headers=JSON)
        latin = await client.post("/graphql", content='{"query": "ä"}'.encode("latin-1"), headers=JSON)

    told = [response.json()["errors"][0]["message"] for response in (broken, latin)]
    assert told == [
        "The body is not JSON, or nests too deep, at line 2, column 14; correct it there.",
        "The body is not in UTF-8, from byte 11 on; encode it so.",
    ]


async def test_a_byte_order_mark_before_a_body_is_skipped() -> None:
    async with World().client() as client:
        response = await client.post("/graphql", content=b'\xef\xbb\xbf{"query": "{ hello }"}', headers=JSON)

    assert response.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize("half", [r"\ud83c", r"\udf3b", r"\ud83c\u0041", r"\udf3b\ud83c"])
async def test_half_a_character_is_a_400_that_says_so(half: str) -> None:
    for answer in await asked_both_ways(f'{{"n": "{half}"}}'):
        assert (answer.status_code, code_of(answer)) == (400, "BAD_USER_INPUT")
        assert "half a character" in answer.json()["errors"][0]["message"]
        assert "send both halves" in answer.json()["errors"][0]["message"]


async def test_json_nested_past_all_reason_is_a_400() -> None:
    body = b'{"query": "{ hello }", "variables": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    async with World().client() as client:
        response = await client.post("/graphql", content=body, headers={**JSON, "accept": GRAPHQL})

    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


def nested(levels: int) -> str:
    return '{"v":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


async def asked_both_ways(variables: str) -> tuple[Response, Response]:
    """The answers by POST and by GET."""
    body = f'{{"query": "{{ hello }}", "variables": {variables}}}'
    parameters = {"query": "{ hello }", "variables": variables}
    async with World().client() as client:
        posted = await client.post("/graphql", content=body, headers={**JSON, "accept": GRAPHQL})
        return posted, await client.get("/graphql", params=parameters, headers=PREFLIGHTED)


@pytest.mark.parametrize("levels", [255, 1_000])
async def test_variables_that_nest_too_deep_are_refused_and_never_a_500(levels: int) -> None:
    for answer in await asked_both_ways(nested(levels)):
        assert (answer.status_code, code_of(answer)) == (422, "BAD_USER_INPUT")


async def test_variables_may_nest_deeper_than_anybody_needs() -> None:
    for answer in await asked_both_ways(nested(254)):
        assert answer.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"query": None},
        {"query": {"obj": "ect"}},
        {"query": 0},
        {"query": ["array"]},
        {"query": "{ hello }", "operationName": 0},
        {"query": "{ hello }", "variables": "string"},
        {"query": "{ hello }", "variables": [7]},
        {"query": "{ hello }", "extensions": False},
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 422), ("application/json", 400)])
async def test_parameters_of_a_wrong_type_are_refused(parameters: dict[str, Any], accept: str, status: int) -> None:
    async with World().client() as client:
        response = await client.post("/graphql", json=parameters, headers={"accept": accept})

    assert (response.status_code, code_of(response)) == (status, "BAD_USER_INPUT")


async def test_a_body_over_the_cap_is_refused_by_its_announced_length() -> None:
    async with World().client(HttpSettings(body_bytes=100)) as client:
        response = await client.ask("{ hello }" + " " * 100)

    assert (response.status_code, code_of(response)) == (413, "QUERY_TOO_LARGE")
    assert response.headers["connection"] == "close"


async def test_a_body_without_length_is_read_no_further_than_the_cap() -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            sent.append(50)
            yield b" " * 50

    async with World().client(HttpSettings(body_bytes=100)) as client:
        response = await client.post("/graphql", content=endless(), headers={**JSON, "accept": GRAPHQL})

    assert (response.status_code, code_of(response)) == (413, "QUERY_TOO_LARGE")
    assert sum(sent) < 500


async def test_a_body_in_pieces_is_put_together() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b'{"query":', b' "{ hel', b'lo }"}'):
            yield piece

    async with World().client() as client:
        response = await client.post("/graphql", content=pieces(), headers=JSON)

    assert response.json() == {"data": {"hello": "hello world"}}


async def test_a_url_over_its_cap_is_refused() -> None:
    async with World().client() as client:
        response = await client.get("/graphql", params={"query": "{ hello }" + " " * 20_000}, headers=PREFLIGHTED)

    assert (response.status_code, code_of(response)) == (414, "QUERY_TOO_LARGE")


@pytest.mark.parametrize("query", ["query=%ff", "query={hello}&variables=nonsense", "query={hello}&variables=NaN"])
async def test_a_url_that_cannot_be_read_is_a_400(query: str) -> None:
    async with World().client() as client:
        response = await client.get(f"/graphql?{query}", headers=PREFLIGHTED)

    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


async def test_a_mutation_by_get_is_a_405_that_names_post() -> None:
    world = World()
    world.gate.set()
    async with world.client() as client:
        parameters = {"query": 'mutation { rename(to: "x") }'}
        response = await client.get("/graphql", params=parameters, headers=PREFLIGHTED)

    assert (response.status_code, response.headers["allow"], world.renamed) == (405, "POST", [])
    assert "data" not in response.json()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_any_other_method_is_a_405_that_names_those_served(method: str) -> None:
    async with World().client() as client:
        response = await client.request(method, "/graphql")

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_post_that_a_foreign_page_could_make_a_browser_send_is_a_415(content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    async with World().client() as client:
        response = await client.post("/graphql", content=b'{"query":"{ hello }"}', headers=headers)

    assert (response.status_code, code_of(response)) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_a_compressed_body_is_a_415(encoding: str) -> None:
    async with World().client() as client:
        response = await client.post("/graphql", content=b"x", headers={**JSON, "content-encoding": encoding})

    assert response.status_code == 415


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
async def test_a_body_that_says_it_is_not_compressed_is_read(encoding: str) -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", {"content-encoding": encoding})

    assert response.status_code == 200


FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://gateway.test"},
    {"sec-fetch-site": "Cross-Site"},
    {"origin": "https://shop.example"},
    {"origin": "http://gateway.test:81"},
    {"origin": "http://gateway.test.shop.example"},
    {"origin": "null"},
]


@pytest.mark.parametrize("said", FOREIGN)
async def test_a_get_of_which_a_browser_says_that_a_foreign_page_sent_it_is_refused(said: dict[str, str]) -> None:
    world = World()
    async with world.client() as client:
        response = await client.get("/graphql", params={"query": "{ read }"}, headers={"accept": GRAPHQL, **said})

    assert (response.status_code, code_of(response), world.reads) == (400, "BAD_USER_INPUT", [])


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "http://gateway.test"},
        {"origin": "http://Gateway.Test"},
    ],
)
async def test_a_get_of_which_no_browser_says_that_it_is_foreign_is_answered(said: dict[str, str]) -> None:
    async with World().client() as client:
        response = await client.get("/graphql", params={"query": "{ hello }"}, headers={"accept": GRAPHQL, **said})

    assert response.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    "browser",
    [
        {},
        {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", "accept-language": "de"},
    ],
    ids=["node", "browser"],
)
async def test_a_get_as_urql_sends_it_is_answered(browser: dict[str, str]) -> None:
    accept = (
        "application/graphql-response+json, application/graphql+json, application/json, "
        "text/event-stream, multipart/mixed"
    )
    query = "query=query+Hello%28%24name%3A+String%29+%7B%0A++hello%28name%3A+%24name%29%0A++__typename%0A%7D"
    url = f"/graphql?{query}&operationName=Hello&variables=%7B%22name%22%3A%22Ada%22%7D"
    async with World().client() as client:
        response = await client.get(url, headers={"accept": accept, **browser})

    assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert response.json() == {"data": {"hello": "hello Ada", "__typename": "Query"}}


@pytest.mark.parametrize(
    "header",
    [{"x-apollo-operation-name": "Q"}, {"graphql-require-preflight": "1"}, {"content-type": "application/json"}],
)
async def test_any_header_that_needs_a_preflight_will_do_for_a_get(header: dict[str, str]) -> None:
    headers = {**header, "sec-fetch-site": "cross-site"}
    async with World().client() as client:
        response = await client.get("/graphql", params={"query": "{ hello }"}, headers=headers)

    assert response.json() == {"data": {"hello": "hello world"}}


async def test_a_subscription_is_not_run_as_a_query() -> None:
    async with World().client() as client:
        response = await client.ask("subscription { tick }")

    assert (response.status_code, code_of(response)) == (422, "OPERATION_RESOLUTION_FAILURE")
