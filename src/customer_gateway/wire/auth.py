"""Authenticate calls: by headers that never change, or by those of a session that is renewed in time (`session`).

Not `httpx.Auth`: it needs an `httpx.Request` and a `Response` per call, whose making costs nearly as much as a
whole exchange through the direct transport (docs/adr/0004-http-transport.md).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from customer_gateway.wire.call import Answer, Call
    from customer_gateway.work.deadline import Deadline


Headers = tuple[tuple[str, str], ...]


class AnonymousClient(Protocol):
    """Make a call without credentials, as a login does.

    A refused login stands for `refusal_seconds`, so that wrong credentials are not tried with every call.
    """

    @property
    def system(self) -> str: ...

    @property
    def refusal_seconds(self) -> float: ...

    async def call_anonymous(self, call: Call, deadline: Deadline) -> Answer: ...


class Session(Protocol):
    """Give the credentials of a session, which may be lost, as headers."""

    async def headers(self, client: AnonymousClient, deadline: Deadline) -> Headers:
        """Return the headers to send now."""
        ...

    async def renewed(
        self, refused: Headers, client: AnonymousClient, deadline: Deadline, doubted_on: str | None = None
    ) -> Headers | None:
        """Return other headers after `refused` (as `headers` returned them) were answered with 401; None: no others.

        Where an answer only may mean that the session is lost, `doubted_on` names its route.
        """
        ...

    def confirm(self, route: str, credentials: Headers) -> None:
        """Confirm these credentials for the route: new ones were answered as the old ones."""
        ...


class StaticHeaders:
    """Hold headers that never change."""

    def __init__(self, *headers: tuple[str, str]) -> None:
        self.fixed: Headers = headers


Auth: TypeAlias = StaticHeaders | Session


class HeaderAuth(StaticHeaders):
    """Send a key in a header: Pland's x-API-Key."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__((name, value))


class BasicWithHeaders(StaticHeaders):
    """Send basic authentication and further headers: AutoDNS's context, Billbee's API key."""

    def __init__(self, user: str, password: str, headers: Mapping[str, str] | None = None) -> None:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        super().__init__(("authorization", f"Basic {token}"), *(headers or {}).items())


class BearerToken(StaticHeaders):
    """Send a token that does not expire: NEXT's."""

    def __init__(self, token: str) -> None:
        super().__init__(("authorization", bearer(token)))


def bearer(token: str) -> str:
    """Put the word Bearer before `token`, once: some vendors' tokens come with it."""
    return token if token.lower().startswith("bearer ") else f"Bearer {token}"
