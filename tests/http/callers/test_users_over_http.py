"""A user asks the endpoint with a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from http_world import Client, World
from httpx import ASGITransport
from issuer import NOW, claims, rsa, running, signed
from structlog.testing import capture_logs
from users import users_of

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

    assert (answered.status_code, answered.json()) == (200, {"data": {"hello": "hello world"}})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    (error,) = refused.json()["errors"]
    assert error["message"] == "The token has expired; get a new one."
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert [part for token in (good, late) for part in token.split(".") if part in refused.text + repr(log)] == []
