"""Check users' tokens: JSON Web Tokens (RFC 7519) that an issuer signed for the gateway."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, cast

import orjson
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyCurveError,
    JoseError,
    KeyParameterError,
    MissingClaimError,
)
from joserfc.jws import JWSRegistry, deserialize_compact
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import urlsafe_b64decode

from customer_gateway.errors import Unauthenticated
from customer_gateway.model.callers import Caller
from customer_gateway.model.tokens import value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from joserfc.jwk import Key

    from customer_gateway.http.callers.jwks import IssuerKeys
    from customer_gateway.model.tokens import TokenPolicy

MOST_TOKEN_CHARACTERS: Final = 16_384
_MOST_HEADER: Final = 2_048
_MOST_SUBJECT: Final = 255
_TYPES: Final = frozenset({"jwt", "at+jwt"})

_MALFORMED: Final = "The token is malformed; send it as the issuer gave it out."
_REFUSALS: Final[dict[str, tuple[tuple[type, ...], str]]] = {
    "iss": ((str,), "The token is of another issuer than the one that is configured; get one there."),
    "aud": ((str, list), "The token is for another audience than this gateway; ask the issuer for one for it."),
    "nbf": (
        (int, float),
        "The token is not valid yet; try again later, and check the clocks of the issuer and the gateway.",
    ),
    "iat": ((int, float), "The token was issued in the future; check the clocks of the issuer and the gateway."),
}
"""What is wrong with a claim that has a value of these types."""


class VerifiedToken(NamedTuple):
    """Remember the caller of a token that was checked: `until` it expires, and as long as its key is published."""

    caller: Caller
    until: float
    generation: int


class TokenVerifier:
    """Find the user of a token. `clock` gives the seconds since 1970.

    The `most_remembered` tokens checked last are remembered by their SHA-256: a signature costs more than all the rest.
    """

    def __init__(
        self,
        policy: TokenPolicy,
        keys: IssuerKeys,
        clock: Callable[[], float] = time.time,
        most_remembered: int = 1_000,
    ) -> None:
        self._policy = policy
        self._keys = keys
        self._clock = clock
        self._registry = JWSRegistry(algorithms=policy.algorithms, strict_check_header=False)
        self._registry.max_header_length = _MOST_HEADER
        self._registry.max_signature_length = MOST_TOKEN_CHARACTERS
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=policy.leeway_seconds,
            iss={"essential": True, "value": policy.issuer},
            aud={"essential": True, "values": list(policy.audiences)},
            exp={"essential": True},
        )
        self._most_remembered = most_remembered
        self._remembered: dict[bytes, VerifiedToken] = {}

    async def caller_of(self, token: str) -> Caller:
        """Return the user of a token. Raises Unauthenticated, or IssuerUnavailable where it cannot be checked."""
        if len(token) > MOST_TOKEN_CHARACTERS:
            raise Unauthenticated(
                f"The token has more than {MOST_TOKEN_CHARACTERS} characters; ask for one of fewer claims."
            )
        if not token.isascii():
            raise Unauthenticated(_MALFORMED)
        digest = hashlib.sha256(token.encode("ascii")).digest()
        known = self._remembered.get(digest)
        if known is not None and known.generation == self._keys.generation and self._clock() < known.until:
            self._keys.refresh_aged()
            return known.caller
        verified = await self._verified(token)
        self._remembered.pop(digest, None)
        if len(self._remembered) >= self._most_remembered:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[digest] = verified
        return verified.caller

    async def _verified(self, token: str) -> VerifiedToken:
        key = await self._keys.find(self._key_id(_header_of(token)))
        generation = self._keys.generation
        claims = self._checked(_payload_of(token, key, self._registry))
        rules = self._policy.rules
        caller = Caller(
            _subject_of(claims, rules.subject), "user", rules.rights_of(claims), rules.rate_class_of(claims)
        )
        return VerifiedToken(caller, claims["exp"] + self._policy.leeway_seconds, generation)

    def _key_id(self, header: dict[str, Any]) -> str:
        """Return the id of the key that signed the token, by its header. A key that the header brings is ignored."""
        if header.get("alg") not in self._policy.algorithms:
            taken = ", ".join(self._policy.algorithms)
            raise Unauthenticated(f"The token is signed by an algorithm that is not taken here; taken are {taken}.")
        if "crit" in header:
            raise Unauthenticated("The token's header has critical parameters (crit), which are not taken here.")
        kind = header.get("typ", "JWT")
        if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
            raise Unauthenticated("The token is of another type (typ) than JWT or at+jwt; send an access token.")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise Unauthenticated("The token's header does not name its key (kid); let the issuer name it.")
        return kid

    def _checked(self, claims: dict[str, Any]) -> dict[str, Any]:
        try:
            self._claims.validate(claims)
        except ExpiredTokenError:
            raise Unauthenticated("The token has expired; get a new one.") from None
        except MissingClaimError as error:
            raise Unauthenticated(f"The token lacks a claim that it needs: {error.claim}; get another.") from None
        except InvalidClaimError as error:
            _refuse_claim(claims, error.claim)
        return claims


def _header_of(token: str) -> dict[str, Any]:
    """Return the header, of which nothing is proven yet."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload and signature
        raise Unauthenticated(_MALFORMED)
    return _object_of(parts[0].encode("ascii"))


def _payload_of(token: str, key: Key, registry: JWSRegistry) -> dict[str, Any]:
    """Return the claims of a token that the key has signed."""
    try:
        payload = deserialize_compact(token, key, registry=registry).payload
    except BadSignatureError:
        raise Unauthenticated("The token's signature is not that of its issuer for it; get a new token.") from None
    except (KeyParameterError, InvalidKeyCurveError):
        raise Unauthenticated("The token names an algorithm that its key is not for; get a new token.") from None
    except (JoseError, ValueError):
        raise Unauthenticated(_MALFORMED) from None
    return _parsed(payload)


def _object_of(encoded: bytes) -> dict[str, Any]:
    try:
        text = urlsafe_b64decode(encoded)
    except ValueError:
        raise Unauthenticated(_MALFORMED) from None
    return _parsed(text)


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unauthenticated(_MALFORMED) from None
    if not isinstance(found, dict):
        raise Unauthenticated(_MALFORMED)
    return cast("dict[str, Any]", found)


def _refuse_claim(claims: dict[str, Any], name: str) -> NoReturn:
    """Raise Unauthenticated for a claim that is not as it should be."""
    kinds, said = _REFUSALS.get(name, ((), ""))
    if type(claims[name]) in kinds:
        raise Unauthenticated(said)
    raise Unauthenticated(f"The token's claim {name} has a value of the wrong form; get another token.")


def _subject_of(claims: dict[str, Any], name: str) -> str:
    subject = value_of(claims, name)
    if not isinstance(subject, str) or not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise Unauthenticated(f"The token names no user: its claim {name} is missing, or no text.")
    return subject
