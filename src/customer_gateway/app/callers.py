"""Build what finds the callers of requests: anonymous ones, keys, and users whose tokens an issuer signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.wire import DocumentSource, read_authorities

if TYPE_CHECKING:
    from customer_gateway.config import JwtSettings, Settings
    from customer_gateway.http.callers.authenticator import Keys, Tokens


def build_authenticator(settings: Settings, keys: Keys | None = None) -> tuple[Authenticator, DocumentSource | None]:
    """Return what finds the callers of requests, and where the issuer's keys are read, which is to be closed."""
    auth = settings.auth
    systems = None if auth.anonymous_systems is None else frozenset(auth.anonymous_systems)
    unknown = None if auth.anonymous is None else anonymous(frozenset(auth.anonymous), systems)
    if auth.jwt is None:
        return Authenticator(unknown, keys), None
    tokens, issuer = _issuer(auth.jwt)
    return Authenticator(unknown, keys, tokens), issuer


def authorities_of_issuer(jwt: JwtSettings) -> bytes:
    """Return the certificates of `ca_file`, as PEM; none without one. Raise `ConfigInvalid`."""
    return b"" if jwt.ca_file is None else read_authorities(jwt.ca_file, "[auth.jwt] ca_file")


def issuer_source(jwt: JwtSettings) -> DocumentSource:
    """Return where the issuer's keys are read; raises `ConfigInvalid`."""
    from customer_gateway.http.callers.jwks import NAME  # late, as in `_issuer`

    return DocumentSource(NAME, jwt.jwks_url, authorities_of_issuer(jwt))


def _issuer(jwt: JwtSettings) -> tuple[Tokens, DocumentSource]:
    # Cryptography takes long to import, and most gateways have no users.
    from customer_gateway.http.callers import jwks
    from customer_gateway.http.callers.tokens import TokenVerifier

    issuer = issuer_source(jwt)
    policy = jwt.policy()
    return TokenVerifier(policy, jwks.IssuerKeys(issuer.fetch, policy.algorithms)), issuer
