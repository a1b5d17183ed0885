"""Log in: keep a session shared by all calls, renew it before it ends and once when it is refused."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from customer_gateway.errors import UpstreamBadResponse, UpstreamUnauthorized, UpstreamUnavailable
from customer_gateway.work.shared_call import CallCancelled, SharedCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.wire.auth import AnonymousClient, Headers
    from customer_gateway.wire.call import Answer, Call
    from customer_gateway.work.deadline import Deadline

_YOUNG_SECONDS = 60.0
_REFUSALS = {400, 422}  # 401 and 403 are refusals already; these are a login's way of saying the same


class SessionLogin:
    """Log in, and send the token in `header` as `format_token` writes it.

    `token` reads it out of the answer to `login`; None, an answer of another shape, or what no header can carry is an
    `UpstreamBadResponse`, a refused login an `UpstreamUnauthorized`. A session lives `lifetime_seconds`, or as many as
    `expires_in` reads out of that answer; in the last
    `renew_margin_seconds` of it the next call starts a new login and goes on with the old session meanwhile. However
    many calls need a session, one login is under way; it lives to the latest of their deadlines, and none of them ends
    it by leaving. Calls that come after the first one's deadline do not wait for a login that hangs: they log in anew.

    A session that is refused (401) is replaced. Other answers may mean a lost session, or a missing licence: then it
    is replaced once for each route, and not while it is younger than a minute.
    """

    def __init__(
        self,
        login: Call,
        token: Callable[[Answer], str | None],
        *,
        header: str,
        lifetime_seconds: float,
        renew_margin_seconds: float,
        format_token: Callable[[str], str] = str,
        expires_in: Callable[[Answer], float | None] = lambda _answer: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._login = login
        self._token = token
        self._header = header
        self._lifetime = self._usual_lifetime = lifetime_seconds
        self._margin = renew_margin_seconds
        self._format_token = format_token
        self._expires_in = expires_in
        self._clock = clock
        self._session: Headers | None = None
        self._since = 0.0
        self._confirmed: set[str] = set()
        self._login_call: SharedCall[Headers] | None = None
        self._refused_until = 0.0

    async def headers(self, client: AnonymousClient, deadline: Deadline) -> Headers:
        session, age = self._session, self._clock() - self._since
        if session is None or age >= self._lifetime:
            return await self._logged_in(client, deadline)
        if age >= self._lifetime - min(self._margin, self._lifetime / 2) and self._clock() >= self._refused_until:
            self._joined_login(client, deadline)
        return session

    async def renewed(
        self, refused: Headers, client: AnonymousClient, deadline: Deadline, doubted_on: str | None = None
    ) -> Headers | None:
        if self._session is not refused:
            return await self.headers(client, deadline)
        if doubted_on is None:
            self._session = None
        elif self._login_call is None and not self._may_be_lost(doubted_on):
            return None
        return await self._logged_in(client, deadline)  # other calls keep the session meanwhile

    def confirm(self, route: str, credentials: Headers) -> None:
        if self._session is credentials:
            self._confirmed.add(route)

    def _may_be_lost(self, route: str) -> bool:
        return self._clock() - self._since >= _YOUNG_SECONDS and route not in self._confirmed

    async def _logged_in(self, client: AnonymousClient, deadline: Deadline) -> Headers:
        if self._login_call is None and self._clock() < self._refused_until:
            raise UpstreamUnauthorized(client.system, "the login was refused a moment ago; check the credentials")
        try:
            return await self._joined_login(client, deadline).result(deadline)
        except CallCancelled:
            raise UpstreamUnavailable(client.system, "the login was cancelled; try again") from None

    def _joined_login(self, client: AnonymousClient, deadline: Deadline) -> SharedCall[Headers]:
        """Join the login in flight, else start one."""
        call = self._login_call
        if call is None or not call.joinable:
            call = self._login_call = SharedCall(deadline)
            call.start(lambda shared, call=call: self._run(client, shared, call))
        call.join(deadline)
        return call

    async def _run(self, client: AnonymousClient, deadline: Deadline, call: SharedCall[Headers]) -> Headers:
        try:
            token, lifetime = await self._fresh_token(client, deadline)
        except UpstreamUnauthorized:
            self._refused_until = self._clock() + client.refusal_seconds
            raise
        finally:
            newest = self._login_call is call
            if newest:
                self._login_call = None
        session = ((self._header, self._format_token(token)),)
        if newest:
            self._session, self._since, self._confirmed = session, self._clock(), set()
            self._lifetime = lifetime
        return session

    async def _fresh_token(self, client: AnonymousClient, deadline: Deadline) -> tuple[str, float]:
        """Log in, and return the token and how many seconds it lives."""
        try:
            answer = await client.call_anonymous(self._login, deadline)
        except UpstreamBadResponse as error:
            if error.status in _REFUSALS:
                raise UpstreamUnauthorized(client.system, "the login was refused", status=error.status) from None
            raise
        try:
            token, lifetime = self._token(answer), self._expires_in(answer)
        except (AttributeError, KeyError, TypeError):
            token = lifetime = None
        if not token or not (token.isascii() and token.isprintable()):
            text = "the answer to the login holds no token that a header could carry"
            raise UpstreamBadResponse(client.system, text, status=answer.status)
        return token, self._usual_lifetime if lifetime is None else lifetime
