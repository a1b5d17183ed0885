"""Users' tokens as the gateway checks them: by a configuration, over real HTTP to an issuer, on clocks of the test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from configured import table_at
from issuer import AUDIENCE, ISSUER, NOW
from picked import FIRST

from customer_gateway.app import load_settings
from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.http.callers.jwks import IssuerKeys
from customer_gateway.http.callers.tokens import TokenVerifier
from customer_gateway.wire import DocumentSource

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from issuer import Issuer

    from customer_gateway.config import Settings
    from customer_gateway.model.callers import Caller

SYSTEM = table_at("http://127.0.0.1:9301/v2", FIRST, kind=FIRST).replace(f"[systems.{FIRST}]", "[systems.first]")
SECOND = SYSTEM.replace("[systems.first]", "[systems.second]")
BY_SCOPE = '[auth.jwt.claims]\nscope = "scope"\n'


def settings_of(folder: Path, url: str, more: str = BY_SCOPE) -> Settings:
    """The settings of two systems and an issuer, to whose table `more` adds lines and tables."""
    file = folder / "gateway.toml"
    table = f'[auth.jwt]\nissuer = "{ISSUER}"\naudience = "{AUDIENCE}"\njwks_url = "{url}"\n'
    file.write_text(f"{SYSTEM}{SECOND}{table}{more}", encoding="utf-8")
    return load_settings(file)


@dataclass
class Users:
    """Checks tokens; `now` is the time of day, `seconds` that of the set's age: both stand still unless moved."""

    authenticator: Authenticator
    now: float = NOW
    seconds: float = 1_000.0

    async def caller_of(self, token: str) -> Caller:
        headers = {b"authorization": f"Bearer {token}".encode()}
        return await self.authenticator.caller_until(asyncio.get_running_loop().time() + 10, headers, None)


@asynccontextmanager
async def users_of(issuer: Issuer, folder: Path, more: str = BY_SCOPE) -> AsyncGenerator[Users]:
    settings = settings_of(folder, issuer.url, more).auth.jwt
    assert settings is not None
    policy = settings.policy()
    source = DocumentSource("auth.jwt", settings.jwks_url)
    users = Users(Authenticator())
    keys = IssuerKeys(source.fetch, policy.algorithms, lambda: users.seconds)
    users.authenticator = Authenticator(tokens=TokenVerifier(policy, keys, lambda: users.now))
    try:
        yield users
    finally:
        await source.aclose()
