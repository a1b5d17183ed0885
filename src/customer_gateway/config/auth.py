"""Read `[auth]`: what a request without a credential may do, and which issuer's users may ask."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from customer_gateway.config.lists import listed
from customer_gateway.model.callers import SCOPES, Rights
from customer_gateway.model.tokens import ClaimGrant, ClaimRules, TokenPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
"""Signatures that an issuer makes with a key that it keeps, and that are checked with one that it publishes."""

_TEXT: Final = re.compile(r"\S{1,200}")
_SCOPE: Final = re.compile("|".join(map(re.escape, SCOPES)))
_ALGORITHM: Final = re.compile("|".join(ALGORITHMS))
_SYSTEM: Final = re.compile(r"\w+")
_RATE_CLASS: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_SCOPES_ARE: Final = f"scopes, of these: {', '.join(SCOPES)}"
_ALGORITHMS_ARE: Final = (
    f"algorithms that sign with a key of the issuer's own: {', '.join(ALGORITHMS)}; none signs nothing, and what HS256 "
    "and its kind sign could be signed by all who check it"
)


def _of_form(form: re.Pattern[str], expected: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(expected)
        return value

    return check


def _scopes(value: object) -> list[str]:
    return listed(value, _SCOPE, _SCOPES_ARE)


def _text(value: object) -> object:
    """Return a number as text: a variable that holds digits alone, such as the id of a client, is read as one."""
    return str(value) if type(value) is int else value


def _texts(value: object) -> list[str]:
    """Return one text, or several: a text of the file is as good as a list of it."""
    found = listed(_text(value), _TEXT, "a text, or a list of texts, without blanks")
    if not found:
        raise ValueError("at least one text")
    return found


def _algorithms(value: object) -> list[str]:
    found = listed(value, _ALGORITHM, _ALGORITHMS_ARE)
    if not found:
        raise ValueError(_ALGORITHMS_ARE)
    return found


def _systems(value: object, info: ValidationInfo) -> list[str]:
    """Return names of systems; the context has the configured ones."""
    if info.context is None:
        return listed(value, _SYSTEM, "names of configured systems")
    configured: list[str] = info.context["systems"]
    among = re.compile("|".join(map(re.escape, configured)))
    return listed(value, among, f"names of configured systems: {', '.join(configured)}")


Scopes = Annotated[tuple[str, ...], BeforeValidator(_scopes)]
Systems = Annotated[tuple[str, ...], BeforeValidator(_systems)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Text = Annotated[str, AfterValidator(_of_form(_TEXT, "a text of at most 200 characters, without blanks"))]
RateClass = Annotated[str, AfterValidator(_of_form(_RATE_CLASS, "small letters, digits, - and _, a letter first"))]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GrantSettings(_Table):
    """`[auth.jwt.grants.NAME]`: rights for users whose claim has that value. No `systems`: all of them."""

    claim: Text
    value: Annotated[str, BeforeValidator(_text)] = Field(min_length=1)
    scopes: Scopes = ()
    systems: Systems | None = None
    rate_class: RateClass | None = None

    def grant(self) -> ClaimGrant:
        return ClaimGrant(self.claim, self.value, Rights(frozenset(self.scopes), _names(self.systems)), self.rate_class)


class ClaimSettings(_Table):
    """`[auth.jwt.claims]`: which claims name the user, and scopes of ours. No `systems`: these scopes hold for all."""

    subject: Text = "sub"
    scope: Texts | None = None
    systems: Systems | None = None


class JwtSettings(_Table):
    """`[auth.jwt]`: the issuer of users' tokens, and what its claims are worth."""

    issuer: Text
    audience: Texts
    jwks_url: str
    ca_file: Path | None = None
    algorithms: Annotated[tuple[str, ...], BeforeValidator(_algorithms)] = ("RS256", "ES256")
    leeway_seconds: int = Field(default=30, ge=0, le=300)
    rate_class: RateClass | None = None
    claims: ClaimSettings = ClaimSettings()
    grants: dict[str, GrantSettings] = Field(default_factory=dict[str, GrantSettings])

    @field_validator("jwks_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not _is_safe_address(value):
            raise ValueError(
                "the https:// address of the issuer's key set, without a user or a fragment (http:// on this machine "
                "alone); its discovery document names it as jwks_uri"
            )
        return value

    @field_validator("ca_file")
    @classmethod
    def _beside_the_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        """Resolve a relative path, which begins at the folder of the configuration file."""
        return _beside(value, info)

    @model_validator(mode="after")
    def _gives_rights(self) -> Self:
        if self.claims.scope is None and not self.grants:
            raise ValueError("claims.scope, or a table such as [auth.jwt.grants.sales]: users have no rights without")
        return self

    def policy(self) -> TokenPolicy:
        """Return what is asked of tokens."""
        rules = ClaimRules(
            subject=self.claims.subject,
            scope=self.claims.scope or (),
            systems=_names(self.claims.systems),
            grants=tuple(each.grant() for each in self.grants.values()),
            rate_class=self.rate_class,
        )
        return TokenPolicy(self.issuer, self.audience, self.algorithms, rules, self.leeway_seconds)


class AuthSettings(_Table):
    """`[auth]`: without `anonymous` a request without a credential is refused. No `anonymous_systems`: all of them.

    `audit_file` gets a line for each request that read customers.
    """

    anonymous: Scopes | None = None
    anonymous_systems: Systems | None = None
    jwt: JwtSettings | None = None
    audit_file: Path | None = None

    @field_validator("audit_file")
    @classmethod
    def _is_beside_the_file(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        return _beside(value, info)

    @field_validator("anonymous")
    @classmethod
    def _is_something(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and not value:
            raise ValueError(f"{_SCOPES_ARE}; leave the key out to refuse requests without a credential")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.anonymous_systems is not None and self.anonymous is None:
            raise ValueError("anonymous beside anonymous_systems, with the scopes that it has there")
        return self


def _beside(path: Path | None, info: ValidationInfo) -> Path | None:
    file: Path | None = info.context["file"] if info.context else None
    return path and (file.parent if file else Path()) / path.expanduser()


def _names(systems: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if systems is None else frozenset(systems)


def _is_safe_address(text: str) -> bool:
    """Return whether it is an address alone, and what is read there cannot be changed on the way."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    whole = bool(host) and port != 0 and "@" not in parts.netloc and not parts.fragment and text.isprintable()
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
    return whole and safe and "…" not in text and " " not in text


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
