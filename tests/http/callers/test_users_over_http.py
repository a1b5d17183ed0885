"""A user asks the endpoint with a token."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
from http_world import Client, World
from httpx import ASGITransport
from issuer import NOW, Issuer, claims, rsa, running, signed
from structlog.testing import capture_logs
from users import settings_of, users_of

from customer_gateway.app import build_app
from customer_gateway.http import HttpSettings, build_http

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

KEY = rsa("rsa-1")


async def test_a_user_is_answered_and_a_token_that_is_not_taken_is_401_and_never_anonymous(tmp_path: Path) -> None:
    good, late = signed(KEY, claims()), signed(KEY, claims(exp=NOW - 60))
    async with running(KEY) as issuer, users_of(issuer, tmp_path) as users:
        app = build_http(World().engine(), HttpSettings(), users.authenticator)
        async with Client(transport=ASGITransport(app), base_url="http://gateway.test") as client:
            with capture_logs() as log:
                answered = await client.ask("{ hello }", {"authorization": f"Bearer {good}"})
                refused = await client.ask("{ hello }", {"authorization": f"bearer {late}"})
                bare = await client.ask("{ hello }")
                schema = await client.get("/schema.graphql", headers={"authorization": f"bearer {late}"})

    assert (answered.status_code, answered.json()) == (200, {"data": {"hello": "hello world"}})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="customer-gateway", error="invalid_token"'
    assert (bare.status_code, bare.headers["www-authenticate"]) == (401, 'Bearer realm="customer-gateway"')
    of_the_caller = [schema.headers[name] for name in ("www-authenticate", "vary", "cache-control")]
    assert (schema.status_code, of_the_caller) == (
        401,
        [refused.headers["www-authenticate"], "Authorization", "no-store"],
    )
    (error,) = refused.json()["errors"]
    assert error["message"] == "The token has expired; get a new one."
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert [part for token in (good, late) for part in token.split(".") if part in refused.text + repr(log)] == []


async def test_an_issuer_whose_keys_were_never_read_is_503_and_users_may_try_again(tmp_path: Path) -> None:
    issuer = Issuer(KEY)
    await issuer.start()
    await issuer.stop()
    async with users_of(issuer, tmp_path) as users:
        app = build_http(World().engine(), HttpSettings(), users.authenticator)
        async with Client(transport=ASGITransport(app), base_url="http://gateway.test") as client:
            headers = {"authorization": f"Bearer {signed(KEY, claims())}"}
            unavailable = await client.ask("{ hello }", headers)
            schema = await client.get("/schema.graphql", headers=headers)

    assert (unavailable.status_code, unavailable.headers["retry-after"]) == (503, "5")
    (error,) = unavailable.json()["errors"]
    told = {name: error["extensions"][name] for name in ("code", "retryable", "retryAfterMs")}
    assert told == {"code": "UPSTREAM_UNAVAILABLE", "retryable": True, "retryAfterMs": 5_000}
    assert (schema.status_code, schema.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("limit", ["the gateway's deadline", "the request's"])
async def test_an_issuer_that_never_answers_costs_no_more_than_the_request_has(tmp_path: Path, limit: str) -> None:
    """Whatever is asked: an answer, the schema, or whose key GraphiQL's page has."""
    token = signed(KEY, claims())
    settings = HttpSettings(deadline_seconds=0.3 if limit == "the gateway's deadline" else 10)
    headers = {} if limit == "the gateway's deadline" else {"x-request-timeout": "300"}
    async with running(KEY) as issuer, users_of(issuer, tmp_path) as users:
        issuer.seconds = 60
        app = build_http(World().engine(), settings, users.authenticator)
        async with Client(transport=ASGITransport(app), base_url="http://gateway.test", headers=headers) as client:
            bearer = {"authorization": f"Bearer {token}"}
            cookie = {"cookie": f"graphiql_key={'a' * 43}.{token}"}
            asked = [
                client.ask("{ hello }", bearer),
                client.get("/schema.graphql", headers=bearer),
                client.post("/graphql/key", json={"key": token}),
                client.get("/graphql/key", headers=cookie),
            ]
            began = time.monotonic()
            answers = await asyncio.gather(*asked)
            took = time.monotonic() - began

    assert [(answer.status_code, answer.headers["retry-after"]) for answer in answers] == [(503, "2")] * len(answers)
    assert {answer.json().get("detail", "") for answer in answers[1:]} == {
        "The credential could not be checked before the deadline; try again later."
    }
    assert len(issuer.requests) == 1
    assert took < 3


@pytest.mark.parametrize("path", ["/schema.graphql", "/graphql/key"])
async def test_a_time_that_is_none_is_refused(path: str) -> None:
    async with World().client() as client:
        answer = await client.get(path, headers={"x-request-timeout": "soon"})

    assert (answer.status_code, "X-Request-Timeout is no number" in answer.json()["detail"]) == (400, True)


@pytest.mark.usefixtures("process_as_before")
async def test_users_of_one_gateway_have_what_its_configuration_gives_to_their_claims(tmp_path: Path) -> None:
    rules = """
        [auth.jwt.claims]
        scope = "scope"
        [auth.jwt.grants.sales]
        claim = "realm_access.roles"
        value = "sales"
        scopes = ["customers:read"]
        systems = ["second"]
    """
    lasting = {"iat": None, "exp": int(time.time()) + 300}
    users: list[dict[str, Any]] = [{}, {"scope": "openid", "realm_access": {"roles": ["sales"]}}, {"scope": "openid"}]
    async with running(KEY) as issuer:
        app = build_app(settings_of(tmp_path, issuer.url, rules))
        async with (
            app.inner.router.lifespan_context(app.inner),
            Client(transport=ASGITransport(app), base_url="http://gateway.test") as client,
        ):
            answers = [
                (await client.ask("{ systems { name } }", {"authorization": f"Bearer {token}"})).json()
                for token in (signed(KEY, claims(**lasting, **user)) for user in users)
            ]

    first, second = {"name": "first"}, {"name": "second"}
    assert [answer["data"]["systems"] for answer in answers[:2]] == [[first, second], [second]]
    assert [error["extensions"]["code"] for error in answers[2]["errors"]] == ["FORBIDDEN"]
