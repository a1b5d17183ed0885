"""Pland's login tokens: JSON Web Tokens (HS256) that live an hour."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import orjson

_SECRET: Final = b"signs the sandbox's own tokens, guards nothing"
_LIFE_SECONDS: Final = 3600
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}


def issued(username: str, now: float) -> str:
    """Return `Bearer <jwt>`: the text already carries the scheme."""
    claims = {"sub": username, "iat": int(now), "exp": int(now) + _LIFE_SECONDS}
    signed = f"{_encoded(orjson.dumps(_HEADER))}.{_encoded(orjson.dumps(claims))}"
    return f"Bearer {signed}.{_signature(signed)}"


def is_valid(authorization: str, now: float) -> bool:
    """Return whether an Authorization header carries one of ours that has not run out."""
    scheme, _, token = authorization.partition(" ")
    signed, _, signature = token.rpartition(".")
    if scheme.lower() != "bearer" or not hmac.compare_digest(signature.encode(), _signature(signed).encode()):
        return False
    claims = orjson.loads(urlsafe_b64decode(f"{signed.split('.')[1]}==="))
    return now < claims["exp"]


def _signature(signed: str) -> str:
    return _encoded(hmac.digest(_SECRET, signed.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
