"""Find the caller of a request by its `Authorization` header."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, Protocol

from customer_gateway.errors import CredentialMissing, CredentialUnchecked, Unauthenticated
from customer_gateway.model.callers import Caller, Rights
from customer_gateway.model.key_text import KEY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_BEARER: Final = b"bearer "
_UNCHECKED: Final = "The credential could not be checked before the deadline; try again later."
_RETRY_AFTER_MS: Final = 2_000
_NO_CREDENTIAL: Final = (
    "No credential was sent; send Authorization: Bearer and an API key, which the gateway's operator makes by "
    "`customer-gateway keys create`."
)
_NOT_TAKEN: Final = "The credential is of a kind that is not taken here; send an API key."

_CHALLENGE: Final = b'Bearer realm="customer-gateway"'


class Keys(Protocol):
    """API keys in memory."""

    def caller_of(self, key: str, address: str | None) -> Caller:
        """Return the caller of a key that is sent from an IP address. Raises Unauthenticated, or KeysUnavailable."""
        ...


class Tokens(Protocol):
    """Users' tokens, as an issuer signs them."""

    async def caller_of(self, token: str) -> Caller:
        """Return the user of a token. Raises Unauthenticated."""
        ...


class Authenticator:
    """Find the caller of a request. Without `anonymous` a request without a credential is refused."""

    def __init__(self, anonymous: Caller | None = None, keys: Keys | None = None, tokens: Tokens | None = None) -> None:
        self._anonymous = anonymous
        self._keys = keys
        self._tokens = tokens

    async def caller_until(self, at: float, headers: Mapping[bytes, bytes], address: str | None) -> Caller:
        """Return the caller of a request with these headers from an IP address, whose time ends `at` the loop's clock.

        Raises Unauthenticated, or CredentialUnchecked.
        """
        found = self._known_caller(headers, address)
        if isinstance(found, Caller):
            return found
        try:
            async with asyncio.timeout_at(at):  # an issuer may be asked for its keys
                return await self._user_of(found)
        except TimeoutError:
            raise CredentialUnchecked(_UNCHECKED, retry_after_ms=_RETRY_AFTER_MS) from None

    def _known_caller(self, headers: Mapping[bytes, bytes], address: str | None) -> Caller | str:
        """Return the caller of a request that is known at once, or the token of one whose issuer signed it."""
        sent = headers.get(b"authorization")
        if sent is None:
            if self._anonymous is not None:
                return self._anonymous
            raise CredentialMissing(_NO_CREDENTIAL)
        if sent[: len(_BEARER)].lower() != _BEARER:
            raise CredentialMissing("The Authorization header has another scheme than Bearer; send an API key with it.")
        credential = _text_of(sent[len(_BEARER) :])
        if not credential.startswith(KEY_PREFIX):
            return credential
        if self._keys is None:
            raise Unauthenticated(_NOT_TAKEN)
        return self._keys.caller_of(credential, address)

    async def _user_of(self, token: str) -> Caller:
        if self._tokens is None:
            raise Unauthenticated(_NOT_TAKEN)
        return await self._tokens.caller_of(token)


def anonymous(scopes: frozenset[str], systems: frozenset[str] | None = None) -> Caller:
    """Return the caller that a request without a credential has."""
    return Caller("anonymous", "anonymous", Rights(scopes, systems))


def client_address(scope: Mapping[str, Any]) -> str | None:
    """Return the IP address that a request comes from, None where the server does not know it (a Unix socket)."""
    client = scope.get("client")
    return client[0] if client else None


def challenge(error: Unauthenticated) -> tuple[bytes, bytes]:
    """Return the header of a 401; it names no error where no credential was sent (RFC 6750, section 3.1)."""
    named = b"" if isinstance(error, CredentialMissing) else b', error="invalid_token"'
    return (b"www-authenticate", _CHALLENGE + named)


def retry_after(error: CredentialUnchecked) -> tuple[bytes, bytes]:
    """Return the header that says when to try again, in whole seconds."""
    return (b"retry-after", str(-(-error.retry_after_ms // 1000)).encode())


def logged_name(caller: Caller) -> str:
    """Return what a log says of a caller: the name of a key; of a user none, for it may be a personal value."""
    return f"key {caller.name}" if caller.kind == "key" else caller.kind


def _text_of(credential: bytes) -> str:
    try:
        return credential.strip().decode("ascii")
    except UnicodeDecodeError:
        raise Unauthenticated("The credential is not ASCII text; send it as it was given out.") from None
