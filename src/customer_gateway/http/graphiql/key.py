"""Answer /graphql/key: GraphiQL's page puts a key in use there, asks whose it is, and lets it be forgotten."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response

from customer_gateway.documents.record import is_object
from customer_gateway.errors import CredentialUnchecked, Unauthenticated
from customer_gateway.http.callers.authenticator import client_address, logged_name
from customer_gateway.http.graphiql.key_cookie import (
    MOST_COOKIE_CHARACTERS,
    bearer,
    check_token,
    forgotten_cookie,
    new_cookie,
    sent_cookie,
)
from customer_gateway.http.hangups import ClientGone
from customer_gateway.http.origin import is_own
from customer_gateway.http.problem import problem, problem_of_caller
from customer_gateway.http.request import RequestInvalid, check_content, ends_at, read_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from customer_gateway.http.callers.authenticator import Authenticator
    from customer_gateway.http.graphiql.key_cookie import KeyCookie
    from customer_gateway.model.callers import Caller

    Headers = dict[bytes, bytes]

PATH: Final = "/graphql/key"
"""Below the path of the cookie, so that it comes here, too."""

_MOST_BYTES: Final = 20_000
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_OWN_HEADERS: Final = {"cache-control": "no-store", "cross-origin-resource-policy": "same-origin"}


class KeyEndpoint:
    """Keep the key that GraphiQL's page uses in a cookie of its browser. `deadline_seconds` is the time a request has.

    GET says who the caller is, by the key in use or without one; POST takes a key (`{"key": "cg_…"}`); DELETE forgets
    it.
    """

    def __init__(self, authenticator: Authenticator, deadline_seconds: float) -> None:
        self._authenticator = authenticator
        self._deadline_seconds = deadline_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = await self._respond(scope, receive)
        except ClientGone:
            return
        except RequestInvalid as error:
            headers = {name.decode(): value.decode() for name, value in error.headers}
            response = problem(error.status, error.message, headers)
        except (Unauthenticated, CredentialUnchecked) as error:
            response = problem_of_caller(error)
        response.headers.update(_OWN_HEADERS)
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive) -> Response:
        headers: Headers = scope["request_log"].headers
        if not is_own(headers):
            raise RequestInvalid(403, "A page of another site sent this; open GraphiQL at the gateway's own address.")
        at = ends_at(headers, self._deadline_seconds)
        match scope["method"]:
            case "GET":
                return await self._whose(scope, sent_cookie(headers), at)
            case "POST":
                return await self._use(scope, headers, receive, at)
            case "DELETE":
                return _forget(scope, headers)
            case _:
                allow = (b"allow", b"GET, POST, DELETE")
                raise RequestInvalid(405, "This method is not served here; use GET, POST or DELETE.", headers=(allow,))

    async def _whose(self, scope: Scope, cookie: KeyCookie | None, at: float) -> Response:
        """Answer with the caller, null where a key is needed. A key that is not taken any more is forgotten."""
        try:
            return _json(_described(await self._caller_of(cookie and cookie.credential, scope, at), cookie))
        except Unauthenticated as error:
            if cookie is None:
                return _json({"caller": None, "csrfToken": None})
            response = problem_of_caller(error)
            response.headers["set-cookie"] = forgotten_cookie(scope)
            return response

    async def _use(self, scope: Scope, headers: Headers, receive: Receive, at: float) -> Response:
        check_content(headers)
        try:
            async with asyncio.timeout_at(at):
                body = await read_body(receive, headers.get(b"content-length"), _MOST_BYTES)
        except TimeoutError:
            message = "The body did not arrive in time; send the key again."
            raise RequestInvalid(408, message, headers=((b"connection", b"close"),)) from None
        credential = _credential_in(body)
        caller = await self._caller_of(credential, scope, at)
        if len(credential) > MOST_COOKIE_CHARACTERS:
            raise RequestInvalid(
                413,
                f"The token has more than {MOST_COOKIE_CHARACTERS} characters, which no cookie holds; use an API key.",
            )
        cookie = new_cookie(credential)
        return _json(_described(caller, cookie), {"set-cookie": cookie.header(scope)})

    async def _caller_of(self, credential: str | None, scope: Scope, at: float) -> Caller:
        sent: Mapping[bytes, bytes] = {} if credential is None else bearer(credential)
        caller = await self._authenticator.caller_until(at, sent, client_address(scope))
        scope["request_log"].notes["caller"] = logged_name(caller)
        return caller


def _credential_in(body: bytes) -> str:
    """Return what a body gives as `key`, without blanks around it. Raises RequestInvalid or Unauthenticated."""
    try:
        found: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    key = found.get("key") if is_object(found) else None
    if not isinstance(key, str) or not key.strip():
        raise RequestInvalid(400, 'The body has no key; send {"key": "cg_…"} with an API key.')
    if not _CREDENTIAL.fullmatch(key.strip()):
        raise Unauthenticated("The key has characters that no credential has; enter it as it was given out.")
    return key.strip()


def _forget(scope: Scope, headers: Headers) -> Response:
    cookie = sent_cookie(headers)
    if cookie is not None:
        check_token(cookie, headers)
    return Response(status_code=204, headers={"set-cookie": forgotten_cookie(scope)})


def _described(caller: Caller, cookie: KeyCookie | None) -> Mapping[str, Any]:
    shown = {"name": caller.name, "kind": caller.kind, "scopes": sorted(caller.rights.scopes)}
    return {"caller": shown, "csrfToken": cookie and cookie.csrf_token}


def _json(content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")
