"""The cookie that holds a credential for GraphiQL, and the token by which its page shows that a request is its own.

A browser sends the cookie with whatever goes to the gateway; only the gateway's own page can read the token (ADR 0034).
"""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.errors import Unauthenticated
from customer_gateway.http.origin import is_https

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import Scope

CSRF_HEADER: Final = b"x-csrf-token"
MOST_COOKIE_CHARACTERS: Final = 3_800
"""Of a credential: browsers drop a cookie of more than 4,096 bytes, and say nothing."""

_NAME: Final = "graphiql_key"
_VALUE: Final = re.compile(rb"(?P<token>[A-Za-z0-9_-]{43})\.(?P<credential>[A-Za-z0-9._~+/=-]+)")
_OUTDATED: Final = (
    "The X-CSRF-Token header is not of the key that this browser has in use now; load GraphiQL's page again."
)
_MALFORMED: Final = "The cookie of this browser's key cannot be read; load GraphiQL's page again, and give it the key."


class KeyCookie(NamedTuple):
    """A credential in the form of RFC 6750 (section 2.1), and the token that goes with it."""

    csrf_token: str
    credential: str

    def header(self, scope: Scope) -> str:
        """Return the Set-Cookie header with which the browser has it until it ends."""
        return _set_cookie(f"{self.csrf_token}.{self.credential}", scope)


def new_cookie(credential: str) -> KeyCookie:
    """Return a cookie for a credential, with a token of 256 random bits."""
    return KeyCookie(secrets.token_urlsafe(32), credential)


def sent_cookie(headers: Mapping[bytes, bytes]) -> KeyCookie | None:
    """Return the cookie that came with a request, whoever made the browser send it."""
    for value in _values_of(headers):
        if found := _VALUE.fullmatch(value):
            return KeyCookie(found["token"].decode(), found["credential"].decode())
    return None


def _values_of(headers: Mapping[bytes, bytes]) -> Iterator[bytes]:
    """Yield what cookies of our name hold, readable or not; a forgotten one holds nothing."""
    for pair in headers.get(b"cookie", b"").split(b";"):
        name, _, value = pair.strip().partition(b"=")
        if name == _NAME.encode():
            yield value


def forgotten_cookie(scope: Scope) -> str:
    """Return the Set-Cookie header with which the browser forgets it."""
    return _set_cookie("; Max-Age=0", scope)


def check_token(cookie: KeyCookie, headers: Mapping[bytes, bytes]) -> None:
    """Raise Unauthenticated where the request's token is not that of the cookie."""
    if not hmac.compare_digest(cookie.csrf_token.encode(), headers.get(CSRF_HEADER, b"")):
        raise Unauthenticated(_OUTDATED)


def with_credential(headers: Mapping[bytes, bytes]) -> Mapping[bytes, bytes]:
    """Return headers that say `Authorization` where GraphiQL's page sent them with the cookie and its token.

    They hold `CSRF_HEADER`. An `Authorization` of the request's own wins. Raises Unauthenticated where the token is of
    another cookie, or the cookie holds no credential.
    """
    if b"authorization" in headers:
        return headers
    cookie = sent_cookie(headers)
    if cookie is None:
        if any(_values_of(headers)):
            raise Unauthenticated(_MALFORMED)
        return headers
    check_token(cookie, headers)
    return {**headers, **bearer(cookie.credential)}


def bearer(credential: str) -> Mapping[bytes, bytes]:
    """Return the header of a credential."""
    return {b"authorization": f"Bearer {credential}".encode()}


def _set_cookie(value: str, scope: Scope) -> str:
    secure = "; Secure" if is_https(scope) else ""
    return f"{_NAME}={value}; Path=/graphql; HttpOnly; SameSite=Strict{secure}"
