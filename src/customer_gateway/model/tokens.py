"""Say what is asked of a user's token, and which rights its claims give.

Every rule that fits adds to a user's rights, and none takes away: more claims never mean fewer rights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from customer_gateway.model.callers import EVERY_SCOPE, Rights

if TYPE_CHECKING:
    from collections.abc import Mapping

_LISTS_OF_WORDS: Final = frozenset({"scope", "scp"})
"""Claims whose text is a list with blanks between (RFC 8693, RFC 9068, Entra ID)."""


@dataclass(frozen=True, slots=True)
class ClaimGrant:
    """Give rights to users whose `claim` is `value`, or is a list that has it."""

    claim: str
    value: str
    rights: Rights
    rate_class: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Turn claims into a user's rights: `scope` names the claims that name scopes of ours, for these systems."""

    subject: str = "sub"
    scope: tuple[str, ...] = ()
    systems: frozenset[str] | None = None
    grants: tuple[ClaimGrant, ...] = ()
    rate_class: str | None = None

    def rights_of(self, claims: Mapping[str, Any]) -> Rights:
        """Return what all rules that fit give together; none fit: no scope and no system."""
        named = EVERY_SCOPE & {word for claim in self.scope for word in entries(claims, claim, words=True)}
        given = [grant.rights for grant in self._fitting(claims)]
        return _united([Rights(named, self.systems), *given] if named else given)

    def rate_class_of(self, claims: Mapping[str, Any]) -> str | None:
        """Return the class of the first grant that fits and has one, else that of every user."""
        return next((grant.rate_class for grant in self._fitting(claims) if grant.rate_class), self.rate_class)

    def _fitting(self, claims: Mapping[str, Any]) -> list[ClaimGrant]:
        return [grant for grant in self.grants if grant.value in entries(claims, grant.claim)]


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Say which tokens are taken: whose, for whom, signed how, and by how much clocks may differ."""

    issuer: str
    audiences: tuple[str, ...]
    algorithms: tuple[str, ...]
    rules: ClaimRules
    leeway_seconds: int = 30


def entries(claims: Mapping[str, Any], name: str, *, words: bool = False) -> frozenset[str]:
    """Return the texts of a claim: of a list all that are texts; of a list of `words` in one text each of them."""
    found = value_of(claims, name)
    if isinstance(found, str):
        return frozenset(found.split() if words or name in _LISTS_OF_WORDS else (found,))
    if isinstance(found, list):
        return frozenset(each for each in cast("list[object]", found) if isinstance(each, str))
    return frozenset()


def value_of(claims: Mapping[str, Any], name: str) -> object:
    """Return the value of a claim; None without one.

    A name with dots is one claim (`https://example.com/roles`), or a way into objects (`realm_access.roles`).
    """
    if name in claims:
        return claims[name]
    for dot in (index for index, letter in enumerate(name) if letter == "."):
        inside = claims.get(name[:dot])
        if isinstance(inside, dict):
            found = value_of(cast("dict[str, Any]", inside), name[dot + 1 :])
            if found is not None:
                return found
    return None


def _united(rights: list[Rights]) -> Rights:
    """Return all scopes for all systems of several rights; None as systems means every system."""
    systems = [each.systems for each in rights]
    every = any(names is None for names in systems)
    united = None if every else frozenset[str]().union(*(names for names in systems if names is not None))
    return Rights(frozenset[str]().union(*(each.scopes for each in rights)), united)
