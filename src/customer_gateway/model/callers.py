"""Who asks: the caller of a request, and what it may see and do.

A scope is a word of the closed list `SCOPES` (docs/callers.md). A caller sees all systems, or those that are named: a
system that it may not see does not exist for it. Executions are shared by callers of equal `Rights`, whatever their
names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

CallerKind: TypeAlias = Literal["key", "user", "anonymous"]

SCOPES: Final[Mapping[str, str]] = {
    "customers:read": "read customers, their contacts and agreements, and which systems there are",
    "customers:write": "create and change customers",
    "billing:read": "read accounts, invoices, how a customer is billed, and its credit limit",
    "billing:write": "change accounts, IBANs, credit limits and how a customer pays",
    "secrets:read": "read what a system keeps as a secret of the customer, such as its pin and card",
    "raw:read": "read whole documents as the system sent them",
    "force": "write without the version that is expected to be there",
    "operations:read": "read the journal of writes",
    "schema:read": "introspect the schema, download it, and get suggestions for misspelt names",
    "metrics:read": "read metrics",
    "admin": "do what an operator does, such as accepting a suspect pass",
}
"""Each scope, and what it lets a caller do."""

EVERY_SCOPE: Final = frozenset(SCOPES)


class Rights(NamedTuple):
    """What a caller may see and do: its scopes, and the names of the systems that exist for it, None for all.

    A tuple, because every request looks executions up by its rights: a tuple is hashed in C.
    """

    scopes: frozenset[str]
    systems: frozenset[str] | None = None

    def sees(self, system: str) -> bool:
        """Return whether the system exists for the caller."""
        return self.systems is None or system in self.systems


EVERY_RIGHT: Final = Rights(EVERY_SCOPE)


@dataclass(frozen=True, slots=True)
class Caller:
    """One who asks. `name` is that of the key, or the user's subject; `rate_class` names what limits its requests."""

    name: str
    kind: CallerKind
    rights: Rights
    rate_class: str | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is stored of an API key: never the key itself, but the SHA-256 `digest` of its text.

    `addresses` are networks (`192.0.2.0/24`) from which alone it is taken; none: from any. Moments are aware, in UTC.
    """

    id: str
    name: str
    digest: bytes
    rights: Rights
    rate_class: str | None = None
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    addresses: tuple[str, ...] = ()
