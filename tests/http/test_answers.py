from __future__ import annotations

import pytest
from http_world import GRAPHQL, World

from customer_gateway.http import HttpSettings
from customer_gateway.http.negotiation import Media, is_json, preferred

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, Media.JSON),
        (b"*/*", Media.JSON),
        (b"application/*", Media.JSON),
        (b"application/json", Media.JSON),
        (GRAPHQL.encode(), Media.GRAPHQL),
        (b"application/json, application/graphql-response+json", Media.GRAPHQL),
        (b"application/graphql-response+json, application/json;q=0.9", Media.GRAPHQL),
        (b"application/graphql-response+json;q=0.5, application/json;q=0.9", Media.JSON),
        (b"application/graphql-response+json;q=0, */*", Media.JSON),
        (b"application/json;q=0, application/*", Media.GRAPHQL),
        (b"APPLICATION/JSON ; Q=1.0", Media.JSON),
        (b"application/json, multipart/mixed", Media.JSON),
        (b"text/event-stream;q=0, application/json", Media.JSON),
        (b"text/event-stream", None),
        (b"text/html", None),
        (b"image/png, application/json;q=0", None),
        (b"application/json;q=nonsense", None),
        (b"", Media.JSON),
        (b" ", Media.JSON),
    ],
)
def test_the_answer_comes_in_the_best_media_type_the_client_takes(accept: bytes | None, media: Media | None) -> None:
    assert preferred(accept, page=False) is media


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Media.HTML),
        (b"*/*", Media.JSON),
        (b"text/*", None),
        (b"text/html;q=0.5, application/json", Media.JSON),
        (b"text/html;q=0, */*", Media.JSON),
    ],
)
def test_the_explorer_is_for_those_who_name_html(accept: bytes, media: Media | None) -> None:
    assert preferred(accept, page=True) is media


@pytest.mark.parametrize(
    ("content_type", "json"),
    [
        (b"application/json", True),
        (b"Application/JSON; charset=UTF-8", True),
        (b'application/json;charset="utf-8"', True),
        (b"application/json; charset=latin-1", False),
        (b"application/jsonx", False),
        (b"text/json", False),
        (None, False),
    ],
)
def test_only_json_in_utf_8_is_read(content_type: bytes | None, json: bool) -> None:
    assert is_json(content_type) is json


async def test_nothing_acceptable_is_a_406_in_json() -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", {"accept": "image/png"})

    assert (response.status_code, response.headers["content-type"]) == (406, "application/json; charset=utf-8")


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
async def test_the_content_type_is_the_one_agreed_on(accept: str) -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", {"accept": accept})

    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert (response.headers["vary"], response.headers["cache-control"]) == ("Accept, Authorization", "no-store")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("query", "variables", "status"),
    [
        ("{", {}, 400),
        ("{ nonsense }", {}, 422),
        ("query A { hello } query B { hello }", {}, 422),
        ("query ($n: Int!) { people(first: $n) { id } }", {"n": None}, 422),
        ("{ again " * 20 + "{ hello }" + "}" * 20, {}, 422),
    ],
)
async def test_what_is_refused_before_it_runs_has_no_data_and_a_status_of_its_own(
    query: str, variables: dict[str, object], status: int
) -> None:
    async with World().client() as client:
        response = await client.ask(query, variables=variables)
        older = await client.ask(query, {"accept": "application/json"}, variables=variables)

    assert (response.status_code, "data" in response.json()) == (status, False)
    assert (older.status_code, "data" in older.json()) == (200, False)


@pytest.mark.parametrize("query", ["{ down hello }", "{ brittle }"])
async def test_what_ran_with_errors_is_a_200_or_what_the_settings_say(query: str) -> None:
    async with World().client() as client, World().client(HttpSettings(partial_status=294)) as told:
        answers = [
            await client.ask(query),
            await told.ask(query),
            await told.ask(query, {"accept": "application/json"}),
        ]

    assert [answer.status_code for answer in answers] == [200, 294, 200]
    assert all("data" in answer.json() for answer in answers)


async def test_a_mistake_of_ours_reaches_nobody_in_its_own_words() -> None:
    async with World().client() as client:
        response = await client.ask("{ broken hello }")

    assert response.json()["errors"][0] == {
        "message": "Internal error; tell the operator the request id, under which the log has it.",
        "locations": [{"line": 1, "column": 3}],
        "path": ["broken"],
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": response.headers["x-request-id"]},
    }
    assert "hunter2" not in response.text


@pytest.mark.parametrize("nonsense", ["", "0", "-5", "1.5", "soon", "1e3", "9" * 30])
async def test_nonsense_in_the_request_timeout_is_a_400(nonsense: str) -> None:
    async with World().client() as client:
        response = await client.ask("{ hello }", {"x-request-timeout": nonsense})

    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


async def test_the_request_timeout_lowers_the_deadline() -> None:
    async with World().client() as client:
        response = await client.ask("{ read hello }", {"x-request-timeout": "40"})

    error = response.json()["errors"][0]
    assert (error["path"], error["extensions"]["code"]) == (["read"], "UPSTREAM_TIMEOUT")
    assert response.json()["data"] == {"read": None, "hello": "hello world"}


async def test_the_request_timeout_does_not_raise_the_deadline() -> None:
    async with World().client(HttpSettings(deadline_seconds=0.04)) as client:
        response = await client.ask("{ read }", {"x-request-timeout": "60000"})

    assert response.json()["errors"][0]["extensions"]["code"] == "UPSTREAM_TIMEOUT"
    assert response.elapsed.total_seconds() < 1
